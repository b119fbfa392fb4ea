"""What people asked about their data, each with its clock and every step."""

from uuid import UUID

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.store import data_policy, data_request
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

KINDS = ("access", "rectification", "erasure", "restriction", "objection")
IDENTIFIERS = ("name", "email", "phone", "national_id", "iban", "card", "plate")


@get("/privacy/requests", opt={"permission": Permission.DATA_REQUEST_READ}, include_in_schema=False)
async def requests_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Requests that are open, the most urgent first, and the latest closed ones."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        values = {
            "requests": await data_request.list_all(db, who),
            "closed": await data_request.list_all(db, who, closed=True),
            "kinds": KINDS,
            "identifiers": IDENTIFIERS,
            "countries": sorted(await data_policy.newest(db)) or [context.settings.country],
        }
    return render(request, "data_requests.html", values)


@get(
    "/privacy/requests/{id:uuid}", opt={"permission": Permission.DATA_REQUEST_READ},
    include_in_schema=False,
)  # fmt: skip
async def request_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One request: what is due when, what was found, what was done."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        found = await data_request.get(db, who, id)
        steps = await data_request.steps(db, who, found)
    async with read(context.pool, SYSTEM) as db:
        revoked, receipts = await data_request.partners(db, found)
    values = {"r": found, "steps": steps, "revoked": revoked, "receipts": receipts}
    return render(request, "data_request.html", values)


HANDLERS = (requests_page, request_page)
