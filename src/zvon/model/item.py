"""What a decoder makes of what came: items that a source said, and pieces that nobody could read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from zvon.model.mapping import Mapping as TableMapping
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable


class ItemKind(StrEnum):
    """What one item is; also the kind of the record that it becomes."""

    INDICATOR = "indicator"  # values that the source calls bad, or of interest
    ALERT = "alert"  # a sensor's finding: one record each
    LOG = "log"  # one line of a log; many share a record, see `store.delivery`
    DOCUMENT = "document"  # prose, read for what it says
    EVENT = "event"  # a container: MISP event, STIX report or grouping
    OBJECT = "object"  # anything else that is a thing by itself: malware, rule, relationship


class ValueRole(StrEnum):
    """How a value stands in its item; `store.ingest` keeps it as the role of the occurrence."""

    SAID = "said"  # the item is about it: an indicator, source or target of an alert
    NAMED = "named"  # it is mentioned, and not accused: a victim, infrastructure, a reference
    REPORTER = "reporter"  # of the side that reports


class Value(Struct, frozen=True, gc=False):
    """A value of an item. `at` is when the source saw it last, where it says so."""

    observable: Observable
    role: ValueRole = ValueRole.SAID
    at: datetime | None = None


class Item(Struct, frozen=True, kw_only=True, gc=False):
    """One thing that a source said.

    `payload` is what it said, verbatim as JSON values, unknown fields included. `position` says
    where it stands (`line 7`, `$.objects[3]`), and is the same whenever the same bytes are read.
    `id` is the source's own lasting identifier; without one an item is known by its delivery and
    position. `at` is when it happened, by the source's clock. `links` are (type, target) to other
    items of the source by their `id`.
    """

    kind: ItemKind
    position: str
    payload: Any
    values: tuple[Value, ...] = ()
    at: datetime | None = None
    id: UUID | None = None
    container: UUID | None = None
    title: str = ""
    text: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[tuple[str, UUID], ...] = ()
    tlp: Tlp | None = None
    pap: Pap | None = None
    deleted: bool = False


class Bad(Struct, frozen=True):
    """A piece that could not be read: where, why (a sentence), and its first bytes."""

    position: str
    reason: str
    piece: bytes = b""


class Options(Struct, frozen=True, kw_only=True):
    """What a decoder is told. `received_at` is ours, for logs that leave out the year.

    `zone` (IANA) is that of times without one; `region` the country of telephone numbers without
    a prefix.
    """

    received_at: datetime
    zone: str = "UTC"
    region: str = "SI"
    name: str = ""
    media_type: str = ""
    mapping: TableMapping | None = None


class Guess(Struct, frozen=True):
    """How sure a format is that it reads these bytes (0 to 100), and why.

    `why` is one of KEYS (`keys`), HEADER (`header`), MAGIC (`what`), LINES (`matched`, `of`),
    NAME (`name`) with these parameters; the catalogue says it as a sentence.
    """

    score: int
    why: str
    params: Mapping[str, str | int] = {}


Decode = Callable[[Iterable[bytes], Options], Iterator[Item | Bad]]
Encode = Callable[[Iterable[Item]], Iterator[bytes]]


class Format(Struct, frozen=True, kw_only=True):
    """A format: its name in commands and rows, how it is recognised, read, and written.

    `sniff` sees the first 64 KiB and the name; None: surely not this. `decode` streams: it never
    holds more than a bounded part of the input, raises nothing for any bytes, and yields `Bad`
    for what it cannot read. `encode` is there where writing makes sense.
    """

    name: str
    sniff: Callable[[bytes, str], Guess | None]
    decode: Decode
    encode: Encode | None = None
    media_type: str = ""
