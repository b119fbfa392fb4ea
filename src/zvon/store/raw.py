"""What arrived, byte for byte: stored once under its SHA-256, compressed and sealed, never changed."""

import asyncio
import hashlib
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, LiteralString

import zstandard

from zvon.store import data_key
from zvon.store.data_key import DataKey, DataKeys, keys_of
from zvon.store.party import Db
from zvon.store.transaction import Tx

# Above this many bytes the processor work is done beside the event loop.
IN_PLACE = 64 * 1024
LEVEL = 3
_SELECT: LiteralString = """
select r.sha256, r.body, r.size, k.country, k.class, k.day, k.key_sealed
from raw_input r join data_key k on k.id = r.key_id
where r.sha256 = any(%s) and r.size <= %s
"""


class NoRaw(LookupError):
    """No input with this SHA-256 is kept here."""


async def put(tx: Tx, body: bytes, media_type: str, now: datetime) -> bytes:
    """Keep `body`, sealed with the key of today, and return its SHA-256.

    The same bytes again cost one look-up. When they first came on another day they are sealed
    anew with the key of today, so that they live as long as what came last.
    Raises `data_key.NoKeys` on a connection without the node key.
    """
    keys, day = keys_of(tx.db), now.astimezone(UTC).date()
    big = len(body) > IN_PLACE
    sha = await asyncio.to_thread(_sha, body) if big else _sha(body)
    key = await data_key.of_day(tx, keys, data_key.RAW, day, now)
    row = await (
        await tx.execute("select key_id from raw_input where sha256 = %s", (sha,))
    ).fetchone()
    if row is not None and row[0] == key.id:
        return sha
    sealed = await asyncio.to_thread(_pack, key, sha, body) if big else _pack(key, sha, body)
    if row is None:
        await tx.execute(
            """
            insert into raw_input (sha256, body, size, media_type, received_at, key_id)
            values (%s, %s, %s, %s, %s, %s) on conflict do nothing
            """,
            (sha, sealed, len(body), media_type[:200], now, key.id),
        )
    else:
        await tx.execute(
            "update raw_input set body = %s, key_id = %s, received_at = %s"
            " where sha256 = %s and received_at < %s",
            (sealed, key.id, now, sha, now),
        )
    return sha


async def get(db: Db, sha: bytes) -> bytes:
    """The bytes as they came. Raises `NoRaw`, and `data_key.KeyDestroyed` after their time."""
    keys = keys_of(db)
    row = await (await db.execute(_SELECT, ([sha], 1 << 62))).fetchone()
    if row is None:
        raise NoRaw(sha.hex())
    big = int(row[2]) > IN_PLACE
    return await asyncio.to_thread(_unpack, keys, row) if big else _unpack(keys, row)


async def small(db: Db, shas: Collection[bytes]) -> dict[bytes, bytes]:
    """Those inputs of at most `IN_PLACE` bytes; what is larger is better fetched one by one."""
    keys = keys_of(db)
    cursor = await db.execute(_SELECT, (list(shas), IN_PLACE))
    return {bytes(row[0]): _unpack(keys, row) for row in await cursor.fetchall()}


async def reseal(tx: Tx, sha: bytes, key: DataKey) -> None:
    """Seal a kept input anew with `key`, as it is: its own key can be destroyed then."""
    body = await get(tx.db, sha)
    await tx.execute(
        "update raw_input set body = %s, key_id = %s where sha256 = %s",
        (await asyncio.to_thread(_pack, key, sha, body), key.id, sha),
    )


def _sha(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _pack(key: DataKey, sha: bytes, body: bytes) -> bytes:
    return key.seal(_purpose(sha), zstandard.ZstdCompressor(level=LEVEL).compress(body))


def _unpack(keys: DataKeys, row: tuple[Any, ...]) -> bytes:
    sha, sealed, size, country, of_class, day, key = row
    packed = data_key.read(keys, (country, of_class, day, key), _purpose(bytes(sha)), bytes(sealed))
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=max(int(size), 1))


def _purpose(sha: bytes) -> str:
    return f"raw_input:{sha.hex()}"
