"""Reading a delivery from its first byte: files, formats, items, in batches that fit in memory."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from zvon.collect.read.unpack import Member, members
from zvon.collect.read.words import (
    BADS,
    BYTES,
    ITEMS,
    PIECE,
    VALUES,
    Asks,
    Batch,
    Began,
    Said,
    Task,
)
from zvon.formats.detect import choose
from zvon.formats.intel.proposal import mapping_of
from zvon.formats.registry import formats
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.store.intake_entry import entries_of

TABLE = "table"
NO_FORMAT = "no decoder knows what this is"
UNCONFIRMED = "it is a table, and nobody has confirmed yet how it is read"
SIGN_S = 5.0  # at least so often something is said, so that a reader that hangs is seen


def read(task: Task, chunks: Iterable[bytes]) -> Iterator[Said]:
    """What the bytes say, in order. The same bytes and formats give the same batches.

    Raises nothing for any bytes; what a format raises in spite of its promise becomes a `Bad`.
    """
    count = _Count(task)
    for member in members(chunks, task.name):
        if isinstance(member, Bad):
            yield from count.take(member, "", "")
            continue
        if not member.sample:
            if not member.inside:
                yield from count.take(Bad("byte 0", "there is nothing in it"), "", "")
            continue
        yield from _read(task, member, count)
    yield count.rest()


def _read(task: Task, member: Member, count: "_Count") -> Iterator[Said]:
    inside = member.name if member.inside else ""
    found = _format(task, member)
    if found is None:
        yield from count.take(Bad("byte 0", NO_FORMAT, member.sample[:PIECE]), "", inside)
        return
    chosen, guess = found
    yield Began(
        format=chosen.name, why=guess.why, params=dict(guess.params), score=guess.score,
        member=inside, packing=list(member.packed),
    )  # fmt: skip
    if chosen.name == TABLE and task.mapping is None and task.confirm:
        proposal = None if member.inside else mapping_of(member.sample)
        if proposal is not None:
            yield Asks(mapping=proposal)
        else:
            yield from count.take(Bad("byte 0", UNCONFIRMED, member.sample[:PIECE]), "", inside)
        return
    options = Options(
        received_at=task.received_at, zone=task.zone, region=task.region, name=member.name,
        media_type=task.media_type, mapping=task.mapping if chosen.name == TABLE else None,
    )  # fmt: skip
    for each in _decoded(chosen, member.chunks, options):
        yield from count.take(each, chosen.name, inside)


def _format(task: Task, member: Member) -> tuple[Format, Guess] | None:
    if task.format:
        said = formats().get(task.format)
        return None if said is None else (said, Guess(100, "SAID"))
    return choose(member.sample, member.name, "" if member.inside else task.media_type)


def _decoded(chosen: Format, chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    last = "byte 0"
    try:
        for each in chosen.decode(chunks, options):
            last = each.position
            yield each
    except MemoryError:
        yield Bad(f"after {last}", "reading on needs too much memory")
    except Exception as problem:  # noqa: BLE001  a decoder is code of many hands, also strangers'
        yield Bad(f"after {last}", f"its decoder failed: {type(problem).__name__}: {problem}"[:500])


class _Count:
    """Gathers items until a batch is full."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._only = None if task.only is None else frozenset(task.only)
        self._read = 0
        self._said = time.monotonic()
        self._clear("")

    def _clear(self, format: str) -> None:
        self._format = format
        self._items: list[Item] = []
        self._documents: list[Item] = []
        self._bad: list[Bad] = []
        self._values = self._bytes = 0

    def take(self, each: Item | Bad, format: str, inside: str) -> Iterator[Batch]:
        """Add one; yields the batch that it fills, or the one of the format before."""
        if format != self._format and (self._items or self._documents):
            yield self.rest()
        self._format = format
        self._read += 1
        if self._read > self._task.skip:
            if inside:
                each = msgspec.structs.replace(each, position=f"{inside}: {each.position}")
            if self._only is None or each.position in self._only:
                self._add(each)
        if (
            len(self._items) + len(self._documents) >= ITEMS
            or self._values >= VALUES
            or self._bytes >= BYTES
            or len(self._bad) >= BADS
            or time.monotonic() - self._said > SIGN_S
        ):
            yield self.rest()

    def _add(self, each: Item | Bad) -> None:
        if isinstance(each, Bad):
            self._bad.append(Bad(each.position[:500], each.reason[:1000], each.piece[:PIECE]))
            self._bytes += 1000
        elif each.kind is ItemKind.DOCUMENT:
            self._documents.append(each)
            self._bytes += _weight(each.payload)
        else:
            self._items.append(each)
            self._values += len(each.values)
            self._bytes += 200 + len(each.text) + _weight(each.payload)

    def rest(self) -> Batch:
        """What was gathered since the last batch."""
        task = self._task
        entries = entries_of(task.source, task.within, self._format, self._items, task.now)
        batch = Batch(read=self._read, format=self._format, entries=entries,
                      documents=self._documents, bad=self._bad,
                      items=len(self._items) + len(self._documents))  # fmt: skip
        self._clear(self._format)
        self._said = time.monotonic()
        return batch


def _weight(payload: Any) -> int:
    """About how large a payload is; cheap, because it is asked for every item."""
    match payload:
        case dict():
            return 40 * len(payload) + sum(
                len(v)
                if isinstance(v, str | bytes)
                else _weight(v)
                if isinstance(v, dict | list)
                else 8
                for v in payload.values()
            )
        case list():
            return 16 * len(payload) + sum(
                _weight(v) if isinstance(v, dict | list) else len(v) if isinstance(v, str) else 8
                for v in payload
            )
        case str() | bytes():
            return len(payload)
        case _:
            return 8
