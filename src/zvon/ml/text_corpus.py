"""Lures and ordinary messages for training, made from our own templates; no real message is used.

A template gives many texts: its alternatives are drawn and its slots filled. Texts of one template
never stand on both sides of a split, and the reports of the fixtures are in neither.
"""

import random
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from msgspec import Struct

from zvon.model.brand import registry

LANGS = ("sl", "hr", "en")
_CHOICE = re.compile(r"\[([^\]]+)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_SLOTS = {
    "sum": {"sl": "{n},{nn} EUR", "hr": "{n},{nn} EUR", "en": "{n}.{nn} EUR"},
    "date": {"sl": "{d}. {m}.", "hr": "{d}. {m}.", "en": "{d}/{m}"},
    "time": {"sl": "{h}. uri", "hr": "{h} sati", "en": "{h}:30"},
}
_NAMES = {
    "sl": ("Maja", "Tone", "Irena K.", "Blaž", "Petra", "Matej H."),
    "hr": ("Marko", "Ivana", "Luka P.", "Marija", "Josip", "Tea M."),
    "en": ("Sam", "Alex T.", "Mary", "John", "Dana", "Chris P."),
}
_CITIES = {
    "sl": ("Celju", "Kranju", "Kopru", "Novem mestu"),
    "hr": ("Osijeku", "Rijeci", "Zadru", "Puli"),
    "en": ("Leeds", "Cork", "Lyon", "Graz"),
}
_ORGS = {
    "sl": ("Javor", "Studio Breza", "Klub Iskra", "Lekarna Sonce"),
    "hr": ("Javor", "Studio Breza", "Klub Iskra", "Ljekarna Sunce"),
    "en": ("Maple Ltd", "Birch Studio", "Spark Club", "Sun Pharmacy"),
}
_GREETINGS = {
    "sl": ("Spoštovani,", "Pozdravljeni,", "Dober dan,", "Živjo,", ""),
    "hr": ("Poštovani,", "Pozdrav,", "Dobar dan,", "Bok,", ""),
    "en": ("Dear customer,", "Hello,", "Dear Sir or Madam,", "Hi,", ""),
}
_CLOSINGS = {
    "sl": ("Lep pozdrav", "Hvala", "Vaša ekipa", "S spoštovanjem", ""),
    "hr": ("Lijep pozdrav", "Hvala", "Vaš tim", "S poštovanjem", ""),
    "en": ("Kind regards", "Thank you", "The team", "Yours sincerely", ""),
}


class BadTemplate(ValueError):
    """A line of the templates cannot be read; says which."""


class Template(Struct, frozen=True):
    """One way to word a message; `id` is the same in every run."""

    id: str
    lang: str
    lure: bool
    kind: str
    text: str


class Sample(Struct, frozen=True):
    """One text for training, with the template that it was made from."""

    text: str
    lure: bool
    template: Template


@cache
def templates() -> tuple[Template, ...]:
    """All templates in the order of the files. Raises `BadTemplate`."""
    found = []
    for lang in LANGS:
        text = (files("zvon.ml") / "phish_text" / f"{lang}.txt").read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), start=1):
            if not line or line.startswith("#"):
                continue
            kind, semicolon, words = line[2:].partition("; ")
            if line[:2] not in {"+ ", "- "} or not semicolon or not kind.isalpha():
                raise BadTemplate(f"{lang}.txt, line {number}")
            found.append(Template(f"{lang}:{number}", lang, line[0] == "+", kind, words))
    return tuple(found)


def samples(rng: random.Random, each: int) -> list[Sample]:
    """`each` texts of every template; the same `rng` state gives the same texts."""
    return [
        Sample(text, template.lure, template)
        for template in templates()
        for text in _texts(template, rng, each)
    ]


def _texts(template: Template, rng: random.Random, count: int) -> Iterator[str]:
    for n in range(count):
        text = fill(template, rng)
        if n % 3 == 1:  # as a mail
            opening, closing = (rng.choice(x[template.lang]) for x in (_GREETINGS, _CLOSINGS))
            text = f"{opening}\n{text}\n{closing}".strip()
        yield _plain(text) if rng.random() < 0.3 else text


def fill(template: Template, rng: random.Random) -> str:
    """One text of a template: alternatives drawn, slots filled."""
    lang = template.lang
    text = _CHOICE.sub(lambda m: rng.choice(m[1].split("|")), template.text)
    return _SLOT.sub(lambda m: _value(m[1], lang, rng), text)


def _value(slot: str, lang: str, rng: random.Random) -> str:
    if slot in _SLOTS:
        parts = {"n": rng.randint(1, 400), "nn": f"{rng.randint(0, 99):02}",
                 "d": rng.randint(1, 28), "m": rng.randint(1, 12), "h": rng.randint(7, 20)}  # fmt: skip
        return _SLOTS[slot][lang].format(**parts)
    words: dict[str, Sequence[str]] = {
        "name": _NAMES[lang], "city": _CITIES[lang], "org": _ORGS[lang], "brand": _brands(),
    }  # fmt: skip
    if slot in words:
        return rng.choice(words[slot])
    made = {
        "url": f"https://{rng.choice('abcdefgh')}{rng.randint(10, 99)}.example/{rng.randint(1, 999)}",
        "mail": "naslov@posta.example",
        "phone": f"+386 40 000 {rng.randint(100, 199)}",
        "num": str(rng.randint(2, 99999)),
    }
    if slot not in made:
        raise BadTemplate(f"unknown slot {{{slot}}}")
    return made[slot]


@cache
def _brands() -> tuple[str, ...]:
    """Both sides name the same brands, so that a name says nothing."""
    return tuple(sorted(brand.name for brand in registry()))


def _plain(text: str) -> str:
    """As many people type: without the accents of our languages."""
    return text.translate(str.maketrans("čšžćđČŠŽĆĐ", "cszcdCSZCD"))
