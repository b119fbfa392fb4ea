"""Measures: what takes how long, how much of what, and the rows behind each number."""

from datetime import datetime, timedelta
from typing import Annotated

from litestar import Router, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.store import metric, metric_count
from zvon.store.metric import Figure, Measure, Timed, Wanted
from zvon.store.metric_count import Counts, Facet, Part
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems

LONGEST = timedelta(days=1100)
Word = Annotated[str | None, Parameter(max_length=100)]
Days = Annotated[int | None, Parameter(ge=1, le=1100)]


class Metrics(Struct, frozen=True, kw_only=True):
    """The measures of a period; durations in seconds, medians by Kaplan and Meier."""

    since: datetime
    until: datetime
    counts: Counts
    figures: list[Figure]
    divided: dict[str, list[Part]]


class Behind(Struct, frozen=True):
    """The rows of one measure, slowest first."""

    rows: list[Timed]


def wanted_of(
    now: datetime,
    since: datetime | None,
    until: datetime | None,
    days: int | None = None,
    **narrow: str | None,
) -> Wanted:
    """A period as asked; without a beginning the last `days`, or 30. Raises `BadInput`."""
    end = until or now
    begin = since or end - timedelta(days=days or 30)
    if begin.tzinfo is None or end.tzinfo is None:
        raise BadInput("since and until need a time zone")
    if not begin < end or end - begin > LONGEST:
        raise BadInput("since lies before until, at most three years")
    return Wanted(since=begin, until=end, **narrow)


@get("/metrics", opt={"permission": Permission.METRIC_READ}, responses=problems(*SIGNED, 422))
async def get_metrics(
    context: In,
    who: Who,
    since: datetime | None = None,
    until: datetime | None = None,
    days: Days = None,
    source_kind: Word = None,
    category: Word = None,
    brand: Word = None,
    rsit: Word = None,
    country: Word = None,
) -> Metrics:
    """All measures of a period, narrowed as asked, over what the caller may see."""
    now = context.clock()
    wanted = wanted_of(now, since, until, days, source_kind=source_kind, category=category, brand=brand,
                       rsit=rsit, country=country)  # fmt: skip
    async with read(context.pool, who) as db:
        return Metrics(
            since=wanted.since, until=wanted.until,
            counts=await metric_count.counts(db, who, wanted),
            figures=await metric.figures(db, who, wanted, now),
            divided={f.value: await metric_count.divided(db, who, f, wanted) for f in Facet},
        )  # fmt: skip


@get(
    "/metrics/{measure:str}", opt={"permission": Permission.METRIC_READ},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def get_behind(
    context: In,
    who: Who,
    measure: str,
    since: datetime | None = None,
    until: datetime | None = None,
    days: Days = None,
    source_kind: Word = None,
    category: Word = None,
    brand: Word = None,
    rsit: Word = None,
    country: Word = None,
    limit: Annotated[int, Parameter(ge=1, le=1000)] = 200,
) -> Behind:
    """What stands behind one measure."""
    now = context.clock()
    wanted = wanted_of(now, since, until, days, source_kind=source_kind, category=category, brand=brand,
                       rsit=rsit, country=country)  # fmt: skip
    async with read(context.pool, who) as db:
        return Behind(await metric.behind(db, who, known(measure), wanted, now, limit=limit))


def known(measure: str) -> Measure:
    """The measure of this name. Raises `LookupError`."""
    try:
        return Measure(measure)
    except ValueError:
        raise LookupError(f"there is no measure {measure[:40]!r}") from None


router = Router("/", route_handlers=[get_metrics, get_behind], tags=["metrics"])
