"""What is known about jobs beside running them: held ones, the backlog, schedules, signs of life."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from zvon.store.transaction import Tx


class HeldJob(Struct, frozen=True):
    """A job that failed in all its attempts and waits for a person; `error` is its last one."""

    id: int
    name: str
    payload: bytes
    created_at: datetime
    attempts: int
    error: str


class Backlog(Struct, frozen=True):
    """How much waits: jobs that could run now, the age of the oldest, and what is held."""

    ready: int
    oldest: timedelta
    running: int
    held: int


class Heartbeat(Struct, frozen=True):
    """The last sign of life of one process."""

    role: str
    pid: int
    at: datetime


async def held(db: AsyncConnection[TupleRow], *, limit: int = 100) -> list[HeldJob]:
    """The newest held jobs."""
    async with db.cursor(row_factory=class_row(HeldJob)) as cursor:
        await cursor.execute(
            """
            select q.id, q.entrypoint as name, coalesce(q.payload, ''::bytea) as payload,
                   q.created as created_at, q.attempts,
                   coalesce((select l.traceback->>'exception_message' from pgqueuer_log l
                             where l.job_id = q.id and l.traceback is not null
                             order by l.id desc limit 1), '') as error
            from pgqueuer q where q.status = 'failed' order by q.id desc limit %s
            """,
            (limit,),
        )
        return await cursor.fetchall()


async def backlog(db: AsyncConnection[TupleRow], now: datetime) -> Backlog:
    """Count what waits."""
    cursor = await db.execute(
        """
        select count(*) filter (where status = 'queued' and execute_after <= %(now)s),
               coalesce(%(now)s - min(execute_after)
                        filter (where status = 'queued' and execute_after <= %(now)s),
                        interval '0'),
               count(*) filter (where status = 'picked'),
               count(*) filter (where status = 'failed')
        from pgqueuer
        """,
        {"now": now},
    )
    row = await cursor.fetchone()
    assert row is not None
    return Backlog(*row)


async def due(tx: Tx, schedule: Mapping[str, timedelta], now: datetime) -> list[str]:
    """The names whose interval has passed; each is given to one caller only."""
    cursor = await tx.execute(
        """
        insert into job_schedule as s (name, ran_at)
        select name, %(now)s from unnest(%(names)s::text[], %(every)s::interval[]) x(name, every)
        order by name
        on conflict (name) do update set ran_at = excluded.ran_at
        where s.ran_at <= excluded.ran_at - (
          select every from unnest(%(names)s::text[], %(every)s::interval[]) y(name, every)
          where y.name = s.name)
        returning name
        """,
        {"now": now, "names": list(schedule), "every": list(schedule.values())},
    )
    return [row[0] for row in await cursor.fetchall()]


async def beat(tx: Tx, role: str, pid: int, now: datetime) -> None:
    """Say that the process lives. Lost on a power cut, which is no loss."""
    await tx.execute("set local synchronous_commit = off")
    await tx.execute(
        """
        insert into heartbeat (role, pid, at) values (%s, %s, %s)
        on conflict (role, pid) do update set at = excluded.at
        """,
        (role, pid, now),
    )
    await tx.execute("delete from heartbeat where at < %s", (now - timedelta(hours=1),))


async def heartbeats(db: AsyncConnection[TupleRow]) -> Sequence[Heartbeat]:
    """The last sign of life of every process of the last hour, newest first."""
    async with db.cursor(row_factory=class_row(Heartbeat)) as cursor:
        await cursor.execute("select role, pid, at from heartbeat order by at desc, role, pid")
        return await cursor.fetchall()


async def purge(tx: Tx, before: datetime) -> int:
    """Forget what the queue logged about jobs that ended before `before`; it never does itself."""
    cursor = await tx.execute("delete from pgqueuer_log where created < %s", (before,))
    await tx.execute("delete from pgqueuer_statistics where created < %s", (before,))
    return cursor.rowcount
