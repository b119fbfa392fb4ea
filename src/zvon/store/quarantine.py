"""What could not be read: kept with position and reason, to be replayed when it can be."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.transaction import Tx

MAX_ID = (1 << 63) - 1


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
