"""The names that nobody can block: the lists that ship with the product.

`neverblock.toml` is ours: written by hand, reviewed like code. A node adds the official names of
the brand registry, and an operator may load longer lists beside these.
"""

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from zvon.model.name import canonical
from zvon.model.prefix import canonical as canonical_prefix
from zvon.model.suffix import public_suffix

# Without any of these nothing is published; `brand` is what the brand registry calls official,
# `own` are the names of this node, `prefix` the address ranges.
REQUIRED = frozenset({"constituency", "official", "platform", "popular", "infrastructure", "brand",
                      "own", "prefix"})  # fmt: skip

# The operator's own popularity list; required once the operator named a file.
POPULAR_OPERATOR = "popular-operator"
# What two people added for a day.
PEOPLE = "people"
# What an appeal freed.
APPEAL = "appeal"
SHORTENER = "link shortener"
# The only lists that two people can take a name out of, for a day. Nobody can suspend what is
# official, what the network stands on, or what is ours.
REMOVABLE = frozenset({"popular", POPULAR_OPERATOR, "platform", PEOPLE, APPEAL})


class ProtectedName(Struct, frozen=True, order=True):
    """A name that, with all below it, is protected, and why."""

    name: str
    reason: str


class ProtectedList(Struct, frozen=True):
    """One list with its version; `sha256` is over the sorted names and reasons."""

    list: str
    version: str
    names: tuple[ProtectedName, ...]

    @property
    def sha256(self) -> bytes:
        """The hash that tells two contents apart."""
        lines = (f"{n.name}\t{n.reason}\n" for n in sorted(self.names))
        return hashlib.sha256("".join(lines).encode()).digest()


def protecting_names(name: str) -> list[str]:
    """The names whose protection reaches `name`, nearest first.

    A platform's protection ends where it hands out names to customers: `amazonaws.com` does not
    protect `bucket.s3.amazonaws.com`, because `s3.amazonaws.com` is a public suffix.
    """
    handed_out = public_suffix(name)
    return [
        parent
        for parent in chain(name)
        if parent == name or not (handed_out == parent or handed_out.endswith("." + parent))
    ]


def chain(name: str) -> list[str]:
    """`name` and the names above it: `a.b.c` gives `a.b.c`, `b.c`, `c`."""
    labels = name.split(".")
    return [".".join(labels[i:]) for i in range(len(labels))]


def key(name: str) -> str:
    """The name with its labels backwards: `www.gov.si` gives `si.gov.www`.

    Sorted by octets, everything below a name stands between `key.` and `key/`. Its own inverse.
    """
    return ".".join(reversed(name.split(".")))


class ProtectedPrefix(Struct, frozen=True, order=True):
    """A range of addresses that is protected, and why."""

    prefix: str
    reason: str


@cache
def shipped_prefixes() -> tuple[str, tuple[ProtectedPrefix, ...]]:
    """The version and the address ranges of the package. Raises `BadPrefix` for a bad one."""
    data = _data("neverblock_prefixes.toml")
    return data["version"], tuple(
        ProtectedPrefix(canonical_prefix(prefix), group["reason"])
        for group in data["prefix"]
        for prefix in group["prefixes"]
    )


def _data(file: str) -> dict[str, Any]:
    return tomllib.loads((files("zvon.model") / file).read_text(encoding="utf-8"))


@cache
def shipped() -> tuple[ProtectedList, ...]:
    """The lists of the package, canonical. Raises `BadName` when one holds what is no name."""
    data = _data("neverblock.toml")
    return tuple(
        ProtectedList(
            key,
            data["version"],
            tuple(
                ProtectedName(canonical(name), group["reason"])
                for group in data[key]
                for name in group["names"]
            ),
        )
        for key in data
        if key != "version"
    )


@cache
def shipped_names(key: str) -> frozenset[str]:
    """The names of one shipped list."""
    return frozenset(n.name for entry in shipped() if entry.list == key for n in entry.names)


@cache
def shorteners() -> frozenset[str]:
    """The names of services that shorten links: what stands behind one is somebody else's."""
    return frozenset(
        name.name for entry in shipped() for name in entry.names if name.reason == SHORTENER
    )


def protecting(name: str) -> str | None:
    """The shipped list that protects `name`, or `None`."""
    for parent in protecting_names(name):
        for entry in shipped():
            if parent in shipped_names(entry.list):
                return entry.list
    return None


@cache
def versions() -> tuple[str, ...]:
    """The versions of the data behind a decision: `platform@2026-11-22`."""
    return tuple(f"{entry.list}@{entry.version}" for entry in shipped())
