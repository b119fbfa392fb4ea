"""Feeds: what each shows of the decisions, who takes it, and whether the tripwire stopped it."""

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.model.view import View
from zvon.store import feed_view
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render


@get("/feeds", opt={"permission": Permission.SUBSCRIBER_READ}, include_in_schema=False)
async def feeds(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """All feeds, those that decisions are made for first."""
    async with read(context.pool, who) as db:
        found = await feed_view.list_all(db)
    values = {"feeds": sorted(found, key=lambda f: (not f.own, f.name)), "limits": limits}
    return render(request, "feeds.html", values)


def limits(view: View) -> list[tuple[str, str]]:
    """What the view asks for, field by field; empty when it takes everything."""
    shown = [
        (field, ", ".join(getattr(view, field)))
        for field in ("countries", "feeds", "categories", "sources", "triggers")
        if getattr(view, field)
    ]
    if view.min_confidence:
        shown.append(("min_confidence", f"≥ {view.min_confidence:g}"))
    return shown


HANDLERS = (feeds,)
