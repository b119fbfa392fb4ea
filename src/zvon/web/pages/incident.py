"""The page of one incident: what arrived, why we think so, what to decide."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.locale import translator
from zvon.model.verdict import shown
from zvon.share import release
from zvon.share.release import Share
from zvon.store import incident_detail, peer, report
from zvon.store.party import Db
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.api.reports import brand_name
from zvon.web.pages import (
    alerts,
    classes,
    discussion,
    incident_work,
    messages,
    obligations,
    page_rules,
    reviews,
    runs,
    takedowns,
)
from zvon.web.pages.evidence import marked
from zvon.web.pages.page import defanged, language, render
from zvon.web.pages.share_diff import diff, hide_open

WAITING = frozenset({"proposed", "validated", "held"})


@get("/incidents/{id:uuid}", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def incident(
    request: AnyRequest, context: In, who: Who, id: UUID,
    attack: Annotated[str | None, Parameter(max_length=100)] = None,
    response: Annotated[str | None, Parameter(max_length=100)] = None,
) -> Response[str]:  # fmt: skip
    """One incident; `attack` and `response` are places in the lanes of its timeline."""
    async with read(context.pool, who) as db:
        found = await incident_detail.get(db, who, id)
        work = await incident_work.facts_for(
            db, who, id, now=context.clock(), speak=translator(language(request, who)),
            attack=attack, response=response,
        )  # fmt: skip
        parts = {
            **await classes.facts_for(db, who, found.id),
            **await reviews.facts_for(db, who, found.id),
            **await alerts.facts_for(db, who, id, found.id),
            **await obligations.facts_for(db, who, id, context.clock()),
            **await messages.facts_for(db, who, id),
            **await runs.facts_for(db, who, id),
            **await discussion.facts_for(db, who, id, found.id, context.clock()),
            **await page_rules.facts_for(db, who, id, found.id),
            **await takedowns.facts_for(db, context, who, id, found.id, found.category),
        }
        newest = None
        if found.reports and who.may(Permission.REPORT_READ):
            newest = await report.get(db, who, found.reports[-1].uuid)
        shares = await _shares(db, who, id)
        groups = await peer.groups(db) if who.may(Permission.PEER_READ) else []
    message = newest.message if newest else None
    # Spans count the characters of the message that they were found in: its own verdict's reasons.
    own = newest.verdict.reasons if newest and newest.verdict else ()
    reasons = shown(tuple(own) or found.reasons)
    blockable = [n.name for n in found.names if n.scope != "none"]
    waiting = [b for b in found.blocks if b.state in WAITING]
    values = {
        "i": found,
        "report": newest,
        "message": message,
        "reasons": reasons,
        "pieces": list(marked(message.text, reasons)) if message else [],
        "brand": brand_name(found.brand),
        "blockable": blockable,
        "blockable_names": _listed(blockable),
        "waiting": [str(b.uuid) for b in waiting],
        "waiting_names": _listed([b.name for b in waiting]),
        "may_approve": who.may(Permission.BLOCK_APPROVE)
        and all(b.proposer != who.login for b in waiting),
        "own_proposal": any(b.proposer == who.login for b in waiting),
        "shares": shares,
        "groups": groups,
        "diff": diff,
        "hide_open": hide_open,
        "alike": [*parts["similar"], *work["related"]],
        **work,
        **parts,
    }
    return render(request, "incident.html", values)


async def _shares(db: Db, who: Viewer, id: UUID) -> list[Share]:
    if not who.may(Permission.SHARE_READ):
        return []
    return await release.list_all(db, who, incident_uuid=id)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(defanged(n) for n in names[:20]) + (" …" if len(names) > 20 else "")


HANDLERS = (incident,)
