"""What arrived, byte for byte: stored once under its SHA-256, compressed, never changed."""

import asyncio
import hashlib
from collections.abc import Collection
from datetime import datetime

import zstandard

from zvon.store.party import Db
from zvon.store.transaction import Tx

# Above this many bytes the processor work is done beside the event loop.
IN_PLACE = 64 * 1024
LEVEL = 3


class NoRaw(LookupError):
    """No input with this SHA-256 is kept here."""


async def put(tx: Tx, body: bytes, media_type: str, now: datetime) -> bytes:
    """Keep `body` and return its SHA-256; the same bytes again cost one look-up."""
    big = len(body) > IN_PLACE
    sha = await asyncio.to_thread(_sha, body) if big else _sha(body)
    known = await tx.execute("select from raw_input where sha256 = %s", (sha,))
    if await known.fetchone() is None:
        packed = await asyncio.to_thread(_pack, body) if big else _pack(body)
        await tx.execute(
            """
            insert into raw_input (sha256, body, size, media_type, received_at)
            values (%s, %s, %s, %s, %s) on conflict do nothing
            """,
            (sha, packed, len(body), media_type[:200], now),
        )
    return sha


async def get(db: Db, sha: bytes) -> bytes:
    """The bytes as they came. Raises `NoRaw`."""
    row = await (
        await db.execute("select body, size from raw_input where sha256 = %s", (sha,))
    ).fetchone()
    if row is None:
        raise NoRaw(sha.hex())
    packed, size = bytes(row[0]), int(row[1])
    return (
        await asyncio.to_thread(_unpack, packed, size) if size > IN_PLACE else _unpack(packed, size)
    )


async def small(db: Db, shas: Collection[bytes]) -> dict[bytes, bytes]:
    """Those inputs of at most `IN_PLACE` bytes; what is larger is better fetched one by one."""
    cursor = await db.execute(
        "select sha256, body, size from raw_input where sha256 = any(%s) and size <= %s",
        (list(shas), IN_PLACE),
    )
    return {
        bytes(sha): _unpack(bytes(packed), size) for sha, packed, size in await cursor.fetchall()
    }


def _sha(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _pack(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(body)


def _unpack(packed: bytes, size: int) -> bytes:
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=max(size, 1))
