"""Scores by day and stratum, counted as they are given: what the drift monitor compares."""

from collections.abc import Mapping, Sequence
from datetime import date

from zvon.ml.drift import BINS
from zvon.store.party import Db
from zvon.store.transaction import Tx


async def add(tx: Tx, model: str, day: date, counts: Mapping[str, Sequence[int]]) -> None:
    """Add histograms of `BINS` bins to a day. Strata in one order, so that nobody deadlocks."""
    for stratum, bins in sorted(counts.items()):
        await tx.execute(
            """
            insert into model_day as d (model, day, stratum, bins) values (%s, %s, %s, %s)
            on conflict (model, day, stratum) do update set bins = (
              select array_agg(a + b order by n)
              from unnest(d.bins, excluded.bins) with ordinality x(a, b, n))
            """,
            (model, day, stratum, list(bins)),
        )


async def between(db: Db, model: str, first: date, last: date) -> dict[str, list[int]]:
    """The histogram of each stratum over the days from `first` up to and without `last`."""
    rows = await (
        await db.execute(
            """
            select stratum, n, sum(bin) from model_day, unnest(bins) with ordinality x(bin, n)
            where model = %s and day >= %s and day < %s group by stratum, n order by stratum, n
            """,
            (model, first, last),
        )
    ).fetchall()
    found: dict[str, list[int]] = {}
    for stratum, n, total in rows:
        found.setdefault(stratum, [0] * BINS)[n - 1] = int(total)
    return found


async def forget(tx: Tx, before: date) -> None:
    """Drop days before `before`."""
    await tx.execute("delete from model_day where day < %s", (before,))
