"""Single steps and runs that a person moves: done again, left out, taken back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from zvon.store.party import Db
from zvon.store.run_row import RunRow, StepRow
from zvon.store.transaction import Tx


async def again(tx: Tx, step: StepRow, due_at: datetime, now: datetime) -> None:
    """Have a step begin anew, with all its attempts and its whole time."""
    await tx.execute(
        "update run_wait set ended_at = %s where step_run_id = %s and ended_at is null",
        (now, step.id),
    )
    await tx.execute(
        "update step_run set state = 'ready', ready_at = null, attempt = 0, due_at = %s,"
        " error = '' where id = %s and state = 'waiting'",
        (due_at, step.id),
    )


async def skip(tx: Tx, steps: Sequence[int], now: datetime) -> None:
    """Leave open steps out."""
    await tx.execute(
        "update step_run set state = 'skipped', ended_at = %s, leased_by = null,"
        " lease_until = null where id = any(%s)",
        (now, list(steps)),
    )
    await tx.execute(
        "update run_wait set ended_at = %s where step_run_id = any(%s) and ended_at is null",
        (now, list(steps)),
    )


async def compensating(tx: Tx, run: RunRow, now: datetime) -> None:
    """The run takes back what it made."""
    await tx.execute(
        "update run set state = 'compensating', changed_at = greatest(%s, started_at),"
        " version = version + 1 where id = %s",
        (now, run.id),
    )


async def children(db: Db, run_id: int) -> list[UUID]:
    """The open runs that a run started."""
    cursor = await db.execute(
        "select uuid from run where cause_id = %s and ended_at is null order by id", (run_id,)
    )
    return [row[0] for row in await cursor.fetchall()]
