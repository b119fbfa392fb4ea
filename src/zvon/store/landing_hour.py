"""How often the landing page was shown, by block and hour. No address, no name, no browser."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from zvon.store.transaction import Tx

Db = AsyncConnection[TupleRow]

KEPT = timedelta(days=400)


async def add(tx: Tx, counted: Mapping[tuple[datetime, str], int]) -> None:
    """Add counts by hour and block number; the empty number stands for all other addresses."""
    keys = sorted(counted)
    await tx.execute("set local synchronous_commit = off")  # a lost minute of counts is no loss
    await tx.execute(
        """
        insert into landing_hour as l (hour, number, hits)
        select * from unnest(%s::timestamptz[], %s::text[], %s::bigint[])
        on conflict (hour, number) do update set hits = l.hits + excluded.hits
        """,
        ([hour for hour, _ in keys], [number for _, number in keys], [counted[k] for k in keys]),
    )


async def since(db: Db, hour: datetime) -> dict[str, int]:
    """Visits for each block number from `hour` on."""
    rows = await (
        await db.execute(
            "select number, sum(hits)::bigint from landing_hour where hour >= %s group by number",
            (hour,),
        )
    ).fetchall()
    return {row[0]: int(row[1]) for row in rows}


async def forget(tx: Tx, now: datetime) -> None:
    """Drop what is older than `KEPT`."""
    await tx.execute("delete from landing_hour where hour < %s", (now - KEPT,))
