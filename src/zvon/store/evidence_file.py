"""What a look left behind: pages and pictures, compressed, sealed with a data key, stored once."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import zstandard
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import data_key
from zvon.store.data_key import DataKey, DataKeys
from zvon.store.data_policy import require_reader
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

Kind = Literal["html", "screenshot", "favicon", "logo", "download", "har"]

# Above this many bytes the processor work is done beside the event loop.
IN_PLACE = 64 * 1024
LEVEL = 3


class NoEvidenceFile(LookupError):
    """Nothing with this SHA-256 is kept here, or not for this viewer."""


class EvidenceFile(Struct, frozen=True, kw_only=True):
    """Bytes as they came from the web: never to be opened in the console's origin."""

    sha256: bytes
    kind: Kind
    media_type: str
    body: bytes


async def put(
    tx: Tx,
    key: bytes,
    random: Callable[[int], bytes],
    *,
    kind: Kind,
    media_type: str,
    body: bytes,
    now: datetime,
) -> bytes:
    """Keep `body`, sealed with the data key of today, which `key`, the node key, opens; its SHA-256.

    The same bytes again cost a look-up; from another day they are sealed anew with today's key.
    """
    keys, day = DataKeys(key, random), now.astimezone(UTC).date()
    big = len(body) > IN_PLACE
    sha = await asyncio.to_thread(_sha, body) if big else _sha(body)
    today = await data_key.of_day(tx, keys, data_key.CAPTURE, day, now)
    known = await (
        await tx.execute("select key_id from evidence_file where sha256 = %s", (sha,))
    ).fetchone()
    if known is None or known[0] != today.id:
        sealed = (
            await asyncio.to_thread(_pack, today, sha, body) if big else _pack(today, sha, body)
        )
        await tx.execute(
            """
            insert into evidence_file (sha256, kind, media_type, size, sealed, at, key_id)
            values (%s, %s, %s, %s, %s, %s, %s)
            on conflict (sha256) do update set
              sealed = excluded.sealed, key_id = excluded.key_id, at = excluded.at
            where evidence_file.at < excluded.at
            """,
            (sha, kind, media_type[:200], len(body), sealed, now, today.id),
        )
    return sha


async def get(db: Db, key: bytes, sha256: bytes) -> EvidenceFile:
    """What is kept, opened, for our own work. Raises `NoEvidenceFile`; `BadSeal` with another key."""
    row = await (
        await db.execute(
            """
            select e.kind, e.media_type, e.size, e.sealed, k.country, k.class, k.day, k.key_sealed
            from evidence_file e join data_key k on k.id = e.key_id where e.sha256 = %s
            """,
            (sha256,),
        )
    ).fetchone()
    if row is None:
        raise NoEvidenceFile(sha256.hex())
    body = await asyncio.to_thread(_unpack, DataKeys(key, _no_random), sha256, row)
    return EvidenceFile(sha256=sha256, kind=row[0], media_type=row[1], body=body)


async def for_person(tx: Tx, viewer: Viewer, key: bytes, sha256: bytes) -> EvidenceFile:
    """What is kept, for a person who looks at a page: it must hang on a look that they may see.

    `tx` runs as the viewer. Each opening is in the audit. Raises `Denied` and `NoEvidenceFile`.
    """
    viewer.require(Permission.PAGE_LOOK)
    seen = await tx.execute(
        "select from capture where html_sha256 = %(sha)s or screenshot_sha256 = %(sha)s limit 1",
        {"sha": sha256},
    )
    if await seen.fetchone() is None:
        raise NoEvidenceFile(sha256.hex())
    await require_reader(tx.db, viewer, "capture", None)
    found = await get(tx.db, key, sha256)
    tx.audit(
        AuditEntry(
            actor=viewer.login, action="evidence_file:open", object=f"evidence_file:{sha256.hex()}"
        )
    )
    return found


async def reseal(tx: Tx, sha256: bytes, key: DataKey) -> None:
    """Seal a kept file anew with `key`, as it is: its own key can be destroyed then."""
    body = (await get(tx.db, data_key.keys_of(tx.db).node, sha256)).body
    await tx.execute(
        "update evidence_file set sealed = %s, key_id = %s where sha256 = %s",
        (await asyncio.to_thread(_pack, key, sha256, body), key.id, sha256),
    )


def _sha(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _pack(key: DataKey, sha: bytes, body: bytes) -> bytes:
    return key.seal(_purpose(sha), zstandard.ZstdCompressor(level=LEVEL).compress(body))


def _unpack(keys: DataKeys, sha: bytes, row: tuple[Any, ...]) -> bytes:
    _kind, _media_type, size, sealed, country, of_class, day, key = row
    packed = data_key.read(keys, (country, of_class, day, key), _purpose(sha), bytes(sealed))
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=max(int(size), 1))


def _no_random(_count: int) -> bytes:
    raise AssertionError("reading draws nothing")


def _purpose(sha: bytes) -> str:
    return f"evidence_file:{sha.hex()}"
