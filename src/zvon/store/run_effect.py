"""What the steps of runs made, as the database itself wrote it down while they worked."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg import OperationalError, sql
from psycopg.rows import class_row

from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.transaction import Tx
from zvon.store.visibility import viewer_setting


class Effect(Struct, frozen=True, kw_only=True):
    """One row that a step made: `kind` is its table."""

    id: int
    step_run_id: int
    kind: str
    subject: UUID
    sandbox: bool
    undone_at: datetime | None


@asynccontextmanager
async def acting(tx: Tx, viewer: Viewer, step_run_id: int) -> AsyncIterator[None]:
    """See and write as `viewer`, and have the database note what is made as made by the step.

    A savepoint of its own: when the block raises, what it wrote, noted and set is undone, and the
    error goes on. Begins and ends with one round trip each; a run has many short steps.
    """
    changes, audits, zone_ops = list(tx.changes), list(tx.audits), list(tx.zone_ops)
    serials = dict(tx.serials)
    who, step = sql.Literal(viewer_setting(viewer)), sql.Literal(str(step_run_id))
    await tx.db.execute(
        sql.SQL("savepoint zvon_step; set local zvon.viewer = {}; set local zvon.step = {}").format(
            who, step
        )
    )
    try:
        yield
    except BaseException:
        tx.changes, tx.audits, tx.zone_ops, tx.serials = changes, audits, zone_ops, serials
        with suppress(OperationalError):  # the connection is gone, and all of it with it
            await tx.db.execute("rollback to savepoint zvon_step; release savepoint zvon_step")
        raise
    await tx.db.execute(
        "release savepoint zvon_step; set local zvon.viewer = 'system'; set local zvon.step = ''"
    )


async def of_step(db: Db, step_run_id: int) -> list[Effect]:
    """What a step made, in order."""
    return await _read(db, "select * from run_effect where step_run_id = %s order by id",
                       step_run_id)  # fmt: skip


async def of_run(db: Db, run_id: int) -> list[Effect]:
    """What a run made, the last first."""
    return await _read(
        db,
        "select e.* from run_effect e join step_run s on s.id = e.step_run_id"
        " where s.run_id = %s order by e.id desc",
        run_id,
    )


async def undone(tx: Tx, effects: Sequence[Effect], now: datetime) -> None:
    """Say that these were taken back."""
    await tx.execute(
        "update run_effect set undone_at = %s where id = any(%s)", (now, [e.id for e in effects])
    )


async def _read(db: Db, query: str, key: int) -> list[Effect]:
    async with db.cursor(row_factory=class_row(Effect)) as cursor:
        await cursor.execute(query, (key,))
        return await cursor.fetchall()
