"""Published statistics: read by anybody; publishing a week; what of the budget is spent."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.statistics import plan
from zvon.share import statistics as share
from zvon.store import statistics
from zvon.store.statistics import PUBLIC as EVERYBODY
from zvon.store.statistics import Release
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.inject import In, Who
from zvon.web.doorkeeper import PUBLIC
from zvon.web.problem import SIGNED, problems

SetId = Annotated[str | None, Parameter(query="set", min_length=1, max_length=40)]
Year = Annotated[int | None, Parameter(ge=2000, le=9999)]


class CellOut(Struct, frozen=True, kw_only=True):
    """A count with its 95 % interval; `count` is null where it is below `suppressed_below`."""

    value: str
    country: str
    count: int | None
    low: int
    high: int


class ReleaseOut(Struct, frozen=True, kw_only=True):
    """One week of one data set. `epsilon` is what anybody's privacy it cost at most."""

    id: UUID
    data_set: str
    audience: str
    week: str
    epsilon: float
    at: datetime
    cells: list[CellOut]


class Statistics(Struct, frozen=True, kw_only=True):
    """Releases, the newest week first."""

    suppressed_below: int
    releases: list[ReleaseOut]


class NewRelease(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A week (ISO 8601, `2026-W47`) of a data set for an audience."""

    data_set: Annotated[str, Meta(min_length=1, max_length=40)]
    week: Annotated[str, Meta(pattern=r"^\d{4}-W\d{2}$")]
    audience: Literal["public", "partners"] = "public"


class Published(ReleaseOut, frozen=True, kw_only=True):
    """The release; `fresh` is false when the week was published before and is given again."""

    fresh: bool


class BudgetOut(Struct, frozen=True, kw_only=True):
    """What an audience may get of a data set in a year, and what it got."""

    data_set: str
    audience: str
    period: str
    epsilon: float
    spent: float


@get("/statistics", opt={"permission": PUBLIC}, responses=problems())
async def list_statistics(context: In, set_id: SetId = None, year: Year = None) -> Statistics:
    """What was published, for everybody."""
    return _all(await _published(context, EVERYBODY, set_id, year))


@get(
    "/statistics/csv", opt={"permission": PUBLIC}, responses=problems(), media_type="text/csv"
)  # fmt: skip
async def list_csv(context: In, set_id: SetId = None, year: Year = None) -> Response[str]:
    """What was published, as comma-separated values."""
    return Response(
        share.to_csv(await _published(context, EVERYBODY, set_id, year)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="statistics.csv"'},
    )


@get(
    "/statistics/partners", opt={"permission": Permission.STATISTICS_READ},
    responses=problems(*SIGNED),
)  # fmt: skip
async def list_partners(
    context: In, who: Who, set_id: SetId = None, year: Year = None
) -> Statistics:
    """What partners were given."""
    who.require(Permission.STATISTICS_READ)
    return _all(await _published(context, "partners", set_id, year))


@get(
    "/statistics/budget", opt={"permission": Permission.STATISTICS_READ},
    responses=problems(*SIGNED),
)  # fmt: skip
async def list_budgets(context: In, who: Who) -> list[BudgetOut]:
    """The ledger: what may be spent in a year, and what was."""
    async with read(context.pool, who) as db:
        rows = await statistics.budgets(db, who)
    return [BudgetOut(data_set=b.data_set, audience=b.audience, period=b.period, epsilon=b.epsilon,
                      spent=b.spent) for b in rows]  # fmt: skip


@post(
    "/statistics/releases", opt={"permission": Permission.STATISTICS_PUBLISH},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def publish(context: In, who: Who, data: NewRelease) -> Published:
    """Publish a week that is over. Each week is drawn once; 409 when the year's budget is spent."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made, fresh = await share.publish(
            tx, who, data.data_set, data.week, data.audience, now, context.random
        )
    told = _out(made)
    return Published(id=told.id, data_set=told.data_set, audience=told.audience, week=told.week,
                     epsilon=told.epsilon, at=told.at, cells=told.cells, fresh=fresh)  # fmt: skip


async def _published(
    context: In, audience: str, set_id: str | None, year: int | None
) -> list[Release]:
    async with read(context.pool, SYSTEM) as db:
        return await statistics.published(
            db, audience=audience, data_set=set_id, period=None if year is None else f"{year:04}"
        )


def _all(found: list[Release]) -> Statistics:
    return Statistics(
        suppressed_below=plan().suppress_below, releases=[_out(each) for each in found]
    )


def _out(r: Release) -> ReleaseOut:
    return ReleaseOut(
        id=r.uuid, data_set=r.data_set, audience=r.audience, week=r.week, epsilon=r.epsilon, at=r.at,
        cells=[CellOut(value=c.value, country=c.country, count=c.count, low=c.low, high=c.high)
               for c in r.cells],
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[list_statistics, list_csv, list_partners, list_budgets, publish],
    tags=["statistics"],
)
