"""Reading a delivery from its first byte: files, formats, items, in batches that fit in memory."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from zvon.collect.read.unpack import Member, members
from zvon.collect.read.words import (
    BADS,
    BYTES,
    DOCUMENTS,
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
Read = TypeVar("Read", Item, Bad, Item | Bad)
NO_FORMAT = "no decoder knows what this is"
UNCONFIRMED = "it is a table, and nobody has confirmed yet how it is read"
SIGN_S = 5.0  # at least so often something is said, so that a reader that hangs is seen


def read(task: Task, chunks: Iterable[bytes]) -> Iterator[Said]:
    """What the bytes say, in order. The same bytes and formats give the same batches.

    Raises nothing for any bytes; what a format raises in spite of its promise becomes a `Bad`.
    """
    gathered = _Gathered(task)
    for member in members(chunks, task.name):
        if isinstance(member, Bad):
            gathered.add(member)
        elif member.sample:
            yield from _read(task, member, gathered)
        elif not member.inside:
            gathered.add(Bad("byte 0", "there is nothing in it"))
        if gathered.is_full():
            yield gathered.batch()
    yield gathered.batch()


def _read(task: Task, member: Member, gathered: "_Gathered") -> Iterator[Said]:
    inside = member.name if member.inside else ""
    found = _format(task, member)
    if found is None:
        gathered.add(_within(inside, Bad("byte 0", NO_FORMAT, member.sample[:PIECE])))
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
            gathered.add(_within(inside, Bad("byte 0", UNCONFIRMED, member.sample[:PIECE])))
        return
    options = Options(
        received_at=task.received_at, zone=task.zone, region=task.region, name=member.name,
        media_type=task.media_type, mapping=task.mapping if chosen.name == TABLE else None,
    )  # fmt: skip
    if gathered.format != chosen.name:
        if gathered.holds_items:
            yield gathered.batch()
        gathered.format = chosen.name
    for each in _decoded(chosen, gathered.weighed(member.chunks), options):
        gathered.add(_within(inside, each) if inside else each)
        if gathered.is_full():
            yield gathered.batch()


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


def _within(inside: str, each: Read) -> Read:
    return msgspec.structs.replace(each, position=f"{inside}: {each.position}") if inside else each


class _Gathered:
    """Items on their way into a batch."""

    def __init__(self, task: Task) -> None:
        self.format = ""
        self._task = task
        self._only = None if task.only is None else frozenset(task.only)
        self._read = 0
        self._clear()

    def _clear(self) -> None:
        self._items: list[Item] = []
        self._documents: list[Item] = []
        self._bad: list[Bad] = []
        self._values = self._bytes = 0
        self._said = time.monotonic()

    @property
    def holds_items(self) -> bool:
        """True when there are items of the format before."""
        return bool(self._items or self._documents)

    def weighed(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks; what went in is the measure of what a batch may hold in memory."""
        for chunk in chunks:
            self._bytes += len(chunk)
            yield chunk

    def add(self, each: Item | Bad) -> None:
        """Take one, unless it was stored already or nobody asked for it."""
        self._read += 1
        if self._read <= self._task.skip:
            return
        if self._only is not None and each.position not in self._only:
            return
        if isinstance(each, Bad):
            self._bad.append(Bad(each.position[:500], each.reason[:1000], each.piece[:PIECE]))
        elif each.kind is ItemKind.DOCUMENT:
            self._documents.append(each)
        else:
            self._items.append(each)
            self._values += len(each.values)

    def is_full(self) -> bool:
        """True when it is time for a batch."""
        return (
            len(self._items) >= ITEMS
            or self._values >= VALUES
            or self._bytes >= BYTES
            or len(self._bad) >= BADS
            or len(self._documents) >= DOCUMENTS
            or (self._read & 63 == 0 and time.monotonic() - self._said > SIGN_S)
        )

    def batch(self) -> Batch:
        """What was gathered since the last one."""
        task = self._task
        entries = entries_of(task.source, task.within, self.format, self._items, task.now)
        batch = Batch(
            read=self._read, format=self.format, entries=entries, documents=self._documents,
            bad=self._bad, items=len(self._items) + len(self._documents),
        )  # fmt: skip
        self._clear()
        return batch
