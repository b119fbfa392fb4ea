"""Names that look alike and do nothing yet: what they look like, what was seen, what to do."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.store import brand, watch
from zvon.store.visibility import read
from zvon.store.watch import Filter
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

PAGE = 100
SHOWS = {
    "watching": ("watching",), "escalated": ("escalated",), "ended": ("dismissed", "expired"),
}  # fmt: skip


@get("/watch", opt={"permission": Permission.WATCH_READ}, include_in_schema=False)
async def watched(
    request: AnyRequest,
    context: In,
    who: Who,
    show: Annotated[str, Parameter(max_length=20)] = "watching",
    of: Annotated[str, Parameter(max_length=80)] = "",
    after: UUID | None = None,
) -> Response[str]:
    """The items of one kind, the likeliest first; a desk sees those of its own brands."""
    chosen = show if show in SHOWS else "watching"
    wanted = Filter(states=SHOWS[chosen], brand=of or None, after=after)
    async with read(context.pool, who) as db:
        items = await watch.page(db, who, wanted, PAGE + 1)
        brands = {each.id: each.name for each in await brand.visible(db, who)}
    values = {
        "items": items[:PAGE],
        "next": items[PAGE - 1].uuid if len(items) > PAGE else None,
        "brands": brands,
        "shows": tuple(SHOWS),
        "show": chosen,
        "of": of,
    }
    return render(request, "watch.html", values)


HANDLERS = (watched,)
