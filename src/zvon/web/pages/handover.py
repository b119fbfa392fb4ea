"""The handover of a shift: what is written now, what waits to be taken, and those before."""

from uuid import UUID

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import handover, incident_brief
from zvon.store.handover import Handover, Note
from zvon.store.handover_list import KINDS, MOST, SECTIONS, Item
from zvon.store.party import Db
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

_PLACES = {
    "block": "/blocks/{ref}", "confirm": "/blocks/{ref}", "bulk": "/bulk/{ref}",
    "review": "/reviews/{ref}", "run": "/runs/{ref}", "contact": "/contacts/{ref}",
    "message": "/messages/{ref}", "playbook": "/playbooks", "rule_pack": "/obligations/rules",
    "obligation": "/obligations", "order": "/orders", "appeal": "/appeals", "task": "/tasks",
    "source": "/sources", "critical": "/incidents/{ref}", "snooze": "/incidents/{ref}",
    "moved": "/incidents/{ref}", "share": "/incidents/{incident}#share-{ref}",
    "countersign": "/incidents/{incident}", "comment": "/incidents/{incident}#comment-{ref}",
}  # fmt: skip


@get("/handover", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def handover_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """The draft with its list, handovers that wait for somebody, and the last ones."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        draft = await handover.current(db, who)
        waiting = [await handover.get(db, who, h.uuid) for h in await handover.waiting(db, who)]
        values = {
            "draft": None if draft is None else await _shown(db, who, draft, context),
            "waiting": [await _shown(db, who, h, context) for h in waiting],
            "before": await handover.before(db, who),
            "people": await incident_brief.workers(db, Permission.HANDOVER_WRITE),
            "place": place, "most": MOST,
        }  # fmt: skip
    return render(request, "handover.html", values)


@get("/handover/{id:uuid}", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def one_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One handover as it was given, with how its things stand now."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        found = await handover.get(db, who, id)
        values = {
            "draft": await _shown(db, who, found, context) if found.state == "draft" else None,
            "waiting": [] if found.state == "draft" else [await _shown(db, who, found, context)],
            "before": [], "place": place, "most": MOST,
            "people": await incident_brief.workers(db, Permission.HANDOVER_WRITE),
        }  # fmt: skip
    return render(request, "handover.html", values)


Shown = tuple[Handover, list[tuple[str, list[tuple[Item, list[Note]]]]], list[Note]]


async def _shown(db: Db, who: Viewer, of: Handover, context: In) -> Shown:
    """A handover, its things by section with what was written about each, and the other notes."""
    found = await handover.items(db, who, of, context.clock())
    notes: dict[tuple[str, str], list[Note]] = {}
    for note in of.notes:
        notes.setdefault((note.kind, note.ref), []).append(note)
    sections = []
    told: set[tuple[str, str]] = set()
    for section in SECTIONS:
        rows = [i for i in found if KINDS[i.kind].section == section]
        told |= {(i.kind, i.ref) for i in rows}
        if rows:
            sections.append((section, [(i, notes.get((i.kind, i.ref), [])) for i in rows]))
    free = [n for n in of.notes if (n.kind, n.ref) not in told]
    return of, sections, free


def place(item: Item) -> str:
    """Where a thing of the list is looked at; empty where there is no page of it."""
    if item.kind in {"share", "countersign", "comment"} and item.incident is None:
        return ""
    return _PLACES.get(item.kind, "").format(ref=item.ref, incident=item.incident)


HANDLERS = (handover_page, one_page)
