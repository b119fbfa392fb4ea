"""Invented incident mails with secrets, each put into a carrier: text, mail, table, document, archive.

Deterministic: the same seed gives the same bytes.
"""

import tomllib
from functools import cache
from importlib.resources import files
from random import Random

import msgspec
from msgspec import Struct

from zvon.privacy.leaktest import carriers
from zvon.privacy.leaktest.attacker import indicators
from zvon.privacy.leaktest.content import Content
from zvon.privacy.leaktest.secrets import Secret, secrets


class Mail(Struct, frozen=True, forbid_unknown_fields=True):
    """One template; names in braces are the kinds of secrets and of indicators."""

    lang: str
    subject: str
    text: str


class Planted(Struct, frozen=True, kw_only=True):
    """A file with secrets in it. `kind` is what the gate is told that it is."""

    id: str
    lang: str
    carrier: str
    name: str
    kind: str
    body: bytes
    secrets: tuple[Secret, ...]
    indicators: tuple[str, ...]


@cache
def templates() -> tuple[Mail, ...]:
    """The mails that ship."""
    table = tomllib.loads((files(__package__) / "mails.toml").read_text("utf-8"))
    return tuple(msgspec.convert(table["mail"], list[Mail]))


CARRIERS = tuple(carriers.BUILD)


def planted(number: int, seed: int) -> list[Planted]:
    """`number` mails; carriers and templates take turns, so that a few hundred meet in every pair."""
    dice = Random(seed)
    known = templates()
    out = []
    for n in range(number):
        mail = known[n % len(known)]
        carrier = CARRIERS[(n + n // len(known)) % len(CARRIERS)]
        made = secrets(dice, mail.lang)
        attacker = indicators(dice)
        values = {kind: secret.text for kind, secret in made.items()} | attacker
        text = mail.text.strip().format_map(values)
        subject = mail.subject.format_map(values)
        used = tuple(s for kind, s in made.items() if f"{{{kind}}}" in mail.text + mail.subject)
        stay = tuple(v for key, v in attacker.items() if f"{{{key}}}" in mail.text)
        held = Content(
            subject=subject, text=text, dice=dice, secrets=made, lang=mail.lang,
            indicators=stay, used=used,
        )  # fmt: skip
        file = carriers.BUILD[carrier](held)
        out.append(
            Planted(
                id=f"{mail.lang}-{n:05d}", lang=mail.lang, carrier=carrier, name=file.name,
                kind=file.kind, body=file.body, indicators=file.indicators,
                secrets=tuple(dict.fromkeys((*(used if file.has_text else ()), *file.secrets))),
            )
        )  # fmt: skip
    return out
