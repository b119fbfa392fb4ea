"""Audit, administration, and one's own account."""

from typing import Annotated

from litestar import Response, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access import key_map
from zvon.access import person as people
from zvon.access.permission import Permission
from zvon.model.zone import test_name
from zvon.store import audit, job, subscriber
from zvon.store.job import Backlog, Heartbeat, HeldJob
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.doorkeeper import SIGNED_IN
from zvon.web.pages.access import account
from zvon.web.pages.page import render

PAGE = 100


class Jobs(Struct, frozen=True):
    """What the machine has to do, and its processes."""

    backlog: Backlog
    held: list[HeldJob]
    parts: list[Heartbeat]


@get("/audit", opt={"permission": Permission.AUDIT_READ}, include_in_schema=False)
async def audit_page(
    request: AnyRequest,
    context: In,
    who: Who,
    after: Annotated[int | None, Parameter(ge=1, le=2**62)] = None,
    oldest: bool = False,
) -> Response[str]:
    """Who did, or was refused, what; and whether the chain is whole."""
    async with read(context.pool, who) as db:
        rows = await audit.page(db, who, after=after, limit=PAGE, oldest=oldest)
        problems = await audit.verify(db)
        length = await audit.length(db)
    values = {"rows": rows, "problems": problems, "length": length, "more": len(rows) == PAGE,
              "oldest": oldest}  # fmt: skip
    return render(request, "audit.html", values)


@get("/admin", opt={"permission": Permission.SUBSCRIBER_READ}, include_in_schema=False)
async def admin(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """People, subscribers and the machine, as far as the viewer may see them."""
    now = context.clock()
    async with read(context.pool, who) as db:
        values = {
            "people": await people.list_people(db, who)
            if who.may(Permission.PERSON_READ)
            else None,
            "subscribers": await subscriber.list_all(db),
            "test_name": test_name(context.settings.country.lower()),
            "jobs": Jobs(
                await job.backlog(db, now), await job.held(db), list(await job.heartbeats(db))
            )
            if who.may(Permission.JOB_READ)
            else None,
        }
    return render(request, "admin.html", values)


@get("/you", opt={"permission": SIGNED_IN}, include_in_schema=False)
async def you(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """One's own account."""
    values = {"shipped_keys": key_map.SHIPPED, **await account(request, context, who)}
    return render(request, "you.html", values)


HANDLERS = (audit_page, admin, you)
