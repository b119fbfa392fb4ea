"""What takes how long, and how much of what: numbers that lead back to their rows.

Each measure is a time between two moments of one thing. What has not got there yet counts for as
long as it waits. A moment that a person entered more than a day late is left out and counted: it
says when somebody remembered, and not how fast anybody was.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.survival import Durations, durations
from zvon.store.party import Db

MOST_ROWS = 200_000
"""Things of one measure that are looked at; a period with more is cut to its newest."""


class Measure(StrEnum):
    """From which moment to which."""

    DETECT = "detect"  # it happened -> we knew
    ACKNOWLEDGE = "acknowledge"  # we knew -> somebody took it up
    CONTAIN = "contain"
    RESOLVE = "resolve"
    PROPOSE = "propose"  # first report -> somebody proposed to block
    APPROVE = "approve"  # first report -> a second person approved
    PUBLISH = "publish"  # first report -> in the zone
    BLOCK = "block"  # first report -> every mandatory subscriber proved
    SHARE = "share"  # first report -> released to a group


class Wanted(Struct, frozen=True, kw_only=True):
    """A period, half open, by when the first of an incident came; and what it is narrowed to."""

    since: datetime
    until: datetime
    source_kind: str | None = None
    category: str | None = None
    brand: str | None = None
    rsit: str | None = None
    country: str | None = None


class Timed(Struct, frozen=True, kw_only=True):
    """One thing of a measure: `seconds` until it got there, or has waited when `open`."""

    incident: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    of: str
    start: datetime
    end: datetime | None
    seconds: float
    open: bool


class Figure(Struct, frozen=True, kw_only=True):
    """One measure: its durations, how many were entered late, how many clocks ran backwards."""

    measure: Measure
    durations: Durations
    late: int
    backwards: int


# The incidents of a period, newest first, as far as the viewer sees them.
CHOSEN: LiteralString = """
chosen as materialized (
  select i.id, i.uuid, i.number, i.title, i.title_params, i.first_at, i.state, i.verdict_by,
         i.report_count, i.alert_count
  from incident i join record r on r.id = i.record_id join party y on y.id = r.orgc_id
  where i.first_at >= %(since)s and i.first_at < %(until)s and i.state <> 'merged'
    and (%(source_kind)s::text is null or i.source_kind = %(source_kind)s)
    and (%(category)s::text is null or i.category = %(category)s)
    and (%(brand)s::text is null or i.brand = %(brand)s)
    and (%(rsit)s::text is null or i.rsit = %(rsit)s)
    and (%(country)s::text is null or y.country = %(country)s)
  order by i.first_at desc limit %(most)s)
"""
# Of an incident: start, end, and whether either was entered late. Rejected ones wait for nothing.
_OF_INCIDENT: LiteralString = """
with {chosen},
moment as (
  select distinct on (t.incident_id, t.what) t.incident_id, t.what, t.at,
         t.source = 'person' and t.set_at > t.at + interval '1 day' as late
  from incident_time t join chosen c on c.id = t.incident_id
  where t.what in (%(from)s, %(to)s) order by t.incident_id, t.what, t.id desc)
select c.uuid as incident, c.number, c.title, c.title_params, '' as of, a.at as start, b.at as end,
       a.late or coalesce(b.late, false) as late,
       b.at is null and c.state in ('rejected', 'closed', 'resolved') as never
from chosen c join moment a on a.incident_id = c.id and a.what = %(from)s
left join moment b on b.incident_id = c.id and b.what = %(to)s
"""
# Of a block: from the first report of its incident to the step that was asked for.
_OF_BLOCK: LiteralString = """
with {chosen},
began as (
  select c.*, coalesce((select min(p.received_at) from report p where p.incident_id = c.id),
                       c.first_at) as began
  from chosen c)
select c.uuid as incident, c.number, c.title, c.title_params, b.name as of, c.began as start,
       s.at as end, false as late,
       s.at is null and b.state in ('rejected', 'withdrawn', 'lifted') as never
from began c join block b on b.incident_id = c.id
left join lateral (select min(x.at) as at from block_step x
                   where x.block_id = b.id and x.new = %(to)s) s on true
"""
_OF_SHARE: LiteralString = """
with {chosen}
select c.uuid as incident, c.number, c.title, c.title_params, '' as of, c.first_at as start,
       min(s.released_at) as end, false as late,
       min(s.released_at) is null and bool_and(s.state = 'refused') as never
from chosen c join share s on s.incident_id = c.id
group by c.uuid, c.number, c.title, c.title_params, c.first_at
"""
_MOMENTS: Mapping[Measure, tuple[str, str]] = {
    Measure.DETECT: ("occurred", "detected"),
    Measure.ACKNOWLEDGE: ("detected", "acknowledged"),
    Measure.CONTAIN: ("detected", "contained"),
    Measure.RESOLVE: ("detected", "resolved"),
}
_STEPS: Mapping[Measure, str] = {
    Measure.PROPOSE: "validated",
    Measure.APPROVE: "approved",
    Measure.PUBLISH: "published",
    Measure.BLOCK: "enforced",
}


class _Row(Struct, frozen=True, kw_only=True):
    incident: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    of: str
    start: datetime
    end: datetime | None
    late: bool
    never: bool


async def figures(db: Db, viewer: Viewer, wanted: Wanted, now: datetime) -> list[Figure]:
    """Every measure of the period, over what the viewer may see. Raises `Denied`."""
    viewer.require(Permission.METRIC_READ)
    return [_figure(each, await _rows(db, each, wanted), now) for each in Measure]


async def behind(
    db: Db, viewer: Viewer, measure: Measure, wanted: Wanted, now: datetime, *, limit: int = 200
) -> list[Timed]:
    """The rows of one measure, slowest first: what stands behind its number. Raises `Denied`."""
    viewer.require(Permission.METRIC_READ)
    timed = [
        Timed(
            incident=r.incident, number=r.number, title=r.title, title_params=r.title_params,
            of=r.of, start=r.start, end=r.end, open=r.end is None,
            seconds=((r.end or now) - r.start).total_seconds(),
        )
        for r in await _rows(db, measure, wanted)
        if not r.late and not r.never and (r.end or now) >= r.start
    ]  # fmt: skip
    return sorted(timed, key=lambda t: (-t.seconds, t.number, t.of))[:limit]


def _figure(measure: Measure, rows: Sequence[_Row], now: datetime) -> Figure:
    late = sum(row.late for row in rows)
    done: list[float] = []
    waiting: list[float] = []
    backwards = 0
    for row in rows:
        if row.late or row.never:
            continue
        seconds = ((row.end or now) - row.start).total_seconds()
        if seconds < 0:
            backwards += 1
        elif row.end is None:
            waiting.append(seconds)
        else:
            done.append(seconds)
    return Figure(measure=measure, durations=durations(done, waiting), late=late,
                  backwards=backwards)  # fmt: skip


async def _rows(db: Db, measure: Measure, wanted: Wanted) -> list[_Row]:
    params = chosen(wanted)
    if measure in _MOMENTS:
        query = _OF_INCIDENT
        params["from"], params["to"] = _MOMENTS[measure]
    elif measure in _STEPS:
        query = _OF_BLOCK
        params["to"] = _STEPS[measure]
    else:
        query = _OF_SHARE
    async with db.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(query.replace("{chosen}", CHOSEN), params)
        return await cursor.fetchall()


def chosen(wanted: Wanted) -> dict[str, Any]:
    """The parameters of `CHOSEN`."""
    return {
        "since": wanted.since, "until": wanted.until, "source_kind": wanted.source_kind,
        "category": wanted.category, "brand": wanted.brand, "rsit": wanted.rsit,
        "country": wanted.country, "most": MOST_ROWS,
    }  # fmt: skip
