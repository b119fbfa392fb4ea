"""Reading the change log: what happened after a place, as far as the viewer may see it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store.party import Db
from zvon.store.visibility import Looking

MAX_SEQ = (1 << 63) - 1


class ChangeRow(Struct, frozen=True, kw_only=True):
    """One change. `seq` rises without gaps in commit order; a viewer sees those it may see."""

    seq: int
    at: datetime
    record_id: int | None
    subject: UUID
    kind: str
    op: str
    tlp: int


async def since(db: Db, _viewer: Looking, seq: int, limit: int = 1000) -> list[ChangeRow]:
    """Changes after `seq`, in order; `db` comes from `visibility.read(pool, viewer)`.

    To go on, give the last `seq`, or `head` when nothing came: rows that the viewer may not see
    are left out and never come later.
    """
    async with db.cursor(row_factory=class_row(ChangeRow)) as cursor:
        await cursor.execute(
            "select seq, at, record_id, subject, kind, op, tlp from change"
            " where seq > %s order by seq limit %s",
            (min(seq, MAX_SEQ), limit),
        )
        return await cursor.fetchall()


async def head(db: Db) -> int:
    """The last place in the log."""
    row = await (await db.execute("select seq from head")).fetchone()
    assert row is not None
    return int(row[0])
