"""A place in a result: where the next page goes on, as text that nobody has to understand."""

import re
from typing import LiteralString

from msgspec import Struct

from zvon.store.search_condition import Reading
from zvon.store.search_drive import BY_RECORD, BY_VALUE

TOP = (10**18 - 1, 0)  # above every id
_KEYS: dict[str, LiteralString] = {"v": BY_VALUE, "r": BY_RECORD}


class BadCursor(ValueError):
    """The place in a result is none that a search gave."""


class Place(Struct, frozen=True):
    """How bare values were read, what leads (None: not chosen yet), and the ids to stay below."""

    reading: Reading
    key: LiteralString | None = None
    at: tuple[int, int] = TOP


def write_place(place: Place) -> str:
    """The place as text."""
    key = next((letter for letter, key in _KEYS.items() if key == place.key), "s")
    return f"{place.reading.value}-{key}-{place.at[0]}-{place.at[1]}"


def read_place(text: str) -> Place:
    """What `write_place` wrote. Raises `BadCursor`."""
    found = re.fullmatch(r"(whole|part|words)-([vrs])-([0-9]{1,18})-([0-9]{1,18})", text)
    if found is None or not text.isascii():
        raise BadCursor("after: no place in a result")
    return Place(Reading(found[1]), _KEYS.get(found[2]), (int(found[3]), int(found[4])))
