"""Overview and queue: what waits, ranked, with the reason of the rank."""

from typing import Annotated

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.store import incident_queue, peer, person, subscriber
from zvon.store.incident_filter import Tab
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

FIRST = 5
PAGE = 100


@get("/", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def overview(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Where things stand, and on a new node what to do first."""
    async with read(context.pool, who) as db:
        page = await incident_queue.queue(db, who, tab=Tab.ALL, limit=FIRST)
        values = {
            "counts": page.counts,
            "first": page.rows,
            "subscribers": len(await subscriber.list_all(db)),
            "peers": len(await peer.list_all(db)),
            "people": sum(not p.machine for p in await person.list_all(db)),
        }
    return render(request, "overview.html", values)


@get("/queue", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def queue(
    request: AnyRequest,
    context: In,
    who: Who,
    tab: Tab = Tab.ALL,
    after: Annotated[str | None, Parameter(max_length=200)] = None,
) -> Response[str]:
    """The queue."""
    async with read(context.pool, who) as db:
        page = await incident_queue.queue(db, who, tab=tab, after=after, limit=PAGE)
    return render(request, "queue.html", {"page": page, "tab": tab.value})


HANDLERS = (overview, queue)
