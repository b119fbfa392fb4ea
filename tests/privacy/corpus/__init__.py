"""Labelled incident mails, written by hand for the gate: `dev` to tune on, `test` to be judged by.

    === sl-a-017 lang=sl author=upokojenka
    Sem {{-NAME|Marija Kovačič}}, klical me je {{+ALIAS|g. Peterson}} …

`{{-TYPE|text}}` must go, `{{+TYPE|text}}` must stay; labels don't nest. What the corpus contains
and how it was made: docs/privacy-corpus.md.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from zvon.privacy.gold import GoldMail, GoldSpan

HERE = Path(__file__).parent
GO = frozenset(["NAME", "EMAIL", "HOST", "IP", "PHONE", "ADDR", "USER", "ORG", "CARD", "CIDR", "DOMAIN", "OIB", "SECRET", "IBAN", "REG", "TAX", "EMSO", "PLATE"])  # fmt: skip
STAY = frozenset(["IP", "URL", "DOMAIN", "EMAIL", "BRAND", "HASH", "PHONE", "FILE", "MALWARE", "WALLET", "ACTOR", "ALIAS", "ASN", "CVE", "IBAN", "PATH", "PORT", "HOST"])  # fmt: skip
_HEAD = re.compile(
    r"^=== (?P<id>\S+) lang=(?P<lang>[a-z]{2}) author=(?P<author>\S+)[ \t]*\n", re.MULTILINE
)
_LABEL = re.compile(
    r"\{\{(?P<sign>[+-])(?P<type>[A-Z]+)\|(?P<text>(?:(?!\{\{|\}\}).)+)\}\}", re.DOTALL
)

Split = Literal["dev", "test"]


class Entry(Struct, frozen=True):
    """One mail and who wrote it (a persona, not a person)."""

    mail: GoldMail
    author: str


def mails(split: Split) -> list[GoldMail]:
    """All mails of one split, files by name, mails in file order."""
    return [e.mail for e in entries(split)]


def entries(split: Split) -> list[Entry]:
    """The same with the author of each; `ValueError` names the mail whose labels are broken."""
    found = [
        e
        for path in sorted(HERE.glob(f"{split}-*.txt"))
        for e in parse(path.read_text(encoding="utf-8"))
    ]
    ids = [e.mail.id for e in found]
    if twice := {i for i in ids if ids.count(i) > 1}:
        raise ValueError(f"ids used twice: {sorted(twice)}")
    return found


def parse(text: str) -> Iterator[Entry]:
    """The mails of one file: a head line each, then the body without its last line ends."""
    heads = list(_HEAD.finditer(text))
    if text[: heads[0].start() if heads else len(text)].strip():
        raise ValueError("text before the first head line")
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        body = text[head.end() : after.start() if after else len(text)].rstrip("\n")
        yield Entry(_mail(head["id"], head["lang"], body, head["author"]), head["author"])


def _mail(name: str, lang: str, body: str, author: str) -> GoldMail:
    """Take the labels out of the body and note where they were, in code points."""
    plain, spans, length, at = [], [], 0, 0
    for label in _LABEL.finditer(body):
        before = body[at : label.start()]
        plain += [before, label["text"]]
        start = length + len(before)
        length = start + len(label["text"])
        spans.append(_span(name, start, length, label))
        at = label.end()
    text = "".join([*plain, body[at:]])
    if re.search(r"\{\{[+-]", text):
        raise ValueError(f"{name}: a label is nested, empty or not closed")
    return GoldMail(name, text, tuple(spans), lang, author)


def _span(name: str, start: int, end: int, label: re.Match[str]) -> GoldSpan:
    goes = label["sign"] == "-"
    if label["type"] not in (GO if goes else STAY):
        raise ValueError(f"{name}: {label['sign']}{label['type']} is no label")
    return GoldSpan(start, end, "pseudonymise" if goes else "keep", label["type"], label["text"])
