"""The data files of the gate: words, names, countries, hosts and group agreements.

Adding a country or a language is a new file, not a change of code.
"""

import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from zvon.model.policy import Agreement, BadAgreement, read_agreement
from zvon.privacy.fold import fold

DATA = files("zvon.privacy") / "data"


class BadTable(ValueError):
    """A data file of the gate cannot be read; says which and why."""


class Identifier(Struct, frozen=True, forbid_unknown_fields=True):
    """A number that a state gives to a person or a firm; `context` are words that name it."""

    type: str
    digits: tuple[int, ...]
    context: tuple[str, ...]
    module: str = ""
    prefix: str = ""


class Country(Struct, frozen=True, forbid_unknown_fields=True):
    """What is particular to one country; `plates` are regular expressions of vehicle plates.

    A country at `home` is one whose people and firms the texts are about: a telephone number or a
    domain of it speaks for the victim.
    """

    country: str
    calling: str
    languages: tuple[str, ...]
    tlds: tuple[str, ...]
    home: bool = False
    mail: tuple[str, ...] = ()
    plates: tuple[str, ...] = ()
    id: tuple[Identifier, ...] = ()


class Hosts(Struct, frozen=True, forbid_unknown_fields=True):
    """What a host name says about itself."""

    internal: frozenset[str]
    darknet: frozenset[str]
    freemail: frozenset[str]
    anonymous_mail: frozenset[str]
    cheap: frozenset[str]
    stems: frozenset[str]
    not_hosts: frozenset[str]
    shorteners: frozenset[str]
    files: frozenset[str]
    functions: frozenset[str]


class Names(Struct, frozen=True):
    """Folded first and last names of all languages, and those that are ordinary words too."""

    first: frozenset[str]
    last: frozenset[str]
    common: frozenset[str]


def read(path: Traversable | Path) -> dict[str, Any]:
    """The content of a TOML file. Raises `BadTable`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadTable(f"{path.name}: {problem}") from None


def _folder(name: str) -> list[Traversable]:
    found = [p for p in (DATA / name).iterdir() if p.name.endswith(".toml")]
    return sorted(found, key=lambda p: p.name)


@cache
def countries() -> tuple[Country, ...]:
    """One row per country file."""
    return tuple(msgspec.convert(read(path), Country) for path in _folder("countries"))


@cache
def home_countries() -> tuple[Country, ...]:
    """The countries whose people and firms the texts are about."""
    return tuple(country for country in countries() if country.home)


@cache
def hosts() -> Hosts:
    """The words of `hosts.toml`."""
    return msgspec.convert(read(DATA / "hosts.toml"), Hosts)


@cache
def cue_files() -> dict[str, dict[str, Any]]:
    """The cue words of each language, as written in its file."""
    return {path.name.removesuffix(".toml"): read(path) for path in _folder("cues")}


@cache
def names() -> Names:
    """All name lists as one: people cross borders."""
    first: set[str] = set()
    last: set[str] = set()
    common: set[str] = set()
    for path in _folder("names"):
        table = read(path)
        first.update(fold(table["first"]).split())
        last.update(fold(table["last"]).split())
        common.update(fold(table["common"]).split())
    return Names(frozenset(first), frozenset(last), frozenset(common))


def agreements(folder: Path | None = None) -> dict[str, Agreement]:
    """The agreements in `folder` by id; without one, those that ship.

    Raises `BadTable` for a file that cannot be read or has an unknown key.
    """
    paths = _folder("groups") if folder is None else sorted(folder.glob("*.toml"))
    out: dict[str, Agreement] = {}
    for path in paths:
        try:
            agreement = read_agreement(read(path))
        except BadAgreement as problem:
            raise BadTable(f"{path.name}: {problem}") from None
        out[agreement.id] = agreement
    return out
