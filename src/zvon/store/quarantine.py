"""What could not be read: kept with position and reason, to be replayed when it can be."""

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.source import operator
from zvon.store.transaction import Tx

MAX_ID = (1 << 63) - 1


class NoPiece(LookupError):
    """Nothing stands in quarantine under this number."""


class Quarantined(Struct, frozen=True, kw_only=True):
    """One input that waits. `position` says where reading failed, `reason` why."""

    id: int
    raw_sha256: bytes
    record_uuid: UUID | None
    media_type: str
    size: int
    position: str
    reason: str
    at: datetime
    replayed_at: datetime | None


async def put(
    tx: Tx,
    raw_sha256: bytes,
    *,
    position: str,
    reason: str,
    now: datetime,
    record_id: int | None = None,
    source_id: int | None = None,
) -> int:
    """Set an input aside; one row for each input of a record, however often it is tried."""
    row = await (
        await tx.execute(
            """
            with known as (select id from quarantine where raw_sha256 = %(raw)s
                           and record_id is not distinct from %(record)s and replayed_at is null),
            made as (
              insert into quarantine (raw_sha256, record_id, source_id, position, reason, at)
              select %(raw)s, %(record)s, %(source)s, %(position)s, %(reason)s, %(now)s
              where not exists (select from known) returning id)
            select id from known union all select id from made limit 1
            """,
            {"raw": raw_sha256, "record": record_id, "source": source_id, "position": position,
             "reason": reason, "now": now},
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


async def waiting(
    db: Db, viewer: Viewer, after: int | None = None, limit: int = 100
) -> list[Quarantined]:
    """What waits, newest first. Raises `Denied` without `quarantine:read`."""
    viewer.require(Permission.QUARANTINE_READ)
    async with db.cursor(row_factory=class_row(Quarantined)) as cursor:
        await cursor.execute(
            """
            select q.id, q.raw_sha256, r.uuid as record_uuid, w.media_type, w.size, q.position,
                   q.reason, q.at, q.replayed_at
            from quarantine q join raw_input w on w.sha256 = q.raw_sha256
            left join record r on r.id = q.record_id
            where q.replayed_at is null and (%(after)s::bigint is null or q.id < %(after)s)
            order by q.id desc limit %(limit)s
            """,
            {"after": None if after is None else min(after, MAX_ID), "limit": limit},
        )
        return await cursor.fetchall()


async def replayed(tx: Tx, quarantine_id: int, now: datetime) -> None:
    """Mark one as read after all."""
    await tx.execute(
        "update quarantine set replayed_at = %s where id = %s and replayed_at is null",
        (now, quarantine_id),
    )


class Piece(Struct, frozen=True, kw_only=True):
    """A piece of a delivery that nobody could read. `piece` is its beginning."""

    id: int
    source_uuid: UUID
    source_name: str
    delivery_uuid: UUID
    delivery_name: str
    position: str
    reason: str
    piece: bytes | None
    at: datetime
    replayed_at: datetime | None


_PIECES: LiteralString = """
select q.id, s.uuid as source_uuid, s.name as source_name, d.uuid as delivery_uuid,
       d.name as delivery_name, q.position, q.reason, q.at, q.replayed_at,
       case when zvon_may_read('delivery.raw', (select y.country from party y where y.id = s.party_id))
            then q.piece end as piece
from quarantine q join delivery d on d.id = q.delivery_id join source s on s.id = d.source_id
where """


async def pieces(
    db: Db,
    viewer: Viewer,
    *,
    source_id: int | None = None,
    delivery_id: int | None = None,
    after: int | None = None,
    limit: int = 100,
) -> list[Piece]:
    """Pieces that wait, newest first, of one source or delivery if asked; `after` is the last `id`
    of the page before. Raises `Denied`.
    """
    operator(viewer, Permission.QUARANTINE_READ)
    return await _pieces(
        db,
        """
        q.replayed_at is null
        and (%(source)s::bigint is null or q.source_id = %(source)s)
        and (%(delivery)s::bigint is null or q.delivery_id = %(delivery)s)
        and (%(after)s::bigint is null or q.id < %(after)s)
        order by q.id desc limit %(limit)s
        """,
        {"source": source_id, "delivery": delivery_id, "limit": limit,
         "after": None if after is None else min(after, MAX_ID)},
    )  # fmt: skip


async def of_source(db: Db, viewer: Viewer, source_id: int, *, limit: int = 100) -> list[Piece]:
    """The newest pieces of a source that wait. Raises `Denied`."""
    return await pieces(db, viewer, source_id=source_id, limit=limit)


async def of_delivery(db: Db, viewer: Viewer, delivery_id: int, *, limit: int = 100) -> list[Piece]:
    """The newest pieces of a delivery that wait. Raises `Denied`."""
    return await pieces(db, viewer, delivery_id=delivery_id, limit=limit)


async def one(db: Db, viewer: Viewer, quarantine_id: int) -> Piece:
    """One piece, replayed or not. Raises `Denied`, `NoPiece`."""
    operator(viewer, Permission.QUARANTINE_READ)
    found = await _pieces(db, "q.id = %(id)s", {"id": min(quarantine_id, MAX_ID)})
    if not found:
        raise NoPiece(f"there is no piece {quarantine_id}")
    return found[0]


async def count(db: Db, viewer: Viewer, source_id: int) -> int:
    """How many pieces of a source wait, those too that only are counted. Raises `Denied`."""
    operator(viewer, Permission.QUARANTINE_READ)
    row = await (
        await db.execute(
            "select coalesce(sum(quarantined), 0) from delivery where source_id = %s", (source_id,)
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def deliveries(
    db: Db, *, source_id: int | None, delivery_id: int | None, everything: bool, limit: int
) -> list[int]:
    """Ids of the deliveries with pieces that wait or that failed; with `everything` of all."""
    rows = await (
        await db.execute(
            """
            select d.id from delivery d
            where (%(source)s::bigint is null or d.source_id = %(source)s)
              and (%(delivery)s::bigint is null or d.id = %(delivery)s)
              and (%(all)s or d.state = 'failed' or d.quarantined > 0)
              and d.state in ('done', 'failed')
            order by d.id limit %(limit)s
            """,
            {"source": source_id, "delivery": delivery_id, "all": everything, "limit": limit},
        )
    ).fetchall()
    return [int(row[0]) for row in rows]


async def _pieces(db: Db, rest: LiteralString, params: dict[str, Any]) -> list[Piece]:
    async with db.cursor(row_factory=class_row(Piece)) as cursor:
        await cursor.execute(_PIECES + rest, params)
        return await cursor.fetchall()
