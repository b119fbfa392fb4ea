"""The queue: incidents that wait, ranked, page by page, as far as the viewer may see."""

import math
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.incident_filter import TABS, Filter, Sort, Tab, conditions, scope
from zvon.store.party import Db
from zvon.store.visibility import counts_hidden

COUNT_CAP = 1000
"""A count stops here: `COUNT_CAP + 1` reads "more than 1000"."""
WINDOW, TEXT_WINDOW = 20_000, 5_000
"""So many rows, in order, are looked through for a filter before the page says how far it got;
fewer for words, which stand in no index."""
GUEST_SHARE = 10
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadCursor(ValueError):
    """The place to go on from is not one that the queue gave out."""

    def __init__(self) -> None:
        super().__init__("no such place in the queue; start from the first page")


class QueueRow(Struct, frozen=True, kw_only=True):
    """One incident as the queue shows it; `rank_reasons` says why it stands where it stands.

    `names` are at most three of `name_count`, those of most reports first. `looking` are the
    logins of others who have it open.
    """

    id: int
    uuid: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    state: str
    verdict: str | None
    alert_verdict: str | None
    category: str | None
    brand: str | None
    probability: float | None
    severity: int
    source_kind: str
    rank: float
    rank_reasons: list[Any]
    report_count: int
    alert_count: int
    group_count: int
    first_at: datetime
    last_at: datetime
    snoozed_until: datetime | None
    owner: str | None
    decided_by: str | None
    origin: str
    tlp: int
    version: int
    names: list[str]
    name_count: int
    waiting_blocks: int
    looking: list[str]


class Counts(Struct, frozen=True, kw_only=True):
    """How many wait in each tab, each at most `COUNT_CAP + 1`."""

    mine: int
    all: int
    approvals: int
    held: int
    appeals: int = 0
    snoozed: int = 0


class QueuePage(Struct, frozen=True, kw_only=True):
    """A page and where the next begins.

    `hidden` is how many more there are that the viewer may not see, `None` where that number
    itself is not for the viewer. `looked` is the number of rows that a filter was held against
    when it stopped before the end; `next` goes on from there.
    """

    rows: tuple[QueueRow, ...]
    next: str | None
    counts: Counts
    hidden: int | None
    looked: int | None = None


_ORDER: dict[Sort, LiteralString] = {
    Sort.RANK: "i.rank desc, i.id desc",
    Sort.NEWEST: "i.first_at desc, i.id desc",
}
_AFTER: dict[Sort, LiteralString] = {
    Sort.RANK: "and (i.rank, i.id) < (%(place)s, %(id)s)",
    Sort.NEWEST: "and (i.first_at, i.id) < (timestamptz 'epoch'"
    " + %(place)s::bigint * interval '1 microsecond', %(id)s)",
}
_COUNT: LiteralString = (
    "(select count(*) from (select from incident i where {tab} limit %(cap)s) c)"
)
_COUNTED = (Tab.MINE, Tab.APPROVALS, Tab.HELD, Tab.APPEALS, Tab.SNOOZED)
# What waits in all is never counted row by row: a counter holds it.
_COUNTS: LiteralString = (
    "select "
    + ", ".join(_COUNT.replace("{tab}", TABS[tab]) for tab in _COUNTED)
    + ", least(zvon_waiting_incidents(%(person)s, %(party)s, %(own)s, %(ceiling)s), %(cap)s)"
)
# The page is cut on what the index holds; only its rows are looked up.
_PAGE: LiteralString = """
select i.id, i.uuid, i.number, i.title, i.title_params, i.state, i.verdict, i.alert_verdict,
       i.category, i.brand, i.probability, i.severity, i.source_kind, i.rank,
       coalesce(i.rank_terms, i.rank_reasons) as rank_reasons, i.report_count, i.alert_count,
       i.group_count, i.first_at, i.last_at, i.snoozed_until,
       o.login as owner, d.login as decided_by, i.origin, i.tlp, i.version,
       i.names, i.name_count,
       (select count(*) from block b where b.incident_id = i.id
        and b.state in ('validated', 'held')) as waiting_blocks,
       array(select p.login from claim c join person p on p.id = c.person_id
             where c.incident_id = i.id and c.until > %(now)s and c.person_id <> %(person)s
             order by p.login) as looking
from ({cut}) page
join incident i on i.id = page.id
left join person o on o.id = i.owner_id
left join person d on d.id = i.verdict_by
order by {order}
"""
_PLAIN: LiteralString = (
    "select i.id from incident i where {tab} {after} order by {order} limit %(limit)s"
)
# The rows of the window come in order from the index; the filter is held against them alone.
_FILTERED: LiteralString = (
    "select i.id from (select * from incident i where {tab} {after} order by {order}"
    " limit %(window)s) i where {filter} order by {order} limit %(limit)s"
)
_WINDOW_END: LiteralString = (
    "select i.rank, i.first_at, i.id from incident i where {tab} {after} order by {order}"
    " offset %(window)s - 1 limit 1"
)


async def queue(
    db: Db,
    viewer: Viewer,
    *,
    tab: Tab | str = Tab.ALL,
    after: str | None = None,
    limit: int = 100,
    wanted: Filter | None = None,
    now: datetime = EPOCH,
) -> QueuePage:
    """A page of a tab, highest rank first; `db` comes from `visibility.read(pool, viewer)`.

    `wanted` narrows it and has a tab of its own; `now` is for ages and for who looks. Raises
    `Denied` without `incident:read`, `BadCursor`, `ValueError` for an unknown tab.
    """
    viewer.require(Permission.INCIDENT_READ)
    chosen = Filter(tab=Tab(tab)) if wanted is None else wanted
    place = _place(after, chosen.sort)
    narrowing, values = conditions(chosen, now)
    filled = {
        "{cut}": _FILTERED if narrowing else _PLAIN,
        "{tab}": scope(chosen),
        "{after}": "" if place is None else _AFTER[chosen.sort],
        "{order}": _ORDER[chosen.sort],
        "{filter}": " and ".join(narrowing),
    }
    window = WINDOW if chosen.text is None else TEXT_WINDOW
    if not viewer.party_own:
        # Of what they pass by a guest sees a small part, and only that part is counted.
        window = max(limit + 1, window // GUEST_SHARE)
    values |= {
        "person": viewer.person_id, "limit": limit + 1, "window": window, "now": now,
        "place": None if place is None else place[0], "id": None if place is None else place[1],
    }  # fmt: skip
    async with db.cursor(row_factory=class_row(QueueRow)) as cursor:
        await cursor.execute(_filled(_PAGE, filled), values)
        rows = await cursor.fetchall()
    shown = rows[:limit]
    end = None
    if narrowing and len(rows) <= limit:
        end = await (await db.execute(_filled(_WINDOW_END, filled), values)).fetchone()
    return QueuePage(
        rows=tuple(shown),
        next=_next(rows, shown, end, chosen.sort),
        counts=await counts(db, viewer),
        hidden=await hidden(db, viewer),
        looked=None if end is None else window,
    )


async def counts(db: Db, viewer: Viewer) -> Counts:
    """How many wait for this viewer, for the navigation."""
    row = await (
        await db.execute(
            _COUNTS,
            {"person": viewer.person_id, "party": viewer.party_id, "own": viewer.party_own,
             "ceiling": int(viewer.tlp_ceiling), "cap": COUNT_CAP + 1},
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    return Counts(mine=row[0], approvals=row[1], held=row[2],
                  appeals=row[3] if viewer.may(Permission.APPEAL_READ) else 0, snoozed=row[4],
                  all=row[5])  # fmt: skip


async def hidden(db: Db, viewer: Viewer) -> int | None:
    """How many waiting incidents the viewer may not see; `None` where that is not to be known."""
    if not counts_hidden(viewer):
        return None
    row = await (
        await db.execute(
            "select zvon_hidden_incidents(%s, %s, %s)",
            (
                viewer.person_id,
                None if viewer.party_own else viewer.party_id,
                int(viewer.tlp_ceiling),
            ),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


def _filled(query: str, parts: dict[str, str]) -> LiteralString:
    for place, text in parts.items():
        query = query.replace(place, text)
    return query


def _next(
    rows: list[QueueRow], shown: list[QueueRow], end: tuple[Any, ...] | None, sort: Sort
) -> str | None:
    if len(rows) > len(shown):
        last = shown[-1]
        return _cursor(last.rank, last.first_at, last.id, sort)
    return None if end is None else _cursor(end[0], end[1], end[2], sort)


def _cursor(rank: float, first_at: datetime, id_: int, sort: Sort) -> str:
    if sort is Sort.RANK:
        return f"{rank!r}_{id_}"
    since = first_at - EPOCH
    return f"{(since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds}_{id_}"


def _place(after: str | None, sort: Sort) -> tuple[float, int] | None:
    if after is None:
        return None
    at, _, number = after.partition("_")
    try:
        place = (float(at) if sort is Sort.RANK else int(at)), int(number)
    except ValueError:
        raise BadCursor from None
    if not (math.isfinite(place[0]) and number.isdigit() and place[1] < 1 << 63):
        raise BadCursor
    if sort is Sort.NEWEST and abs(place[0]) >= 1 << 53:  # further than any calendar
        raise BadCursor
    return place
