"""Decisions on many incidents: what one would do, who agreed, and what became of each item."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.model.bulk import encode
from zvon.store import bulk, incident_rank, incident_rank_policy
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render


@get("/bulk", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def bulk_list(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """The latest decisions on many; those that wait for a second person first."""
    async with read(context.pool, who) as db:
        found = await bulk.list_all(db, who)
    rows = [(b, encode(b.action)) for b in found]
    return render(request, "bulks.html", {"rows": rows})


@get("/bulk/{id:uuid}", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def bulk_page(
    request: AnyRequest, context: In, who: Who, id: UUID,
    after: Annotated[int, Parameter(ge=0, le=2**31 - 1)] = 0,
) -> Response[str]:  # fmt: skip
    """One decision: its list, what it touches, and each result."""
    async with read(context.pool, who) as db:
        found = await bulk.get(db, who, id)
        effect = await bulk.effect(db, found.action, await bulk.ids_of(db, found))
        items = await bulk.items(db, found, after)
    values = {"b": found, "action": encode(found.action), "effect": effect, "items": items,
              "next": items[-1].n if len(items) == bulk.PAGE else None}  # fmt: skip
    return render(request, "bulk.html", values)


@get("/rank", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def rank_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """The weights of the queue, and proposals to change them."""
    async with read(context.pool, who) as db:
        found = await incident_rank.current(db)
        changes = await incident_rank_policy.list_all(db, who)
        moves = {}
        for change in changes:
            if change.state == "proposed" and who.may(Permission.RANK_MANAGE):
                weights = incident_rank_policy.weights_of(change)
                moves[change.uuid] = await incident_rank_policy.preview(
                    db, who, weights, context.clock()
                )
    values = {"version": found.version, "weights": msgspec.to_builtins(found.weights),
              "changes": changes, "moves": moves}  # fmt: skip
    return render(request, "rank.html", values)


HANDLERS = (bulk_list, bulk_page, rank_page)
