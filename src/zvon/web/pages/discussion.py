"""The talk about an incident on its page, and the list of comments that call the viewer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.mention import handle
from zvon.store import comment_share, discussion
from zvon.store.party import Db
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render


async def facts_for(
    db: Db, who: Viewer, incident: UUID, incident_id: int, now: datetime
) -> dict[str, Any]:
    """What the part of the incident's page shows; keys begin with `talk_`."""
    comments = await discussion.of_incident(db, who, incident_id)
    people = await discussion.people(db, who, incident) if who.may(Permission.INCIDENT_NOTE) else []
    partners = (
        await comment_share.partners(db, incident_id)
        if who.may(Permission.INCIDENT_NOTE) and who.may(Permission.PEER_READ)
        else []
    )
    return {
        "talk_threads": [[c, *(d for d in comments if d.root == c.uuid)]
                         for c in comments if c.root is None],
        "talk_people": [(handle(p.login), p.name) for p in people if p.login != who.login],
        "talk_partners": [(handle(p.name), p.name, p.group_name, p.shared) for p in partners],
        "talk_edits": {c.uuid for c in comments
                       if c.by == who.login and c.gone_at is None
                       and now <= c.at + discussion.EDITABLE
                       and not any(s["state"] == "released" for s in c.shares)},
    }  # fmt: skip


@get("/mentions", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def mentions_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Comments that call the viewer: those not seen yet, then the last ones."""
    async with read(context.pool, who, context.clock()) as db:
        found = await discussion.calls(db, who, seen=True)
    values = {
        "fresh": [c for c in found if c.seen_at is None],
        "seen": [c for c in found if c.seen_at is not None][:30],
    }
    return render(request, "mentions.html", values)


HANDLERS = (mentions_page,)
