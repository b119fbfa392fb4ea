"""The queue: incidents that wait, ranked, filtered, page by page; and how often its bottom hides one."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.model.lifecycle import IncidentState
from zvon.model.marking import Tlp
from zvon.model.rank import SHOWN, Lift
from zvon.respond import queue_sample
from zvon.store import incident_queue, incident_rank
from zvon.store import queue_sample as queue_sample_rows
from zvon.store.incident_filter import MOST_HOURS, Filter, Sort, SourceKind, Tab
from zvon.store.incident_queue import QueueRow
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Word = Annotated[str | None, Parameter(max_length=100)]
Hours = Annotated[int | None, Parameter(ge=0, le=MOST_HOURS)]


class QueueItem(Struct, frozen=True, kw_only=True):
    """An incident in the queue, why it stands where it stands (the largest terms), and what would
    lift it. `looking` are the logins of others who have it open.
    """

    id: UUID
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
    source: str
    rank: float
    rank_reasons: list[Any]
    lift: list[Lift]
    reports: int
    alerts: int
    groups: int
    names: list[str]
    owner: str | None
    looking: list[str]
    snoozed_until: datetime | None
    origin: str
    tlp: str
    version: int
    first_at: datetime
    last_at: datetime


class Queue(Struct, frozen=True, kw_only=True):
    """A page of the queue; `hidden` is how many more the caller may not see (null: not told).

    `looked` is set when a filter was held against so many and not against all: `next` goes on.
    """

    incidents: list[QueueItem]
    next: str | None
    hidden: int | None
    counts: dict[str, int]
    looked: int | None


def queue_item(row: QueueRow, lift: tuple[Lift, ...]) -> QueueItem:
    """What the API shows of a queue row."""
    return QueueItem(
        id=row.uuid, number=row.number, title=row.title, title_params=row.title_params,
        state=row.state, verdict=row.verdict, alert_verdict=row.alert_verdict,
        category=row.category, brand=row.brand, probability=row.probability,
        severity=row.severity, source=row.source_kind, rank=row.rank,
        rank_reasons=row.rank_reasons[:SHOWN], lift=list(lift), reports=row.report_count,
        alerts=row.alert_count, groups=row.group_count, names=list(row.names), owner=row.owner,
        looking=list(row.looking), snoozed_until=row.snoozed_until, origin=row.origin,
        tlp=Tlp(row.tlp).label, version=row.version, first_at=row.first_at, last_at=row.last_at,
    )  # fmt: skip


@get("/incidents", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED, 422))
async def list_incidents(
    context: In,
    who: Who,
    tab: Tab = Tab.ALL,
    sort: Sort = Sort.RANK,
    after: Annotated[str | None, Parameter(max_length=200)] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 100,
    incident_state: Annotated[IncidentState | None, Parameter(query="state")] = None,
    severity: Annotated[int | None, Parameter(ge=0, le=4)] = None,
    brand: Word = None,
    category: Word = None,
    source: SourceKind | None = None,
    owner: Word = None,
    country: Annotated[str | None, Parameter(pattern="^[A-Z]{2}$")] = None,
    tlp: Word = None,
    waits_h: Hours = None,
    came_h: Hours = None,
    text: Word = None,
) -> Queue:
    """The queue: incidents that wait, ranked, with the reasons of the rank.

    `severity` is the least level; `owner` a login, `-` for nobody's; `waits_h` and `came_h` first
    seen at least, at most so many hours ago; `text` stands in names, number or title.
    """
    wanted = Filter(
        tab=tab, sort=sort, state=incident_state, severity=severity, brand=brand,
        category=category, source=source, owner=owner, country=country, tlp=tlp, waits_h=waits_h,
        came_h=came_h, text=text or None,
    )  # fmt: skip
    now = context.clock()
    async with read(context.pool, who) as db:
        page = await incident_queue.queue(db, who, after=after, limit=limit, wanted=wanted, now=now)
        lifts = await incident_rank.lifts(db, who, [row.id for row in page.rows], now)
    counts = page.counts
    return Queue(
        incidents=[queue_item(r, lifts.get(r.id, ())) for r in page.rows], next=page.next,
        hidden=page.hidden, looked=page.looked,
        counts={"mine": counts.mine, "all": counts.all, "approvals": counts.approvals,
                "appeals": counts.appeals, "held": counts.held, "snoozed": counts.snoozed},
    )  # fmt: skip


class SampleOut(Struct, frozen=True, kw_only=True):
    """How often the bottom of the queue hid what mattered, as a blind sample shows.

    `low` and `high` bound the rate with 95 % confidence; `bound_high` is the one-sided upper end,
    which has to be at most `bound` before anything is closed without a person.
    """

    decided: int
    missed: int
    rate: float
    low: float
    high: float
    bound: float
    bound_high: float
    waiting: int
    auto_close: bool
    wanted: bool


@get("/queue-sample", opt={"permission": Permission.METRIC_READ}, responses=problems(*SIGNED))
async def get_sample(context: In, who: Who) -> SampleOut:
    """The miss rate of the bottom, and whether it is closed without a person."""
    if not who.party_own:
        raise PermissionError("this is over all incidents of the node; its own people see it")
    async with read(context.pool, SYSTEM) as db:
        found = await queue_sample_rows.missed(db)
        gate = queue_sample.gate(await queue_sample.current(db), found)
    return SampleOut(
        decided=found.rate.of, missed=found.rate.hits, rate=found.rate.value, low=found.rate.low,
        high=found.rate.high, bound=gate.bound, bound_high=found.bound_high,
        waiting=found.waiting, auto_close=gate.on, wanted=gate.wanted,
    )  # fmt: skip


router = Router("/", route_handlers=[list_incidents, get_sample], tags=["incidents"])
