"""One decision on many incidents: preview, start, a second person's word, results, undo."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.bulk import Action, BulkState, Outcome, encode
from zvon.model.marking import Tlp
from zvon.respond import bulk as respond
from zvon.respond import bulk_policy
from zvon.store import bulk as rows
from zvon.store import incident_filter
from zvon.store.bulk import Bulk, Effect
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.claims import Line
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems


class BulkIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do with which incidents: `incidents` names them, `query` is a filter of the queue."""

    action: Action
    reason: Line
    incidents: Annotated[list[UUID], Meta(min_length=1, max_length=20_000)] | None = None
    query: Annotated[str, Meta(max_length=1000)] | None = None


class EffectOut(Struct, frozen=True, kw_only=True):
    """What it touches: incidents by party and state, and what no undo brings back."""

    parties: dict[str, int]
    states: dict[str, int]
    irreversible: int
    blocks: int


class BulkOut(Struct, frozen=True, kw_only=True):
    """A decision on many. `body_sha` goes back with a second person's word."""

    id: UUID
    action: dict[str, Any]
    reason: str
    state: str
    total: int
    need: int
    body_sha: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    confirmed_by: str | None
    ended_at: datetime | None
    results: dict[str, int]
    effect: EffectOut | None = None


class Bulks(Struct, frozen=True, kw_only=True):
    """The latest; those that wait for a second person come first."""

    bulks: list[BulkOut]


class BulkItemOut(Struct, frozen=True, kw_only=True):
    """One incident of the list; `detail` is a code that says why it was left."""

    n: int
    incident: UUID
    number: str
    tlp: str
    state: str
    outcome: str
    detail: str


class BulkItems(Struct, frozen=True, kw_only=True):
    """A page of the list; `next` goes back as `after`."""

    items: list[BulkItemOut]
    next: int | None


class WordIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The second person's word on what they saw."""

    agrees: bool
    body_sha: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


def bulk_out(b: Bulk, effect: Effect | None = None) -> BulkOut:
    """A decision as the API shows it."""
    return BulkOut(
        id=b.uuid, action=encode(b.action), reason=b.reason, state=b.state, total=b.total,
        need=b.need, body_sha=b.body_sha, asked_by=b.asked_by, asked_at=b.asked_at,
        expires_at=b.expires_at, confirmed_by=b.confirmed_by, ended_at=b.ended_at,
        results=b.results,
        effect=None if effect is None else EffectOut(
            parties=effect.parties, states=effect.states, irreversible=effect.irreversible,
            blocks=effect.blocks),
    )  # fmt: skip


@post("/bulk", opt={"permission": Permission.INCIDENT_DECIDE}, responses=problems(*SIGNED, 422))
async def ask(context: In, who: Who, data: BulkIn) -> BulkOut:
    """Preview a decision on many: the list is frozen, and nothing is done yet."""
    if (data.incidents is None) == (data.query is None):
        raise BadInput("give either incidents or a query")
    now = context.clock()
    what = data.incidents or incident_filter.read(data.query or "")
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        uuid = await respond.ask(tx, who, data.action, what, data.reason, now, context.random)
        return await _whole(tx, who, uuid)


@get("/bulk", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED))
async def list_bulk(context: In, who: Who) -> Bulks:
    """The latest decisions on many."""
    async with read(context.pool, who) as db:
        return Bulks(bulks=[bulk_out(b) for b in await rows.list_all(db, who)])


@get(
    "/bulk/{id:uuid}", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_bulk(context: In, who: Who, id: UUID) -> BulkOut:
    """One decision on many, with what it touches."""
    async with read(context.pool, who) as db:
        found = await rows.get(db, who, id)
        effect = await rows.effect(db, found.action, await rows.ids_of(db, found))
    return bulk_out(found, effect)


@get(
    "/bulk/{id:uuid}/items", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def list_items(
    context: In, who: Who, id: UUID,
    after: Annotated[int, Parameter(ge=0, le=2**31 - 1)] = 0,
    outcome: Outcome | None = None,
) -> BulkItems:  # fmt: skip
    """The list in its order, with the result of each."""
    async with read(context.pool, who) as db:
        found = await rows.items(db, await rows.get(db, who, id), after, outcome=outcome)
    return BulkItems(
        items=[BulkItemOut(n=i.n, incident=i.incident, number=i.number, tlp=Tlp(i.tlp).label,
                           state=i.state, outcome=i.outcome, detail=i.detail) for i in found],
        next=found[-1].n if len(found) == rows.PAGE else None,
    )  # fmt: skip


@post(
    "/bulk/{id:uuid}/start", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def start(context: In, who: Who, id: UUID) -> BulkOut:
    """Let it begin; a large one waits for a second person then. A small one is done at once."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await respond.start(tx, who, id, now)
    return await _worked(context, who, id)


@post(
    "/bulk/{id:uuid}/confirmations", opt={"permission": Permission.INCIDENT_SETTLE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def confirm(context: In, who: Who, id: UUID, data: WordIn) -> BulkOut:
    """The second person's word; bound to exactly what was previewed."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await respond.confirm(tx, who, id, agrees=data.agrees, body_sha=data.body_sha, now=now)
    return await _worked(context, who, id)


@post(
    "/bulk/{id:uuid}/undo", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def undo(context: In, who: Who, id: UUID) -> BulkOut:
    """Take all of it back; what somebody worked on since stays as it is."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await respond.undo(tx, who, id, now)
    return await _worked(context, who, id)


async def _whole(tx: Tx, who: Viewer, uuid: UUID) -> BulkOut:
    found = await rows.get(tx.db, who, uuid)
    return bulk_out(found, await respond.preview(tx, who, found))


async def _worked(context: In, who: Viewer, uuid: UUID) -> BulkOut:
    """A small one is done while the person waits; the job finds nothing left to do."""
    async with read(context.pool, who) as db:
        found = await rows.get(db, who, uuid)
        policy = await bulk_policy.current(db)
    running = found.state in {BulkState.RUNNING, BulkState.UNDOING}
    if running and found.total <= policy.at_once:
        await respond.work(context.pool, uuid, context.clock)
        async with read(context.pool, who) as db:
            found = await rows.get(db, who, uuid)
    return bulk_out(found)


router = Router(
    "/",
    route_handlers=[ask, list_bulk, get_bulk, list_items, start, confirm, undo],
    tags=["queue"],
)
