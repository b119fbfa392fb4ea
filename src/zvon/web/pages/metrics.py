"""How long things take and how much there is: each number leads to its rows."""

from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.respond.situation import Audience
from zvon.store import metric, metric_count
from zvon.store.metric import Measure
from zvon.store.metric_count import Facet
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.api.metrics import known, wanted_of
from zvon.web.pages import situation_jobs
from zvon.web.pages.page import render

DAYS = (1, 7, 30, 90, 365)
FACETS = (Facet.SOURCE_KIND, Facet.RSIT, Facet.CATEGORY, Facet.BRAND, Facet.COUNTRY)
OF_PEOPLE = (Measure.DETECT, Measure.ACKNOWLEDGE, Measure.CONTAIN, Measure.RESOLVE)
OF_BLOCKS = (Measure.PROPOSE, Measure.APPROVE, Measure.PUBLISH, Measure.BLOCK, Measure.SHARE)
Days = Annotated[int, Parameter(ge=1, le=1100)]
Word = Annotated[str | None, Parameter(max_length=100)]


def _since(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


@get("/metrics", opt={"permission": Permission.METRIC_READ}, include_in_schema=False)
async def metrics_page(
    request: AnyRequest,
    context: In,
    who: Who,
    days: Days = 30,
    source_kind: Word = None,
    rsit: Word = None,
    category: Word = None,
    brand: Word = None,
    country: Word = None,
) -> Response[str]:
    """The measures of the last days, and how what came divides."""
    now = context.clock()
    chosen = {
        k: v for k, v in (("source_kind", source_kind), ("rsit", rsit), ("category", category),
                          ("brand", brand), ("country", country)) if v
    }  # fmt: skip
    wanted = wanted_of(now, _since(now, days), now, None, **chosen)
    async with read(context.pool, who) as db:
        figures = {f.measure: f for f in await metric.figures(db, who, wanted, now)}
        values = {
            "counts": await metric_count.counts(db, who, wanted),
            "divided": [(f.value, await metric_count.divided(db, who, f, wanted, limit=12))
                        for f in FACETS],
            **await situation_jobs.facts_for(db, who),
        }  # fmt: skip
    return render(request, "metrics.html", {
        **values, "days": days, "periods": DAYS, "chosen": chosen, "query": urlencode(chosen),
        "audiences": [
            a.value for a in Audience
            if a in {Audience.ANALYST, Audience.MANAGEMENT} or who.may(Permission.SITUATION_PUBLISH)
        ],
        "people": [figures[m] for m in OF_PEOPLE], "blocks": [figures[m] for m in OF_BLOCKS],
        "with_facet": lambda facet, value: urlencode({**chosen, facet: value, "days": days}),
    })  # fmt: skip


@get("/metrics/{measure:str}", opt={"permission": Permission.METRIC_READ}, include_in_schema=False)
async def behind_page(
    request: AnyRequest,
    context: In,
    who: Who,
    measure: str,
    days: Days = 30,
    source_kind: Word = None,
    rsit: Word = None,
    category: Word = None,
    brand: Word = None,
    country: Word = None,
) -> Response[str]:
    """The rows behind one number, slowest first."""
    now = context.clock()
    which = known(measure)
    wanted = wanted_of(now, _since(now, days), now, source_kind=source_kind, rsit=rsit,
                       category=category, brand=brand, country=country)  # fmt: skip
    async with read(context.pool, who) as db:
        rows = await metric.behind(db, who, which, wanted, now)
    return render(request, "metric.html", {"measure": which.value, "rows": rows, "days": days})


HANDLERS = (metrics_page, behind_page)
