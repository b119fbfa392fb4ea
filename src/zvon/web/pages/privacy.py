"""What waits for a decision before it leaves, what left, how long data lives, and who asked."""

from datetime import datetime, timedelta

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.model.disclosure import Door, Outcome
from zvon.share import release
from zvon.store import data_request, disclosure, pseudonym
from zvon.store.disclosure import Wanted
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

MOST_WAITING = 50
MOST_LEFT = 10
MONTH = timedelta(days=30)


@get("/privacy", opt={"permission": Permission.SHARE_READ}, include_in_schema=False)
async def privacy(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Everything that a privacy officer looks at first."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        shares = await release.list_all(db, who, limit=MOST_WAITING)
        values = {
            "waiting": [share for share in shares if share.state in {"held", "waiting"}],
            "epochs": await pseudonym.epochs(db, who)
            if who.may(Permission.PSEUDONYM_MANAGE)
            else None,
            "requests": await data_request.list_all(db, who)
            if who.may(Permission.DATA_REQUEST_READ)
            else [],
            "left": await disclosure.newest(db, Wanted(), limit=MOST_LEFT)
            if who.may(Permission.DISCLOSURE_READ)
            else [],
            "month": await disclosure.counts(db, Wanted(since=now - MONTH))
            if who.may(Permission.DISCLOSURE_READ)
            else {},
        }
    return render(request, "privacy.html", values)


@get(
    "/privacy/disclosures", opt={"permission": Permission.DISCLOSURE_READ}, include_in_schema=False
)
async def disclosures(
    request: AnyRequest, context: In, who: Who, door: Door | None = None,
    outcome: Outcome | None = None, before: datetime | None = None,
) -> Response[str]:  # fmt: skip
    """Everything that left or was stopped, newest first."""
    who.require(Permission.DISCLOSURE_READ)
    wanted = Wanted(door=door, outcome=outcome)
    async with read(context.pool, who) as db:
        after = (before, 2**62) if before else None
        rows = await disclosure.newest(db, wanted, after=after)
        counts = await disclosure.counts(db, Wanted())
    values = {
        "rows": rows, "counts": counts, "door": door, "outcome": outcome, "doors": list(Door),
        "outcomes": list(Outcome),
        "next": rows[-1].at.isoformat() if len(rows) == disclosure.PAGE else None,
    }  # fmt: skip
    return render(request, "disclosures.html", values)


HANDLERS = (privacy, disclosures)
