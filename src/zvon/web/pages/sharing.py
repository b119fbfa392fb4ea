"""Partners, groups and releases."""

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.share import release
from zvon.store import peer
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render
from zvon.web.pages.share_diff import diff, hide_open

PAGE = 20


@get("/sharing", opt={"permission": Permission.PEER_READ}, include_in_schema=False)
async def sharing(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Who we share with, what waits and what left."""
    async with read(context.pool, who) as db:
        values = {
            "peers": await peer.list_all(db),
            "groups": await peer.groups(db),
            "shares": await release.list_all(db, who, limit=PAGE)
            if who.may(Permission.SHARE_READ)
            else [],
            "diff": diff,
            "hide_open": hide_open,
        }
    return render(request, "sharing.html", values)


HANDLERS = (sharing,)
