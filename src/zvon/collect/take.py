"""Taking in what a source sent: kept whole before anybody reads it, and never whole in memory."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import IO
from uuid import UUID

from zvon.jobs import Context, enqueue
from zvon.model.ids import RANDOM_BYTES
from zvon.store import delivery, source_day
from zvon.store.delivery import PIECE, New
from zvon.store.transaction import Tx, transaction

IN_MEMORY = 4 * PIECE
MAX_NAME, MAX_TYPE, MAX_EXTERNAL = 500, 200, 2000


class TooLarge(ValueError):
    """The delivery is larger than this node takes; says the limit."""


class Empty(ValueError):
    """There is nothing in the delivery."""


async def take(
    context: Context,
    source_id: int,
    body: bytes | AsyncIterator[bytes],
    *,
    name: str = "",
    media_type: str = "",
    external: str | None = None,
    format: str = "",
    received_at: datetime | None = None,
    then: Callable[[Tx], Awaitable[None]] | None = None,
) -> UUID:
    """Keep what `source_id` sent and have it read; the identifier of the delivery.

    After it returns nothing can be lost. `external` is what the source calls it: it is taken
    once, and so are the same bytes. `format` names the decoder where it is known. `then` writes how far
    the source is read, in the transaction of what was read. Raises `Empty`, `TooLarge`.
    """
    now = context.clock()
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        sha, size, lengths = await _spool(file, body, context.settings.intake_most)
        if size == 0:
            raise Empty("the delivery is empty")
        new = New(
            source_id=source_id, sha256=sha, size=size, chunks=len(lengths),
            received_at=received_at or now, name=_clean(name, MAX_NAME),
            media_type=_clean(media_type, MAX_TYPE), format=_clean(format, MAX_TYPE),
            external=None if external is None else _short(_clean(external, 1 << 30)),
        )  # fmt: skip
        file.seek(0)
        async with transaction(context.pool, now) as tx:
            kept = await delivery.put(tx, new, _pieces(file, lengths), context.random(RANDOM_BYTES))
            if kept.reads:
                await enqueue(tx, "collect.intake", {"delivery_id": kept.id})
            if then is not None:
                await then(tx)
            await source_day.count(tx, source_id, now, deliveries=1, bytes=size)
    return kept.uuid


async def _spool(
    file: IO[bytes], body: bytes | AsyncIterator[bytes], most: int
) -> tuple[bytes, int, list[int]]:
    """Write the packed pieces of `body`; its SHA-256, its size, and the length of each piece."""
    digest, size, lengths = hashlib.sha256(), 0, list[int]()

    def keep(piece: bytes) -> None:
        digest.update(piece)
        packed = delivery.pack(piece)
        file.write(packed)
        lengths.append(len(packed))

    waiting = bytearray()
    async for part in _once(body) if isinstance(body, bytes) else body:
        size += len(part)
        if size > most:
            raise TooLarge(f"a delivery has at most {most} bytes")
        waiting += part
        while len(waiting) >= PIECE:
            await asyncio.to_thread(keep, bytes(waiting[:PIECE]))
            del waiting[:PIECE]
    if waiting:
        last = bytes(waiting)
        if len(last) > 64 * 1024:
            await asyncio.to_thread(keep, last)
        else:
            keep(last)
    return digest.digest(), size, lengths


async def _once(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]


async def _pieces(file: IO[bytes], lengths: list[int]) -> AsyncIterator[bytes]:
    for length in lengths:
        yield await asyncio.to_thread(file.read, length) if length > 65_536 else file.read(length)


def _short(external: str) -> str:
    """A very long name is known by its hash: cut off, two could become one."""
    if len(external) <= MAX_EXTERNAL:
        return external
    return "sha256:" + hashlib.sha256(external.encode()).hexdigest()


def _clean(text: str, most: int) -> str:
    """What the database can keep of what a stranger calls it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:most]
