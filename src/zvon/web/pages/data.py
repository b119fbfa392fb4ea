"""How long data lives: policies of the countries, what was purged, what is held, what is published."""

from datetime import datetime, timedelta
from typing import Any

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.model.statistics import plan
from zvon.privacy.plan import Kind
from zvon.store import data_facts, data_policy, legal_hold, purge, statistics
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

MOST_PURGES = 20
WEEK = timedelta(days=7)


@get("/privacy/data", opt={"permission": Permission.DATA_POLICY_READ}, include_in_schema=False)
async def data_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """What holds in each country, what is there now, and the documents that say it."""
    who.require(Permission.DATA_POLICY_READ)
    now = context.clock()
    countries: list[dict[str, Any]] = []
    async with read(context.pool, SYSTEM) as db:
        policies = await data_policy.newest(db)
        for version in await data_policy.newest_versions(db):
            state = await data_facts.facts(db, version.country, version.version, now)
            policy = policies[version.country]
            countries.append({"version": version, "policy": policy, "classes": state.classes})
    async with read(context.pool, who) as db:
        values = {
            "countries": countries,
            "holds": await legal_hold.list_all(db, who),
            "purges": await purge.list_all(db, who, limit=MOST_PURGES),
            "kinds": list(Kind),
        }
    return render(request, "data.html", values)


@get("/privacy/statistics", opt={"permission": Permission.STATISTICS_READ}, include_in_schema=False)
async def statistics_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """What outsiders were given, and what of the budget is left."""
    async with read(context.pool, who) as db:
        values = {
            "budgets": await statistics.budgets(db, who),
            "releases": await statistics.published(db),
            "sets": plan().sets,
            "below": plan().suppress_below,
            "week": _week(context.clock() - WEEK),
        }
    return render(request, "statistics.html", values)


def _week(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"


HANDLERS = (data_page, statistics_page)
