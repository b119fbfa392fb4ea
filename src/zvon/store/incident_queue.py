"""The queue: incidents that wait, ranked, page by page, as far as the viewer may see."""

import math
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.visibility import counts_hidden

COUNT_CAP = 1000
"""A count stops here: `COUNT_CAP + 1` reads "more than 1000"."""


class Tab(StrEnum):
    """The parts of the queue."""

    MINE = "mine"
    ALL = "all"
    APPROVALS = "approvals"
    HELD = "held"


class BadCursor(ValueError):
    """The place to go on from is not one that the queue gave out."""

    def __init__(self) -> None:
        super().__init__("no such place in the queue; start from the first page")


class QueueRow(Struct, frozen=True, kw_only=True):
    """One incident as the queue shows it; `rank_reasons` says why it stands where it stands.

    `names` are at most three of `name_count`, those of most reports first.
    """

    id: int
    uuid: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    state: str
    verdict: str | None
    category: str | None
    brand: str | None
    probability: float | None
    rank: float
    rank_reasons: list[Any]
    report_count: int
    first_at: datetime
    last_at: datetime
    owner: str | None
    decided_by: str | None
    origin: str
    tlp: int
    version: int
    names: list[str]
    name_count: int
    waiting_blocks: int


class Counts(Struct, frozen=True, kw_only=True):
    """How many wait in each tab, each at most `COUNT_CAP + 1`."""

    mine: int
    all: int
    approvals: int
    held: int


class QueuePage(Struct, frozen=True, kw_only=True):
    """A page and where the next begins.

    `hidden` is how many more there are that the viewer may not see, `None` where that number
    itself is not for the viewer.
    """

    rows: tuple[QueueRow, ...]
    next: str | None
    counts: Counts
    hidden: int | None


_OPEN: LiteralString = "i.state in ('new', 'triage', 'open')"
# `approvals` leaves out what the viewer proposed: that is for somebody else.
_TABS: dict[Tab, LiteralString] = {
    Tab.ALL: _OPEN,
    Tab.MINE: _OPEN + " and i.owner_id = %(person)s",
    Tab.APPROVALS: "i.id = any (array(select b.incident_id from block b"
    " where b.state = 'validated' and b.proposer_id <> %(person)s))",
    Tab.HELD: "i.id = any (array(select b.incident_id from block b where b.state = 'held'))",
}
_COUNT: LiteralString = (
    "(select count(*) from (select from incident i where {tab} limit %(cap)s) c)"
)
_COUNTS: LiteralString = "select " + ", ".join(
    _COUNT.replace("{tab}", _TABS[tab]) for tab in (Tab.MINE, Tab.ALL, Tab.APPROVALS, Tab.HELD)
)
# The page is cut on what the index holds; only its rows are looked up.
_PAGE: LiteralString = """
select i.id, i.uuid, i.number, i.title, i.title_params, i.state, i.verdict, i.category, i.brand,
       i.probability, i.rank, i.rank_reasons, i.report_count, i.first_at, i.last_at,
       o.login as owner, d.login as decided_by, i.origin, i.tlp, i.version,
       i.names, i.name_count,
       (select count(*) from block b where b.incident_id = i.id
        and b.state in ('validated', 'held')) as waiting_blocks
from (select i.id from incident i where {tab} {after}
      order by i.rank desc, i.id desc limit %(limit)s) page
join incident i on i.id = page.id
left join person o on o.id = i.owner_id
left join person d on d.id = i.verdict_by
order by i.rank desc, i.id desc
"""


async def queue(
    db: Db, viewer: Viewer, *, tab: Tab | str = Tab.ALL, after: str | None = None, limit: int = 100
) -> QueuePage:
    """A page of a tab, highest rank first; `db` comes from `visibility.read(pool, viewer)`.

    Raises `Denied` without `incident:read`, `BadCursor`, `ValueError` for an unknown tab.
    """
    viewer.require(Permission.INCIDENT_READ)
    chosen = Tab(tab)
    place = _place(after)
    query = _PAGE.replace("{tab}", _TABS[chosen]).replace(
        "{after}", "" if place is None else "and (i.rank, i.id) < (%(rank)s, %(id)s)"
    )
    async with db.cursor(row_factory=class_row(QueueRow)) as cursor:
        await cursor.execute(
            query,
            {
                "person": viewer.person_id,
                "limit": limit + 1,
                "rank": None if place is None else place[0],
                "id": None if place is None else place[1],
            },
        )
        rows = await cursor.fetchall()
    shown = rows[:limit]
    return QueuePage(
        rows=tuple(shown),
        next=f"{shown[-1].rank!r}_{shown[-1].id}" if len(rows) > limit else None,
        counts=await counts(db, viewer),
        hidden=await hidden(db, viewer),
    )


async def counts(db: Db, viewer: Viewer) -> Counts:
    """How many wait for this viewer, for the navigation."""
    row = await (
        await db.execute(_COUNTS, {"person": viewer.person_id, "cap": COUNT_CAP + 1})
    ).fetchone()
    assert row is not None
    return Counts(mine=row[0], all=row[1], approvals=row[2], held=row[3])


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


def _place(after: str | None) -> tuple[float, int] | None:
    if after is None:
        return None
    rank, _, number = after.partition("_")
    try:
        place = float(rank), int(number)
    except ValueError:
        raise BadCursor from None
    if not (math.isfinite(place[0]) and number.isdigit() and place[1] < 1 << 63):
        raise BadCursor
    return place
