"""Taxonomies: what a machine tag (`tlp:amber`, `rsit:fraud="phishing"`) means, in words.

Upstream's layout is that of MISP (`machinetag.json`).
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct


class BadTaxonomy(ValueError):
    """It is no taxonomy."""


class _Predicate(Struct):
    value: str
    expanded: str = ""
    description: str = ""


class _Entry(_Predicate):
    pass


class _Values(Struct):
    predicate: str
    entry: list[_Entry] = []


class _Taxonomy(Struct):
    namespace: str
    predicates: list[_Predicate] = []
    values: list[_Values] = []
    version: int | str = 0
    description: str = ""


class Tag(Struct, frozen=True):
    """A tag and what it means."""

    name: str
    expanded: str


def decode(data: bytes) -> Iterator[Tag]:
    """The tags of one taxonomy. Raises `BadTaxonomy`."""
    try:
        found = msgspec.json.decode(data, type=_Taxonomy)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise BadTaxonomy(str(problem)) from None
    words = {each.predicate: each.entry for each in found.values}
    said = {each.value: each.expanded or each.description for each in found.predicates}
    for predicate in found.predicates:
        entries = words.get(predicate.value)
        if not entries:
            yield Tag(f"{found.namespace}:{predicate.value}", said[predicate.value])
            continue
        for entry in entries:
            text = entry.expanded or entry.description or entry.value
            yield Tag(
                f'{found.namespace}:{predicate.value}="{entry.value}"',
                f"{said[predicate.value]}: {text}" if said[predicate.value] else text,
            )
