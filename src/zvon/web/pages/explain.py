"""Why a name is blocked, or is not: the simulator as a page."""

from typing import Annotated

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.model.name import BadName
from zvon.store import explain
from zvon.store.explain import Explanation
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

# What a resolver does, as a msgid; the same sentences as on the command line.
DOES = {
    "none": "answers the truth",
    "nxdomain": "says that the name does not exist",
    "nodata": "says that there is no address",
    "landing": "leads to the landing page",
    "passthru": "lets it pass",
}


@get("/explain", opt={"permission": Permission.BLOCK_READ}, include_in_schema=False)
async def explain_page(
    request: AnyRequest,
    context: In,
    who: Who,
    name: Annotated[str, Parameter(max_length=300)] = "",
) -> Response[str]:
    """A field for a name; below it what every feed does with it."""
    found: Explanation | None = None
    bad = False
    if name.strip():
        try:
            async with read(context.pool, who) as db:
                found = await explain.explain(db, who, name.strip())
        except BadName:
            bad = True
    values = {"name": name, "found": found, "bad": bad, "does": DOES}
    return render(request, "explain.html", values, status=422 if bad else 200)


HANDLERS = (explain_page,)
