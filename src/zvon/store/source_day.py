"""What each source did, by day: what its page shows, and what its quality is computed from."""

from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store.party import Db
from zvon.store.transaction import Tx


class Day(Struct, frozen=True, kw_only=True):
    """One day (UTC). `fresh` are values that this node did not know before.

    `delay_s` is the sum of our receipt minus the source's own time over `delayed` records.
    """

    day: date
    deliveries: int
    bytes: int
    records: int
    observables: int
    fresh: int
    quarantined: int
    failures: int
    delay_s: float
    delayed: int


async def count(
    tx: Tx,
    source_id: int,
    now: datetime,
    *,
    deliveries: int = 0,
    bytes: int = 0,
    records: int = 0,
    observables: int = 0,
    fresh: int = 0,
    quarantined: int = 0,
    failures: int = 0,
    delay_s: float = 0.0,
    delayed: int = 0,
    lag_s: float | None = None,
) -> None:
    """Add to the source's day, in the transaction of what is counted. Call it last in there.

    With `deliveries` the source has just delivered; `lag_s` is the age of its newest entry.
    """
    # The set-up first, as whoever moves its cursor does: two transactions never wait crosswise.
    if deliveries or lag_s is not None:
        await tx.execute(
            """
            update source_setup set lag_s = coalesce(%(lag)s, lag_s),
              delivered_at = case when %(came)s then %(now)s else delivered_at end
            where source_id = %(id)s
            """,
            {"id": source_id, "lag": lag_s, "came": deliveries > 0, "now": now},
        )
    await tx.execute(
        """
        insert into source_day as d (source_id, day, deliveries, bytes, records, observables,
                                     fresh, quarantined, failures, delay_s, delayed)
        values (%(id)s, (%(now)s at time zone 'UTC')::date, %(deliveries)s, %(bytes)s, %(records)s,
                %(observables)s, %(fresh)s, %(quarantined)s, %(failures)s, %(delay_s)s,
                %(delayed)s)
        on conflict (source_id, day) do update set
          deliveries = d.deliveries + excluded.deliveries, bytes = d.bytes + excluded.bytes,
          records = d.records + excluded.records,
          observables = d.observables + excluded.observables, fresh = d.fresh + excluded.fresh,
          quarantined = d.quarantined + excluded.quarantined,
          failures = d.failures + excluded.failures, delay_s = d.delay_s + excluded.delay_s,
          delayed = d.delayed + excluded.delayed
        """,
        {"id": source_id, "now": now, "deliveries": deliveries, "bytes": bytes,
         "records": records, "observables": observables, "fresh": fresh,
         "quarantined": quarantined, "failures": failures, "delay_s": delay_s,
         "delayed": delayed},
    )  # fmt: skip


async def days(db: Db, source_id: int, now: datetime, most: int = 30) -> list[Day]:
    """The last `most` days on which the source did something, oldest first."""
    since = (now - timedelta(days=most)).date()
    async with db.cursor(row_factory=class_row(Day)) as cursor:
        await cursor.execute(
            """
            select day, deliveries, bytes, records, observables, fresh, quarantined, failures,
                   delay_s, delayed
            from source_day where source_id = %s and day > %s order by day
            """,
            (source_id, since),
        )
        return await cursor.fetchall()


async def totals(db: Db, since: date) -> dict[int, dict[str, Any]]:
    """What every source did since that day, by its number."""
    rows = await (
        await db.execute(
            """
            select source_id, sum(deliveries), sum(bytes), sum(records), sum(observables),
                   sum(fresh), sum(quarantined), sum(failures)
            from source_day where day > %s group by source_id
            """,
            (since,),
        )
    ).fetchall()
    names = ("deliveries", "bytes", "records", "observables", "fresh", "quarantined", "failures")
    return {int(r[0]): dict(zip(names, map(int, r[1:]), strict=True)) for r in rows}
