"""When a source is read, how far it was read, and how long it rests after a failure."""

from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from zvon.store.party import Db
from zvon.store.source import Setup
from zvon.store.source_day import count
from zvon.store.transaction import Tx

REST = timedelta(minutes=1)
LONGEST_REST = timedelta(hours=6)
MAX_PROBLEM = 500
AT_ONCE = 24
FAILING_AT_ONCE = 8


class Moved(RuntimeError):
    """Somebody else has read the source meanwhile, or changed it; what they have is kept."""


async def due(db: Db, now: datetime) -> list[int]:
    """Sources whose time has come, as many as there is room for; those that wait longest first.

    At most `AT_ONCE` are read at the same time, and at most `FAILING_AT_ONCE` of those that failed
    the last time: servers that hang leave room for those that answer, and for other jobs.
    """
    row = await (
        await db.execute(
            """
            select count(*) filter (where p.failures = 0), count(*) filter (where p.failures > 0)
            from pgqueuer q
            join source_setup p on p.source_id = (convert_from(q.payload, 'UTF8')::jsonb->>'id')::bigint
            where q.entrypoint = 'collect.pull_one' and q.status in ('queued', 'picked')
            """
        )
    ).fetchone()
    assert row is not None
    good, failing = int(row[0]), int(row[1])
    rows = await (
        await db.execute(
            """
            (select source_id, next_at from source_setup
             where next_at <= %(now)s and not paused and removed_at is null
               and collector_id is null and failures > 0
             order by next_at limit %(failing)s)
            union all
            (select source_id, next_at from source_setup
             where next_at <= %(now)s and not paused and removed_at is null
               and collector_id is null and failures = 0
             order by next_at limit %(good)s)
            order by next_at
            """,
            {"now": now, "failing": max(0, FAILING_AT_ONCE - failing),
             "good": max(0, AT_ONCE - FAILING_AT_ONCE - good)},
        )
    ).fetchall()  # fmt: skip
    return [int(row[0]) for row in rows]


async def begin(tx: Tx, source_id: int, now: datetime, until: datetime) -> None:
    """A reading begins; nobody else begins one before `until`, also when this one is killed."""
    await tx.execute(
        "update source_setup set tried_at = %s, next_at = %s"
        " where source_id = %s and next_at is not null",
        (now, until, source_id),
    )


async def advance(tx: Tx, source: Setup, cursor: dict[str, Any]) -> None:
    """Write how far `source` was read. Raises `Moved` when it is not where `source` says."""
    done = await tx.execute(
        "update source_setup set cursor = %s where source_id = %s and cursor = %s",
        (Jsonb(cursor), source.id, Jsonb(source.cursor)),
    )
    if done.rowcount != 1:
        raise Moved(f"{source.name} was read by another worker")


async def done(tx: Tx, source_id: int, now: datetime, *, more: bool = False) -> None:
    """The source answered as it should; it is read again at once when there is `more`."""
    await tx.execute(
        """
        update source_setup set read_at = %(now)s, failures = 0, problem = '',
          next_at = case when every_s is null then null when %(more)s then %(now)s
                    else %(now)s + make_interval(secs => every_s) end
        where source_id = %(id)s
        """,
        {"id": source_id, "now": now, "more": more},
    )


async def failed(
    tx: Tx,
    source_id: int,
    problem: str,
    now: datetime,
    jitter: float,
    *,
    after: timedelta | None = None,
) -> datetime | None:
    """Note that the source did not answer, and when it is tried again.

    The rest doubles with each failure from `REST` to `LONGEST_REST`; `jitter` (0 to 1) takes up to
    a half off, so that sources of one server are not asked together. `after` is what the server
    asked for, and is the least.
    """
    row = await (
        await tx.execute(
            """
            update source_setup set failed_at = %(now)s, problem = %(problem)s,
              failures = least(failures + 1, 1000000),
              next_at = case when every_s is null then null else %(now)s + greatest(%(after)s,
                least(%(rest)s * power(2, least(failures, 20)), %(longest)s)
                * (1 - %(jitter)s::float8 / 2)) end
            where source_id = %(id)s returning next_at
            """,
            {"id": source_id, "now": now, "problem": printable(problem)[:MAX_PROBLEM],
             "after": after or timedelta(0), "rest": REST, "longest": LONGEST_REST,
             "jitter": jitter},
        )
    ).fetchone()  # fmt: skip
    await count(tx, source_id, now, failures=1)
    return None if row is None else row[0]


def printable(text: str) -> str:
    """What a stranger's server said, as one line that can be stored and shown."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


async def note(tx: Tx, source_id: int, problem: str, now: datetime) -> None:
    """Note what went wrong while the source itself goes on; nothing rests for it."""
    await tx.execute(
        "update source_setup set failed_at = %s, problem = %s where source_id = %s",
        (now, printable(problem)[:MAX_PROBLEM], source_id),
    )


async def taken(db: Db, source_id: int, externals: list[str]) -> frozenset[str]:
    """Which of these deliveries, by what the source calls them, came before."""
    rows = await (
        await db.execute(
            "select external from delivery where source_id = %s and external = any(%s)",
            (source_id, externals),
        )
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)
