"""Campaigns: the list, and one with its picture, days, names, keys and what may come next."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.locale import translator
from zvon.store import campaign_graph, campaign_list, campaign_page
from zvon.store.campaign_graph import Graph
from zvon.store.campaign_page import Day
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.api.reports import brand_name
from zvon.web.pages.drawing import Dot, Drawing, draw
from zvon.web.pages.page import defanged, language, render

PAGE = 50
LABEL = 30  # characters of a node's words in the picture
# What they share left, reports in the middle, where they lead right: no line crosses a column.
COLUMNS = {"reports": 1, "name": 2, "address": 2, "account": 2, "phone": 2}
SHARED = 0
QUOTED = frozenset({"name", "address", "host", "path"})


class Bar(Struct, frozen=True):
    """Reports of one day, all channels together, and its share of the busiest day."""

    day: date
    reports: int
    share: float


@get("/campaigns", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def campaigns(
    request: AnyRequest,
    context: In,
    who: Who,
    of: Annotated[str, Parameter(max_length=80)] = "",
    before: UUID | None = None,
) -> Response[str]:
    """Campaigns, those with the newest reports first."""
    async with read(context.pool, who) as db:
        found = await campaign_list.newest(db, who, brand=of or None, before=before, limit=PAGE + 1)
    values = {
        "campaigns": found[:PAGE],
        "next": found[PAGE - 1].id if len(found) > PAGE else None,
        "brand_of": brand_name,
        "of": of,
    }
    return render(request, "campaigns.html", values)


@get("/campaigns/{id:uuid}", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def one(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One campaign."""
    async with read(context.pool, who) as db:
        found = await campaign_page.page(db, who, id)
        graph = await campaign_graph.graph(db, who, id)
    speak = translator(language(request, who))
    values = {
        "c": found,
        "brand": brand_name(found.brand),
        "drawing": drawing(graph, partial(speak.plural, "{n} report", "{n} reports")),
        "left_out": graph.left_out,
        "bars": bars(found.days),
    }
    return render(request, "campaign.html", values)


def drawing(graph: Graph, counted: Callable[[int], str]) -> Drawing:
    """The picture of a graph; names in it cannot be opened by accident. `counted`: "3 reports"."""
    dots = [
        Dot(id=n.id, column=COLUMNS.get(n.kind, SHARED), kind=n.kind, weight=n.reports,
            label=counted(n.reports) if n.kind == "reports"
            else _short(defanged(n.label) if n.kind in QUOTED else n.label))
        for n in graph.nodes
    ]  # fmt: skip
    return draw(dots, [(e.source, e.target, e.code) for e in graph.edges])


def bars(days: Sequence[Day]) -> list[Bar]:
    """One bar a day, oldest first."""
    total: dict[date, int] = {}
    for each in days:
        total[each.day] = total.get(each.day, 0) + each.reports
    most = max(total.values(), default=1)
    return [Bar(day, n, n / most) for day, n in sorted(total.items())]


def _short(text: str) -> str:
    return text if len(text) <= LABEL else text[: LABEL - 2] + " …"


HANDLERS = (campaigns, one)
