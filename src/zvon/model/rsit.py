"""The Reference Security Incident Taxonomy (RSIT, CC0), and how our words and ATT&CK map to it."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from zvon.model.verdict import Category

BY_CATEGORY: dict[Category, tuple[str, ...]] = {
    Category.PHISHING: ("fraud/phishing",),
    Category.FAKE_SHOP: ("fraud/masquerade",),
    Category.SCAM: ("information-gathering/social-engineering",),
    Category.MALWARE: ("malicious-code/malware-distribution",),
    Category.COMPROMISED_SITE: ("intrusions/application-compromise", "fraud/phishing"),
    Category.SIMULATION: ("test/test",),
    Category.BENIGN: (),
    Category.UNSURE: (),
}


class NoType(ValueError):
    """RSIT has no such type."""

    def __init__(self, term: str) -> None:
        super().__init__(f"RSIT {version()} has no type {term[:80]!r}")


class _Type(Struct, frozen=True):
    id: str
    attack: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()


class _Taxonomy(Struct, frozen=True):
    version: str
    type: tuple[_Type, ...]


@cache
def _shipped() -> _Taxonomy:
    text = files("zvon.model").joinpath("rsit.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Taxonomy)


def version() -> str:
    """The version of the taxonomy that ships."""
    return _shipped().version


@cache
def types() -> tuple[str, ...]:
    """All types as `classification/type`, in the order of the taxonomy."""
    return tuple(each.id for each in _shipped().type)


def check(term: str) -> str:
    """The type itself. Raises `NoType`."""
    if term not in types():
        raise NoType(term)
    return term


def rsit(category: Category) -> tuple[str, ...]:
    """Give `classification/type` words, the main one first; empty when nothing happened."""
    return BY_CATEGORY[category]


@cache
def _signs() -> Mapping[str, str]:
    return {technique: each.id for each in _shipped().type for technique in each.signs}


@cache
def techniques() -> Mapping[str, tuple[str, ...]]:
    """The techniques of ATT&CK that the task force relates to each type."""
    return {each.id: each.attack for each in _shipped().type if each.attack}


def of_technique(technique: str) -> str | None:
    """The type that an ATT&CK technique (`T1110`, `T1110.003`) speaks for, where it does."""
    return _signs().get(technique.partition(".")[0].upper())
