"""How often the landing page was shown."""

from datetime import datetime, timedelta
from typing import Annotated

from litestar import Router, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.store import landing_hour
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class VisitsOut(Struct, frozen=True, kw_only=True):
    """Visits by block number since the full hour `since`; `other`: names that we say nothing of."""

    since: datetime
    blocks: dict[str, int]
    other: int


@get("/landing/visits", opt={"permission": Permission.HIT_READ}, responses=problems(*SIGNED))
async def visits(
    context: In, who: Who, hours: Annotated[int, Parameter(ge=1, le=24 * 366)] = 24
) -> VisitsOut:
    """Visits of the last hours, counted by hour and block; nothing else of a visit is kept."""
    hour = context.clock().replace(minute=0, second=0, microsecond=0)
    since = hour - timedelta(hours=hours - 1)
    async with read(context.pool, who) as db:
        counted = await landing_hour.since(db, since)
    other = counted.pop("", 0)
    return VisitsOut(since=since, blocks=counted, other=other)


router = Router("/", route_handlers=[visits], tags=["landing"])
