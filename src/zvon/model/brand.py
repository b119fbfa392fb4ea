"""The protected names: who is imitated, and which names are really theirs.

The registry is data, `brands.toml`. A row that its brand has not verified may match lookalikes and
keeps its official names from being proposed, but it never clears a report.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct, convert


class Brand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One protected name.

    `official` and `hosts` map a name to how we know it (s named in published material, d seen in
    use, b believed). `distinctive` aliases match at once, `words` need a co-signal. `context` are
    tokens that belong to the brand; `called` is what running text calls it, accents folded.
    `exclude` are ordinary names nearby. `country` is empty for a brand of no one country.
    """

    id: str
    name: str
    country: str
    sector: str
    official: dict[str, str]
    hosts: dict[str, str] = {}
    mail: tuple[str, ...] = ()
    distinctive: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    verified_by: str = ""

    @property
    def official_text(self) -> str:
        """The official domains for people, `posta.si`."""
        return ", ".join(self.official)


class BadRegistry(ValueError):
    """The brand registry contradicts itself."""


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("zvon.model") / "brands.toml").read_text(encoding="utf-8"))


@cache
def registry() -> tuple[Brand, ...]:
    """All brands, in the order of the file. Raises `BadRegistry` when an id or a name repeats."""
    brands = tuple(convert(row, Brand) for row in _data()["brand"])
    ids = [brand.id for brand in brands]
    names = [name for brand in brands for name in (*brand.official, *brand.hosts)]
    for seen in (ids, names):
        twice = {item for item in seen if seen.count(item) > 1}
        if twice:
            raise BadRegistry(f"named twice in the registry: {', '.join(sorted(twice))}")
    return brands


def version() -> str:
    """The version of the registry that ships with this program."""
    return str(_data()["version"])


def lure_words() -> frozenset[str]:
    """Words that lures put beside a brand, accents folded."""
    return frozenset(_data()["lure"])


@cache
def _by_name() -> dict[str, Brand]:
    return {name: b for b in registry() for name in (*b.official, *b.hosts)}


@cache
def by_id() -> dict[str, Brand]:
    """The brands by id."""
    return {brand.id: brand for brand in registry()}


def official(name: str) -> Brand | None:
    """The brand whose official domain `name` is or lies below; the longest match wins.

    `name` is an A-label in lower case without the final dot.
    """
    names = _by_name()
    while name:
        if name in names:
            return names[name]
        _, _, name = name.partition(".")
    return None


def official_names() -> frozenset[str]:
    """Every official domain and host of the registry."""
    return frozenset(_by_name())
