"""Deliveries: what came from a source, kept byte for byte in pieces, and how far it is read."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

import zstandard
from msgspec import Struct
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import uuid7
from zvon.store import data_key
from zvon.store.data_key import keys_of
from zvon.store.data_policy import require_reader
from zvon.store.party import Db
from zvon.store.source import operator
from zvon.store.transaction import Pool, Tx
from zvon.store.visibility import SYSTEM, read

PIECE = 1 << 20  # bytes before compression, at most
AT_ONCE = 4  # pieces that are in memory together
MAX_ID = (1 << 63) - 1
MOST = 200

WAITING, READING, DONE, FAILED = "waiting", "reading", "done", "failed"


class NoDelivery(LookupError):
    """There is no such delivery."""


class New(Struct, frozen=True, kw_only=True):
    """What is known of a delivery when it has come whole. `format` is set where it was said."""

    source_id: int
    sha256: bytes
    size: int
    chunks: int
    received_at: datetime
    name: str = ""
    media_type: str = ""
    external: str | None = None
    format: str = ""


class Kept(Struct, frozen=True):
    """A delivery in the store. `fresh` is false when it had come before, `reads` when a job is due."""

    id: int
    uuid: UUID
    fresh: bool
    reads: bool


class Delivery(Struct, frozen=True, kw_only=True):
    """A delivery and what became of it.

    `state` is waiting, reading, done or failed. `why` says how its decoder was chosen; `cursor`
    how far it is read. `again` counts how often the same bytes came after it. `observables` are
    values stored with records, each once a record.
    """

    id: int
    uuid: UUID
    source_id: int
    source_uuid: UUID
    source_name: str
    external: str | None
    name: str
    media_type: str
    sha256: bytes
    size: int
    chunks: int
    state: str
    format: str
    why: dict[str, Any]
    mapping_id: int | None
    cursor: dict[str, Any]
    items: int
    records: int
    observables: int
    quarantined: int
    warnings: list[str]
    problem: str
    received_at: datetime
    done_at: datetime | None
    again: int
    again_at: datetime | None


async def put(tx: Tx, new: New, pieces: AsyncIterator[bytes], random: bytes) -> Kept:
    """Keep a delivery and its `pieces` (packed, in order); it shows when the transaction ends.

    The same bytes from the same source, or the same `external`, are one delivery: it is noted
    that they came again, and one that had failed is read once more.
    """
    # Two of them at once would both find nothing; the second waits here.
    await tx.execute(
        "select pg_advisory_xact_lock(%s)",
        (int.from_bytes(new.sha256[:8], "big", signed=True) ^ new.source_id,),
    )
    known = await _known(tx, new)
    if known is not None:
        return known
    uuid = uuid7(new.received_at, random)
    made = await (
        await tx.execute(
            """
            insert into delivery (uuid, source_id, external, name, media_type, sha256, size, chunks,
                                  state, format, why, received_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, 'waiting', %s, %s, %s)
            on conflict (source_id, external) do nothing returning id
            """,
            (uuid, new.source_id, new.external, new.name, new.media_type, new.sha256, new.size,
             new.chunks, new.format, Jsonb({"why": "SAID"} if new.format else {}),
             new.received_at),
        )
    ).fetchone()  # fmt: skip
    if made is None:  # another transaction was first with this name
        known = await _known(tx, new)
        assert known is not None
        return known
    day = new.received_at.astimezone(UTC).date()
    key = await data_key.of_day(tx, keys_of(tx.db), data_key.DELIVERY, day, new.received_at)
    delivery_id, n, batch = int(made[0]), 0, list[tuple[int, int, bytes, int, int]]()
    async for packed in pieces:
        size = zstandard.frame_content_size(packed)
        sealed = await asyncio.to_thread(key.seal, _purpose(delivery_id, n), packed)
        batch.append((delivery_id, n, sealed, size, key.id))
        n += 1
        if len(batch) == AT_ONCE:
            await _add(tx, batch)
            batch.clear()
    await _add(tx, batch)
    return Kept(delivery_id, uuid, fresh=True, reads=True)


async def _known(tx: Tx, new: New) -> Kept | None:
    row = await (
        await tx.execute(
            """
            update delivery set again = again + 1, again_at = %(now)s,
              state = case when state = 'failed' then 'waiting' else state end,
              problem = case when state = 'failed' then '' else problem end
            from (select id as found, state as before from delivery
                  where source_id = %(source)s and (sha256 = %(sha)s or external = %(external)s)
                  order by id limit 1) x
            where id = x.found returning id, uuid, x.before = 'failed'
            """,
            {"now": new.received_at, "source": new.source_id, "sha": new.sha256,
             "external": new.external},
        )
    ).fetchone()  # fmt: skip
    return None if row is None else Kept(int(row[0]), row[1], fresh=False, reads=row[2])


async def _add(tx: Tx, rows: Sequence[tuple[int, int, bytes, int, int]]) -> None:
    if rows:
        async with tx.db.cursor() as cursor:
            await cursor.executemany(
                "insert into delivery_chunk (delivery_id, n, body, size, key_id)"
                " values (%s, %s, %s, %s, %s)",
                rows,
            )


def pack(piece: bytes) -> bytes:
    """A piece as it is kept (zstd with its size in the frame)."""
    return zstandard.ZstdCompressor(level=3).compress(piece)


def unpack(packed: bytes) -> bytes:
    """A piece as it came."""
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=PIECE)


async def piece(db: Db, delivery_id: int, n: int) -> bytes | None:
    """One packed piece, from 0; `None` after the last one. Raises `data_key.KeyDestroyed`."""
    row = await (
        await db.execute(
            """
            select c.body, k.country, k.class, k.day, k.key_sealed
            from delivery_chunk c join data_key k on k.id = c.key_id
            where c.delivery_id = %s and c.n = %s
            """,
            (delivery_id, n),
        )
    ).fetchone()
    if row is None:
        return None
    key, purpose = (row[1], row[2], row[3], row[4]), _purpose(delivery_id, n)
    return await asyncio.to_thread(data_key.read, keys_of(db), key, purpose, bytes(row[0]))


def _purpose(delivery_id: int, n: int) -> str:
    return f"delivery_chunk:{delivery_id}:{n}"


async def body(pool: Pool, delivery_id: int) -> AsyncIterator[bytes]:
    """The bytes as they came, in pieces; no connection is held between them."""
    n = 0
    while True:
        async with read(pool, SYSTEM) as db:
            packed = await piece(db, delivery_id, n)
        if packed is None:
            return
        yield unpack(packed)
        n += 1


_SELECT: LiteralString = """
select d.id, d.uuid, d.source_id, s.uuid as source_uuid, s.name as source_name, d.external, d.name,
       d.media_type, d.sha256, d.size, d.chunks, d.state, d.format, d.why, d.mapping_id, d.cursor,
       d.items, d.records, d.observables, d.quarantined, d.warnings, d.problem, d.received_at,
       d.done_at, d.again, d.again_at
from delivery d join source s on s.id = d.source_id
where """


async def _select(db: Db, rest: LiteralString, params: dict[str, Any]) -> list[Delivery]:
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return [
            Delivery(**{**row, "sha256": bytes(row["sha256"])}) for row in await cursor.fetchall()
        ]


async def by_id(db: Db, delivery_id: int) -> Delivery:
    """One delivery, for our own jobs. Raises `NoDelivery`."""
    found = await _select(db, "d.id = %(id)s", {"id": delivery_id})
    if not found:
        raise NoDelivery(f"there is no delivery {delivery_id}")
    return found[0]


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Delivery:
    """One delivery for a reader. Raises `Denied`, `NoDelivery`."""
    operator(viewer, Permission.SOURCE_READ)
    found = await _select(db, "d.uuid = %(uuid)s", {"uuid": uuid})
    if not found:
        raise NoDelivery(f"there is no delivery {uuid}")
    return found[0]


async def raw(db: Db, viewer: Viewer, uuid: UUID) -> Delivery:
    """One delivery for whoever sees what could not be read of it. Raises `Denied`, `NoDelivery`."""
    operator(viewer, Permission.QUARANTINE_READ)
    found = await _select(db, "d.uuid = %(uuid)s", {"uuid": uuid})
    if not found:
        raise NoDelivery(f"there is no delivery {uuid}")
    return found[0]


async def readable(db: Db, viewer: Viewer, uuid: UUID) -> Delivery:
    """One delivery for whoever may read its bytes, by permission and by the data policy.

    Raises `Denied`, `Refused`, `NoDelivery`.
    """
    found = await raw(db, viewer, uuid)
    made_in = await (
        await db.execute(
            "select y.country from source s join party y on y.id = s.party_id where s.id = %s",
            (found.source_id,),
        )
    ).fetchone()
    await require_reader(db, viewer, "delivery.raw", None if made_in is None else made_in[0])
    return found


async def sent(pool: Pool, viewer: Viewer, uuid: UUID) -> Delivery:
    """One delivery for whoever may send into its source: what became of it.

    Deliveries are the operator's rows, so this is asked as our own job and answered only to the
    party that the source belongs to. Raises `Denied`, and `NoDelivery` also for those of others.
    """
    viewer.require(Permission.INTAKE_WRITE)
    async with read(pool, SYSTEM) as db:
        found = await _select(
            db,
            "d.uuid = %(uuid)s and (%(own)s or s.party_id = %(party)s)",
            {"uuid": uuid, "own": viewer.party_own, "party": viewer.party_id},
        )
    if not found:
        raise NoDelivery(f"there is no delivery {uuid}")
    return found[0]


async def list_all(
    db: Db,
    viewer: Viewer,
    *,
    source_id: int | None = None,
    state: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Deliveries, newest first, of one source and in one state if asked; `after` is the last `id`
    of the page before. Raises `Denied`.
    """
    operator(viewer, Permission.SOURCE_READ)
    return await _select(
        db,
        """
        (%(source)s::bigint is null or d.source_id = %(source)s)
        and (%(state)s::text is null or d.state = %(state)s)
        and (%(after)s::bigint is null or d.id < %(after)s)
        order by d.id desc limit %(limit)s
        """,
        {"source": source_id, "state": state, "limit": min(limit, MOST),
         "after": None if after is None else min(after, MAX_ID)},
    )  # fmt: skip


async def waiting(db: Db, source_id: int | None = None, limit: int = 1000) -> list[int]:
    """Ids of deliveries that could be read now: their source is not paused, and no person has to
    confirm a mapping first.
    """
    rows = await (
        await db.execute(
            """
            select d.id from delivery d join source_setup p on p.source_id = d.source_id
            where d.state = 'waiting' and not p.paused and p.removed_at is null
              and (%(source)s::bigint is null or d.source_id = %(source)s)
              and (d.mapping_id is null or exists (
                select from mapping m where m.id = d.mapping_id and m.state <> 'proposed'))
            order by d.id limit %(limit)s
            """,
            {"source": source_id, "limit": limit},
        )
    ).fetchall()
    return [int(row[0]) for row in rows]
