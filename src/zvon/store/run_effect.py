"""What the steps of runs made, as the database itself wrote it down while they worked."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.transaction import Tx
from zvon.store.visibility import SYSTEM, viewer_setting


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

    When the block raises, the savepoint around it puts both settings back.
    """
    await tx.execute(
        "select set_config('zvon.viewer', %s, true), set_config('zvon.step', %s, true)",
        (viewer_setting(viewer), str(step_run_id)),
    )
    yield
    await tx.execute(
        "select set_config('zvon.viewer', %s, true), set_config('zvon.step', '', true)", (SYSTEM,)
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
