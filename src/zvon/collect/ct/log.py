"""Reading a certificate log from where we stopped: whole tiles first, then what is left.

One `step` reads what one transaction can keep; its cursor and its names belong together, so that
nothing is read twice or left out however a worker ends. A new log is read from its present end.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from zvon.collect.ask import Asker, Failed, Gone
from zvon.formats.ct_entry import (
    BadEntry,
    Entry,
    decode_leaves,
    decode_names,
    decode_tile,
)
from zvon.formats.ct_tile import MAX_HEAD, WIDTH, Head, read_checkpoint, read_sth, tile_path

TILES = 8  # read together
ENTRIES = 1024  # asked for at once from a log of the old kind
MAX_TILE = 32 * 1024 * 1024
OLD_ENOUGH = timedelta(seconds=60)
TRIES = 3  # of a tile that cannot be read, before it is left out


class Cursor(Struct, frozen=True, omit_defaults=True):
    """How far a log was read. `next` is the first entry that was not read, of `size` seen.

    `partial_at` is since when entries wait in a tile that is not whole. `no_names` says that the
    log has no tiles of names alone. `failed` counts how often the next tile could not be read.
    """

    size: int = 0
    next: int | None = None
    partial_at: datetime | None = None
    no_names: bool = False
    failed: int = 0


class Step(Struct, frozen=True):
    """What one step brought; `more` when the log has entries that are ready to be read."""

    cursor: Cursor
    entries: Sequence[Entry]
    bad: Sequence[dict[str, Any]] = ()
    more: bool = False

    @property
    def lag(self) -> int:
        """How many entries the log is ahead."""
        return max(0, self.cursor.size - (self.cursor.next or 0))


class _Unreadable(ValueError):
    """A tile that came, but is no tile."""


class Unread(Failed):
    """The next part could not be had. `cause` is why; a garbled part counts against the tile."""

    def __init__(self, problem: str, cause: Exception) -> None:
        super().__init__(problem)
        self.cause = cause

    @property
    def garbled(self) -> bool:
        """True when something came that is no tile."""
        return isinstance(self.cause, _Unreadable)


async def head(asker: Asker, kind: str, url: str, key: bytes | None) -> Head:
    """What the log says of itself now. Raises `ask.Failed`, `formats.ct_tile.BadHead`."""
    if kind == "static-ct":
        return read_checkpoint(await asker.get(f"{url}/checkpoint", most=MAX_HEAD), key)
    return read_sth(await asker.get(f"{url}/ct/v1/get-sth", most=MAX_HEAD), key)


async def step(asker: Asker, kind: str, url: str, cursor: Cursor, size: int, now: datetime) -> Step:
    """Read on from `cursor`; the log has `size` entries. Raises `ask.Failed`."""
    if cursor.next is None:  # a tile's beginning, so that the first reading has something in it
        start = size - size % WIDTH
        return Step(Cursor(size=size, next=start, partial_at=now), ())
    size = max(size, cursor.size)  # an older head from another edge of the log
    start = cursor.next
    cursor = msgspec.structs.replace(cursor, size=size)
    if start >= size:
        return Step(msgspec.structs.replace(cursor, partial_at=None), ())
    read = _tiles if kind == "static-ct" else _entries
    return await read(asker, url, cursor, start, now)


async def _tiles(asker: Asker, url: str, cursor: Cursor, start: int, now: datetime) -> Step:
    first, whole = start // WIDTH, cursor.size // WIDTH
    if first < whole:
        wanted = [(tile, WIDTH) for tile in range(first, min(whole, first + TILES))]
    elif cursor.partial_at is None:
        return Step(msgspec.structs.replace(cursor, partial_at=now), ())
    elif now - cursor.partial_at < OLD_ENOUGH:
        return Step(cursor, ())
    else:
        wanted = [(first, cursor.size % WIDTH)]
    names = not cursor.no_names
    answers = await _fetch(asker, url, wanted, names=names)
    if names and isinstance(answers[0], Gone | _Unreadable):
        names = False
        answers = await _fetch(asker, url, wanted, names=False)
    entries: list[Entry] = []
    bad: list[dict[str, Any]] = []
    at = start
    for (tile, width), answer in zip(wanted, answers, strict=True):
        if isinstance(answer, Failed | _Unreadable):
            if tile != first:  # the step ends before it; the next one begins with it
                break
            if isinstance(answer, Failed) or cursor.failed + 1 < TRIES:
                raise Unread(f"{url}: tile {tile}: {answer}", answer)
            bad.append({"position": f"tile {tile}", "reason": str(answer), "text": ""})
            at = tile * WIDTH + width
            continue
        for n, entry in enumerate(answer[at - tile * WIDTH :], start=at):
            if isinstance(entry, BadEntry):
                bad.append({"position": f"entry {n}", "reason": str(entry), "text": ""})
            else:
                entries.append(entry)
        at = tile * WIDTH + len(answer)
    after = Cursor(size=max(cursor.size, at), next=at, no_names=not names)
    return Step(after, entries, bad, more=at // WIDTH < cursor.size // WIDTH)


async def _fetch(
    asker: Asker, url: str, wanted: Sequence[tuple[int, int]], *, names: bool
) -> list[list[Entry | BadEntry] | Failed | _Unreadable]:
    """The tiles, or for each what was wrong with it."""
    return await asyncio.gather(
        *(_tried(asker, url, tile, width, names=names) for tile, width in wanted)
    )


async def _tried(
    asker: Asker, url: str, tile: int, width: int, *, names: bool
) -> list[Entry | BadEntry] | Failed | _Unreadable:
    try:
        return await _tile(asker, url, tile, width, names=names)
    except (Failed, _Unreadable) as problem:
        return problem


async def _tile(
    asker: Asker, url: str, tile: int, width: int, *, names: bool
) -> list[Entry | BadEntry]:
    """The entries of a tile; at least `width`, more when the partial one is gone already."""
    kind = "names" if names else "data"
    try:
        data = await asker.get(f"{url}/{tile_path(kind, tile, width)}", most=MAX_TILE)
    except Gone:
        if width == WIDTH:
            raise
        width = WIDTH
        data = await asker.get(f"{url}/{tile_path(kind, tile)}", most=MAX_TILE)
    try:
        found = await asyncio.to_thread(
            lambda: list(decode_names(data) if names else decode_tile(data))
        )
    except BadEntry as problem:
        raise _Unreadable(str(problem)) from None
    if len(found) != width:
        raise _Unreadable(f"a tile of {width} entries has {len(found)}")
    return found


async def _entries(asker: Asker, url: str, cursor: Cursor, first: int, _now: datetime) -> Step:
    """RFC 6962: as many as the log gives at once, which may be fewer than asked for."""
    last = min(first + ENTRIES, cursor.size) - 1
    body = await asker.get(f"{url}/ct/v1/get-entries?start={first}&end={last}", most=MAX_TILE)
    try:
        found = await asyncio.to_thread(decode_leaves, body)
    except BadEntry as problem:
        raise Failed(f"{url}: entries from {first}: {problem}") from None
    found = found[: last + 1 - first]
    if not found:
        raise Failed(f"{url}: no entries from {first}, although it has {cursor.size}")
    entries = [entry for entry in found if isinstance(entry, Entry)]
    bad = [
        {"position": f"entry {n}", "reason": str(entry), "text": ""}
        for n, entry in enumerate(found, start=first)
        if isinstance(entry, BadEntry)
    ]
    at = first + len(found)
    return Step(Cursor(size=cursor.size, next=at), entries, bad, more=at < cursor.size)
