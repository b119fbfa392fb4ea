"""Logs that grow in a folder: what was added to them, through rotation, as deliveries."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from zvon.collect.collector.follow import FilePlace, Follow, Places
from zvon.collect.collector.piece import Piece
from zvon.collect.source.kind import Reading

MOST = 1 << 20
ROUNDS = 64
MOST_LOOKED_AT = 20_000


async def follow_logs(reading: Reading, folder: Path, pattern: str) -> bool:
    """Take the lines that were added to the logs of `pattern`; true when there are more.

    Every delivery and the place behind it are one transaction.
    """
    places = await _moved_away(reading, folder, pattern)
    follow = Follow(str(folder / pattern), None if places is None else _encoded(places))
    pieces = follow.pieces()
    waiting: Piece | None = None
    try:
        for _ in range(ROUNDS):
            gathered = await asyncio.to_thread(_gather, pieces, waiting)
            if gathered is None:
                await reading.advance(_cursor(follow.place))
                return False
            body, name, place, waiting = gathered
            if body:
                await reading.take(body, name=name, cursor=_cursor(place))
            else:
                reading.skip(f"{name}: a line is too long")
                await reading.advance(_cursor(place))
        return True
    finally:
        follow.close()


def _gather(
    pieces: Iterator[Piece], first: Piece | None
) -> tuple[bytes, str, bytes, Piece | None] | None:
    """About `MOST` bytes of one file, its name, the place behind them, and the piece after that."""
    piece = first or next(pieces, None)
    if piece is None:
        return None
    name, parts = piece.name, list(piece.chunks)
    place = piece.place(None)
    while parts and sum(map(len, parts)) < MOST:
        piece = next(pieces, None)
        if piece is None or piece.name != name or not piece.chunks:
            return b"".join(parts), Path(name).name, place, piece
        parts.append(list(piece.chunks)[-1])  # what comes before it are the file's first lines
        place = piece.place(None)
    return b"".join(parts), Path(name).name, place, None


async def _moved_away(reading: Reading, folder: Path, pattern: str) -> Places | None:
    """The places as they were kept, after the rest of a log was taken that is elsewhere below the
    folder now: some programs put yesterday's log into a folder by its date.
    """
    kept = reading.cursor.get("follow")
    if kept is None:
        return None
    places = msgspec.convert(kept, Places)
    there = await asyncio.to_thread(_numbers, folder, pattern)
    lost = {(p.device, p.inode): p for p in places.files if (p.device, p.inode) not in there}
    if not lost:
        return places
    for path, place in await asyncio.to_thread(_elsewhere, folder, lost):
        rest = await asyncio.to_thread(_rest, path, place.offset)
        places = Places(tuple(each for each in places.files if each is not place))
        if rest:
            cursor = {"follow": msgspec.to_builtins(places)}
            await reading.take(rest, name=path.name, cursor=cursor)
    return places


def _numbers(folder: Path, pattern: str) -> set[tuple[int, int]]:
    found = set()
    for path in [*folder.glob(pattern), *folder.glob(pattern + "?*")]:
        try:
            info = path.stat()
        except OSError:
            continue
        found.add((info.st_dev, info.st_ino))
    return found


def _elsewhere(
    folder: Path, lost: dict[tuple[int, int], FilePlace]
) -> list[tuple[Path, FilePlace]]:
    found: list[tuple[Path, FilePlace]] = []
    looked = 0
    for base, _, names in os.walk(folder):
        for name in names:
            looked += 1
            if looked > MOST_LOOKED_AT:
                return found
            path = Path(base, name)
            try:
                info = path.stat(follow_symlinks=False)
            except OSError:
                continue
            if place := lost.pop((info.st_dev, info.st_ino), None):
                found.append((path, place))
    return found


def _rest(path: Path, offset: int) -> bytes:
    """What was written to a log after we read it last; it is at most what one reading missed."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(64 * MOST)


def _cursor(place: bytes) -> dict[str, Any]:
    return {"follow": msgspec.json.decode(place)}


def _encoded(places: Places) -> bytes:
    return msgspec.json.encode(places)
