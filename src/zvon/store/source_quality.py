"""What a source is worth: a week of it beside the others, and what became of its values.

A value is of a source's week when the source said it (occurrence of role SAID) for the first time
in that week. Others had it too when they said it before the week's end, ever. Done in slices of values, each a short query of its own, so that ten million occurrences
hold no lock and need no memory; above `WHOLE` values only every n-th is looked at, by its number,
and the row says the share (`sample`).
"""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.observable import CODE, ObservableType
from zvon.store.party import Db
from zvon.store.source import operator
from zvon.store.transaction import Pool, Tx
from zvon.store.visibility import SYSTEM, read

WEEK = timedelta(days=7)
WHOLE = 2_000_000
SLICE = 100_000
MOST_DELAYS = 20_000
MOST_SOURCES = 2_000


class Quality(Struct, frozen=True, kw_only=True):
    """A week of a source. Shares are of the values that were looked at.

    `volume` counts the values that were new from it; `exclusive` no other source had; `first` it
    had before every other one. `delay_s` is the median from the source's own time to our receipt.
    `good` and `bad` are decisions of people here for and against its values. `overlap` is the
    share of its values that another source had too, by that source's identifier. `sample` is the
    share of values that was looked at; `volume` is then an estimate.
    """

    source_id: int
    week: date
    volume: int
    exclusive: float | None
    first: float | None
    delay_s: float | None
    good: float
    bad: float
    overlap: dict[str, float]
    sample: float
    made_at: datetime

    @property
    def accuracy(self) -> float | None:
        """The share of outcomes for it, drawn to a half while there are few (Beta(1, 1))."""
        decided = self.good + self.bad
        return (self.good + 1) / (decided + 2) if decided else None


SAID: LiteralString = """
with said as (
  select o.observable_id as value, r.source_id as source, min(r.received_at) as at,
         min(extract(epoch from r.received_at - r.created_at)) as delay
  from unnest(%(ids)s::bigint[]) v(id)
  join occurrence o on o.observable_id = v.id and o.role = 1
  join record r on r.id = o.record_id and r.source_id is not null and not r.deleted
  where r.received_at < %(end)s
  group by 1, 2)"""

ADDS: LiteralString = (
    SAID  # noqa: S608 -- literals only
    + """,
ranked as (
  select value, source, at, delay, count(*) over (partition by value) as among,
         rank() over (partition by value order by at) as place,
         count(*) over (partition by value, at) as together
  from said)
select source, count(*), count(*) filter (where among = 1),
       count(*) filter (where place = 1 and together = 1),
       (array_agg(delay order by value) filter (where delay > 0))[1:200]
from ranked where at >= %(begin)s group by source"""
)
SHARES: LiteralString = (
    SAID
    + """
select a.source, b.source, count(*)
from said a join said b on b.value = a.value and b.source <> a.source
where a.at >= %(begin)s group by 1, 2"""
)


class _Sum(Struct):
    volume: int = 0
    exclusive: int = 0
    first: int = 0


class Tally(Struct):
    """Sums over slices of values, by source."""

    sums: dict[int, _Sum]
    pairs: Counter[tuple[int, int]]
    delays: dict[int, list[float]]


async def compute(pool: Pool, until: date, now: datetime) -> int:
    """Write the week that ends before `until` for every source that said something in it.

    Idempotent: a second run replaces the rows. Returns how many sources it was.
    """
    begin = datetime(until.year, until.month, until.day, tzinfo=now.tzinfo) - WEEK
    end = begin + WEEK
    async with read(pool, SYSTEM) as db:
        row = await (await db.execute("select coalesce(max(id), 0) from observable")).fetchone()
    assert row is not None
    last = int(row[0])
    step = max(1, -(-last // WHOLE))
    tally = Tally(defaultdict(_Sum), Counter(), defaultdict(list))
    for start in range(1, last + 1, SLICE * step):
        async with read(pool, SYSTEM) as db:
            await _slice(db, tally, start, min(start + SLICE * step - 1, last), step, begin, end)
    async with read(pool, SYSTEM) as db:
        outcomes = await _outcomes(db, now)
        uuids = await _uuids(db)
    async with pool.connection() as db, db.transaction():
        await db.execute("select set_config('zvon.viewer', 'system', true)")
        await _write(Tx(db), tally, outcomes, uuids, begin.date(), step, now)
    return len(tally.sums)


async def _slice(
    db: Db, tally: Tally, start: int, last: int, step: int, begin: datetime, end: datetime
) -> None:
    """Add the values of one slice: each source's rank on each value decides what it adds."""
    params = {"begin": begin, "end": end, "ids": list(range(start, last + 1, step))}
    rows = await (
        await db.execute(
            ADDS,
            params,
        )
    ).fetchall()
    for source, volume, exclusive, first, delays in rows:
        total = tally.sums[int(source)]
        total.volume += int(volume)
        total.exclusive += int(exclusive)
        total.first += int(first)
        kept = tally.delays[int(source)]
        kept.extend(float(d) for d in (delays or [])[: max(0, MOST_DELAYS - len(kept))])
    if all(volume == exclusive for _, volume, exclusive, _, _ in rows):
        return
    pairs = await (
        await db.execute(
            SHARES,
            params,
        )
    ).fetchall()
    for one, other, count in pairs:
        tally.pairs[int(one), int(other)] += int(count)


async def _outcomes(db: Db, now: datetime) -> dict[int, tuple[float, float]]:
    """By source: how many of its values people here decided on, for it and against it.

    For: a block of the name that was published. Against: one that was rejected, or against which
    an appeal was granted. And the newest verdict of a person on a report with
    the value. What people decided lately weighs more: half after 180 days.
    """
    rows = await (
        await db.execute(
            """
            with decided as (
              select d.value, d.good, exp(-extract(epoch from %(now)s - d.at) / 22437216.0) as weight
              from (
                select b.name as value, coalesce(b.published_at, b.proposed_at) as at,
                       b.published_at is not null and not exists (
                         select from appeal a where a.block_id = b.id and a.state = 'granted')
                         as good
                from block b
                where b.trigger = 'qname' and (b.published_at is not null or b.state = 'rejected')
              ) d),
            judged as (
              select o.observable_id, v.word = 'malicious' as good,
                     exp(-extract(epoch from %(now)s - v.at) / 22437216.0) as weight
              from (
                select distinct on (record_id) record_id, word, at from verdict
                where by_person is not null and record_id is not null
                order by record_id, at desc) v
              join occurrence o on o.record_id = v.record_id and o.role = 1
              where v.word in ('malicious','benign')),
            outcome as (
              select o.id as observable_id, d.good, d.weight
              from decided d join observable o on o.value = d.value and o.type = %(domain)s
              where exists (select from occurrence c where c.observable_id = o.id)
              union all select observable_id, good, weight from judged)
            select r.source_id, sum(least(x.weight, 1)) filter (where x.good),
                   sum(least(x.weight, 1)) filter (where not x.good)
            from outcome x
            cross join lateral (
              select distinct r.source_id from occurrence o join record r on r.id = o.record_id
              where o.observable_id = x.observable_id and o.role = 1
                and r.source_id is not null and r.kind <> 'report') r
            group by r.source_id
            """,
            {"now": now, "domain": CODE[ObservableType.DOMAIN]},
        )
    ).fetchall()
    return {int(source): (float(good or 0), float(bad or 0)) for source, good, bad in rows}


async def _uuids(db: Db) -> dict[int, UUID]:
    rows = await (await db.execute("select id, uuid from source")).fetchall()
    return {int(number): uuid for number, uuid in rows}


async def _write(
    tx: Tx,
    tally: Tally,
    outcomes: dict[int, tuple[float, float]],
    uuids: dict[int, UUID],
    week: date,
    step: int,
    now: datetime,
) -> None:
    overlap: dict[int, dict[str, float]] = defaultdict(dict)
    for (one, other), count in tally.pairs.items():
        overlap[one][str(uuids[other])] = round(count / tally.sums[one].volume, 4)
    rows = [
        (number, week, total.volume * step, total.exclusive / total.volume,
         total.first / total.volume,
         median(tally.delays[number]) if tally.delays.get(number) else None,
         *outcomes.get(number, (0.0, 0.0)), Jsonb(_most(overlap[number])), 1 / step, now)
        for number, total in sorted(tally.sums.items())
    ]  # fmt: skip
    async with tx.db.cursor() as cursor:
        await cursor.executemany(
            """
            insert into source_quality (source_id, week, volume, exclusive, first, delay_s, good,
                                        bad, overlap, sample, made_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (source_id, week) do update set volume = excluded.volume,
              exclusive = excluded.exclusive, first = excluded.first, delay_s = excluded.delay_s,
              good = excluded.good, bad = excluded.bad, overlap = excluded.overlap,
              sample = excluded.sample, made_at = excluded.made_at
            """,
            rows,
        )


def _most(overlap: dict[str, float]) -> dict[str, float]:
    """The fifty sources that it shares most with."""
    return dict(sorted(overlap.items(), key=lambda pair: (-pair[1], pair[0]))[:50])


_SELECT: LiteralString = """
select source_id, week, volume, exclusive, first, delay_s, good, bad, overlap, sample, made_at
from source_quality """


async def newest(db: Db, source_id: int) -> Quality | None:
    """The last week of a source that was computed."""
    found = await _select(db, "where source_id = %(id)s order by week desc limit 1",
                          {"id": source_id})  # fmt: skip
    return found[0] if found else None


async def weeks(db: Db, source_id: int, most: int = 26) -> list[Quality]:
    """The last weeks of a source, newest first."""
    return await _select(db, "where source_id = %(id)s order by week desc limit %(most)s",
                         {"id": source_id, "most": most})  # fmt: skip


async def list_newest(db: Db, viewer: Viewer) -> list[Quality]:
    """The last computed week of every source. Raises `Denied`."""
    operator(viewer, Permission.SOURCE_READ)
    return await _select(
        db,
        "where week = (select max(q.week) from source_quality q"
        " where q.source_id = source_quality.source_id) order by volume desc limit %(most)s",
        {"most": MOST_SOURCES},
    )


async def _select(db: Db, rest: LiteralString, params: dict[str, Any]) -> list[Quality]:
    async with db.cursor(row_factory=class_row(Quality)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()
