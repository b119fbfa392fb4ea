"""Labelled mails as people can read and write them: `{p NAME|Ana Novak}`, `{k IP|192.0.2.1}`."""

import re
from pathlib import Path

from zvon.privacy.gold import GoldMail, GoldSpan

MAILS = Path(__file__).parent / "mails"
_MARK = re.compile(r"\{([pk]) ([A-Z]+)\|([^{}]*)\}")
_ROLE = {"p": "pseudonymise", "k": "keep"}


def read(path: Path) -> list[GoldMail]:
    """The mails of a marked file, labels taken out of the text."""
    mails = []
    for block in re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        name, lang = head.split()
        mails.append(mail(name, lang, body.rstrip("\n")))
    return mails


def mail(name: str, lang: str, marked: str) -> GoldMail:
    """One mail from its marked text."""
    text = ""
    spans = []
    at = 0
    for found in _MARK.finditer(marked):
        text += marked[at : found.start()]
        role, kind, value = found.groups()
        spans.append(GoldSpan(len(text), len(text) + len(value), _ROLE[role], kind, value))  # type: ignore[arg-type]
        text += value
        at = found.end()
    return GoldMail(name, text + marked[at:], tuple(spans), lang)
