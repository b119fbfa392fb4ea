"""What waits for a decision before it leaves, what left, how long data lives, and who asked."""

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.share import release
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

MOST_WAITING = 50


@get("/privacy", opt={"permission": Permission.SHARE_READ}, include_in_schema=False)
async def privacy(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Everything that a privacy officer looks at first."""
    async with read(context.pool, who) as db:
        shares = await release.list_all(db, who, limit=MOST_WAITING)
    waiting = [share for share in shares if share.state in {"held", "waiting"}]
    return render(request, "privacy.html", {"waiting": waiting})


HANDLERS = (privacy,)
