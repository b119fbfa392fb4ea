"""What a look left behind: pages and pictures, compressed, sealed with the node key, stored once."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import zstandard
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.seal import NONCE_BYTES, seal, unseal
from zvon.access.viewer import Viewer
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
    """Keep `body`, sealed with the node key; its SHA-256. The same bytes again cost a look-up."""
    big = len(body) > IN_PLACE
    sha = await asyncio.to_thread(_sha, body) if big else _sha(body)
    known = await tx.execute("select from evidence_file where sha256 = %s", (sha,))
    if await known.fetchone() is None:
        nonce = random(NONCE_BYTES)
        sealed = (
            await asyncio.to_thread(_pack, key, sha, body, nonce)
            if big
            else _pack(key, sha, body, nonce)
        )
        await tx.execute(
            """
            insert into evidence_file (sha256, kind, media_type, size, sealed, at)
            values (%s, %s, %s, %s, %s, %s) on conflict do nothing
            """,
            (sha, kind, media_type[:200], len(body), sealed, now),
        )
    return sha


async def get(db: Db, key: bytes, sha256: bytes) -> EvidenceFile:
    """What is kept, opened, for our own work. Raises `NoEvidenceFile`; `BadSeal` with another key."""
    row = await (
        await db.execute(
            "select kind, media_type, size, sealed from evidence_file where sha256 = %s", (sha256,)
        )
    ).fetchone()
    if row is None:
        raise NoEvidenceFile(sha256.hex())
    kind, media_type, size, sealed = row
    body = await asyncio.to_thread(_unpack, key, sha256, bytes(sealed), int(size))
    return EvidenceFile(sha256=sha256, kind=kind, media_type=media_type, body=body)


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
    found = await get(tx.db, key, sha256)
    tx.audit(
        AuditEntry(
            actor=viewer.login, action="evidence_file:open", object=f"evidence_file:{sha256.hex()}"
        )
    )
    return found


def _sha(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _pack(key: bytes, sha: bytes, body: bytes, nonce: bytes) -> bytes:
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(body)
    return seal(key, _purpose(sha), packed, nonce)


def _unpack(key: bytes, sha: bytes, sealed: bytes, size: int) -> bytes:
    packed = unseal(key, _purpose(sha), sealed)
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=max(size, 1))


def _purpose(sha: bytes) -> str:
    return f"evidence_file:{sha.hex()}"
