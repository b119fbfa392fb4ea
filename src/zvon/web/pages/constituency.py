"""The register of what is ours, for those who keep it."""

from typing import Annotated

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.privacy.register_entry import KINDS
from zvon.store import constituency
from zvon.store.constituency import Kind
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render


@get("/constituency", opt={"permission": Permission.CONSTITUENCY_READ}, include_in_schema=False)
async def constituency_page(
    request: AnyRequest,
    context: In,
    who: Who,
    kind: Kind | None = None,
    text: Annotated[str, Parameter(max_length=300)] = "",
    after: Annotated[str, Parameter(pattern="^[0-9]{1,18}$")] = "0",
) -> Response[str]:
    """What decides whether a value is a victim's."""
    async with read(context.pool, who) as db:
        rows = await constituency.page(db, who, kind=kind, text=text, after=int(after))
        counts = await constituency.counts(db, who)
    values = {
        "rows": rows,
        "counts": counts,
        "kinds": KINDS,
        "kind": kind or "",
        "text": text,
        "next": rows[-1].id if len(rows) == constituency.PAGE else None,
    }
    return render(request, "constituency.html", values)


HANDLERS = (constituency_page,)
