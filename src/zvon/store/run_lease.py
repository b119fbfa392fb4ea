"""Which worker does which step: leases that end by themselves, so that a dead worker costs one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.store.party import Db
from zvon.store.run_row import STEP, StepRow
from zvon.store.transaction import Tx

CHANNEL = "zvon_run"


async def claim(tx: Tx, worker: str, now: datetime, lease: timedelta, limit: int) -> list[StepRow]:
    """Take up to `limit` steps that are ready, the longest ready first; each has one more attempt."""
    async with tx.db.cursor(row_factory=class_row(StepRow)) as cursor:
        await cursor.execute(
            """
            with due as (
              select id from step_run where state = 'ready'
                and (ready_at is null or ready_at <= %(now)s)
              order by ready_at nulls first, id limit %(limit)s for update skip locked)
            update step_run s set state = 'leased', attempt = s.attempt + 1,
              leased_by = %(worker)s, lease_until = %(until)s,
              started_at = coalesce(s.started_at, %(now)s)
            from due where s.id = due.id
            returning s.id, s.uuid, s.run_id, s.step, s.iteration, s.token, s.kind, s.state,
                      s.attempt, s.input, s.output, s.error, s.ready_at, s.due_at, s.started_at,
                      s.ended_at
            """,
            {"now": now, "limit": limit, "worker": worker, "until": now + lease},
        )
        rows = await cursor.fetchall()
    return sorted(rows, key=lambda row: (row.run_id, row.id))


async def still_mine(tx: Tx, worker: str, steps: Sequence[StepRow]) -> set[int]:
    """Which of the steps this worker still has, locked; another one may have them after a pause."""
    cursor = await tx.execute(
        """
        select s.id from step_run s
          join unnest(%s::bigint[], %s::smallint[]) x(id, attempt) on x.id = s.id
        where s.state = 'leased' and s.leased_by = %s and s.attempt = x.attempt
        order by s.id for update of s
        """,
        ([step.id for step in steps], [step.attempt for step in steps], worker),
    )
    return {row[0] for row in await cursor.fetchall()}


async def free_lost(
    tx: Tx, now: datetime, lease: timedelta, limit: int
) -> list[tuple[int, str, str]]:
    """Give steps back whose worker is silent: (run, step, worker) of each.

    A lease that ends later than any could is of a clock that was set back since: it is lost too.
    """
    cursor = await tx.execute(
        """
        with lost as (
          select id, leased_by from step_run where state = 'leased'
            and (lease_until <= %(now)s or lease_until > %(now)s + %(lease)s)
          order by lease_until, id limit %(limit)s for update skip locked)
        update step_run s set state = 'ready', leased_by = null, lease_until = null
        from lost where s.id = lost.id returning s.run_id, s.step, lost.leased_by
        """,
        {"now": now, "limit": limit, "lease": lease},
    )
    return sorted(await cursor.fetchall())


async def overdue(db: Db, now: datetime, limit: int) -> list[StepRow]:
    """Steps whose time is over, the longest first; lock their runs and ask `still_over`."""
    async with db.cursor(row_factory=class_row(StepRow)) as cursor:
        await cursor.execute(
            STEP + " where s.state in ('ready', 'waiting') and s.due_at <= %s"
            " order by s.due_at, s.id limit %s",
            (now, limit),
        )
        return await cursor.fetchall()


async def still_over(tx: Tx, steps: Sequence[int], now: datetime) -> set[int]:
    """Which of the steps are still over their time, locked."""
    cursor = await tx.execute(
        "select id from step_run where id = any(%s) and state in ('ready', 'waiting')"
        " and due_at <= %s order by id for update",
        (list(steps), now),
    )
    return {row[0] for row in await cursor.fetchall()}


async def wake(tx: Tx, steps: Sequence[int]) -> int:
    """Have waiting steps looked at again at once; how many there were."""
    if not steps:
        return 0
    cursor = await tx.execute(
        "update step_run set state = 'ready', ready_at = null, attempt = 0 where id = any(%s)"
        " and state = 'waiting'",
        (list(steps),),
    )
    if cursor.rowcount:
        await notify(tx)
    return cursor.rowcount


async def wake_about(tx: Tx, subjects: Sequence[UUID]) -> int:
    """Wake the steps that wait for one of `subjects`, or that made it."""
    cursor = await tx.execute(
        """
        select w.step_run_id from run_wait w where w.ended_at is null and w.about = any(%(s)s)
        union
        select e.step_run_id from run_effect e join run_wait w on w.step_run_id = e.step_run_id
        where w.ended_at is null and e.subject = any(%(s)s)
        """,
        {"s": list(subjects)},
    )
    return await wake(tx, [row[0] for row in await cursor.fetchall()])


async def tell(tx: Tx, step: UUID, result: dict[str, Any]) -> bool:
    """What a job found out for a step that waits for it; false when it no longer waits."""
    cursor = await tx.execute(
        """
        update run_wait w set result = %s from step_run s
        where s.id = w.step_run_id and s.uuid = %s and w.ended_at is null and w.kind = 'job'
        returning w.step_run_id
        """,
        (Jsonb(result), step),
    )
    return await wake(tx, [row[0] for row in await cursor.fetchall()]) > 0


async def unanswered_mail(tx: Tx, now: datetime, every: timedelta, limit: int) -> list[int]:
    """Steps that wait for an answer by mail and were not looked at for `every`."""
    cursor = await tx.execute(
        """
        update run_wait set polled_at = %(now)s where step_run_id in (
          select step_run_id from run_wait where ended_at is null and kind = 'message'
            and coalesce(polled_at, since) <= %(before)s
          order by polled_at nulls first limit %(limit)s for update skip locked)
        returning step_run_id
        """,
        {"now": now, "before": now - every, "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def notify(tx: Tx) -> None:
    """Wake the workers when the transaction commits."""
    await tx.execute("select pg_notify(%s, '')", (CHANNEL,))
