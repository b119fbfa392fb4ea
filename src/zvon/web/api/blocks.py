"""Blocks: proposals, approvals, lifts, and the proof of each."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.lifecycle import BlockState
from zvon.model.scope import Scope
from zvon.model.verdict import Category
from zvon.store import block as blocks
from zvon.store import block_row
from zvon.store.block_row import BlockRow
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.block_out import BlockDetailOut, Blocks, block_out, detail_out
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

MAX_BATCH = 10_000
Reason = Annotated[str, Meta(min_length=3, max_length=500)]


class NameIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A name and how much of it the block covers."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]
    scope: Scope = Scope.HOST


class NewBlocks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proposal; it is taken whole or refused whole.

    Without `days` the category says how long, or the order, whose ground is taken too when none is
    given. For the triggers `ip` and `nsip` the names are address prefixes.
    """

    names: Annotated[list[NameIn], Meta(min_length=1, max_length=MAX_BATCH)]
    reason: Reason
    legal_ground: Annotated[str, Meta(max_length=500)] = ""
    days: Annotated[int, Meta(ge=1, le=90)] | None = None
    feed: Annotated[str, Meta(max_length=63)] | None = None
    trigger: Literal["qname", "ip", "nsdname", "nsip"] = "qname"
    action: Literal["nxdomain", "nodata", "landing"] = "nxdomain"
    category: Category | None = None
    confidence: Annotated[float, Meta(ge=0, le=1)] = 1.0
    source: Annotated[str, Meta(max_length=200)] = ""
    evidence: Annotated[list[Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]],
                        Meta(max_length=20)] = []  # fmt: skip
    order: UUID | None = None
    incident: UUID | None = None


class NewUrgent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hosts of an incident about the caller's own brand, for an hour."""

    names: Annotated[list[Annotated[str, Meta(min_length=1, max_length=300)]],
                     Meta(min_length=1, max_length=10)]  # fmt: skip
    incident: UUID
    reason: Reason
    legal_ground: Reason
    feed: Annotated[str, Meta(max_length=63)] | None = None


class Renewal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Blocks, until when they shall live from now on, and why."""

    blocks: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_BATCH)]
    until: Annotated[datetime, Meta(tz=True)]
    reason: Reason


class Chosen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Blocks, and why. The reason is shown to subscribers and kept in the audit."""

    blocks: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_BATCH)]
    reason: Reason


@get("/blocks", opt={"permission": Permission.BLOCK_READ}, responses=problems(*SIGNED, 422))
async def list_blocks(
    context: In,
    who: Who,
    states: Annotated[list[BlockState] | None, Parameter(query="state", max_items=12)] = None,
    after: Annotated[str | None, Parameter(max_length=100)] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 200,
    numbers: Annotated[
        list[Annotated[str, Meta(max_length=30)]] | None, Parameter(query="number", max_items=200)
    ] = None,
    name: Annotated[str | None, Parameter(max_length=300)] = None,
    advised: bool = False,
    unconfirmed: bool = False,
) -> Blocks:
    """Blocks, newest first, each with the proof per subscriber.

    `advised`: those that a retest asks a person about. `unconfirmed`: those that rest on the word
    of one trusted partner.
    """
    async with read(context.pool, who) as db:
        page = await block_row.board(
            db, who, states=[s.value for s in states] if states else None, after=after, limit=limit,
            numbers=numbers, name=name, advised=advised, unconfirmed=unconfirmed,
        )  # fmt: skip
    return Blocks(blocks=[block_out(r.block, r.proof) for r in page.rows], next=page.next)


@get(
    "/blocks/{id:uuid}", opt={"permission": Permission.BLOCK_READ}, responses=problems(*SIGNED, 404)
)
async def get_block(context: In, who: Who, id: UUID) -> BlockDetailOut:
    """One block with its steps."""
    async with read(context.pool, who) as db:
        found = await block_row.get(db, who, id)
    return detail_out(found)


@post(
    "/blocks", opt={"permission": Permission.BLOCK_PROPOSE}, responses=problems(*SIGNED, 409, 422)
)
async def propose_blocks(context: In, who: Who, data: NewBlocks) -> Blocks:
    """Propose blocks. One protected name refuses the whole list (422) and is written down."""
    now = context.clock()
    proposal = blocks.Proposal(
        names=tuple((n.name, n.scope) for n in data.names),
        feed=data.feed or context.settings.country.lower(),
        reason=data.reason,
        legal_ground=data.legal_ground,
        expires_at=None if data.days is None else now + timedelta(days=data.days),
        trigger=data.trigger,
        action=data.action,
        category=None if data.category is None else data.category.value,
        confidence=data.confidence,
        source=data.source,
        evidence=tuple(data.evidence),
        order_uuid=data.order,
        incident_uuid=data.incident,
    )
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        rows = await blocks.propose(tx, who, proposal, now, context.random)
    return Blocks(blocks=[block_out(r) for r in rows])


Act = Callable[[Tx, Viewer, Sequence[UUID], str, datetime], Awaitable[list[BlockRow]]]


async def _act(context: In, who: Who, data: Chosen, act: Act) -> Blocks:
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        rows = await act(tx, who, data.blocks, data.reason, now)
        await tx.seal(now)
        rows = await block_row.by_uuid(tx.db, data.blocks)
    return Blocks(blocks=[block_out(r) for r in rows])


@post(
    "/blocks/approvals", opt={"permission": Permission.BLOCK_APPROVE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def approve_blocks(context: In, who: Who, data: Chosen) -> Blocks:
    """Approve and publish at once, or confirm a trusted partner's. The proposer cannot (403)."""
    return await _act(context, who, data, blocks.approve)


@post(
    "/blocks/rejections", opt={"permission": Permission.BLOCK_APPROVE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def reject_blocks(context: In, who: Who, data: Chosen) -> Blocks:
    """Say no to proposed blocks."""
    return await _act(context, who, data, blocks.reject)


@post(
    "/blocks/releases", opt={"permission": Permission.BLOCK_APPROVE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def release_blocks(context: In, who: Who, data: Chosen) -> Blocks:
    """Let blocks go on that a brake holds; needs a person other than the proposer."""
    return await _act(context, who, data, blocks.release)


@post(
    "/blocks/withdrawals", opt={"permission": Permission.BLOCK_PROPOSE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def withdraw_blocks(context: In, who: Who, data: Chosen) -> Blocks:
    """Take one's own proposal back before it is published."""
    return await _act(context, who, data, blocks.withdraw)


@post(
    "/blocks/lifts", opt={"permission": Permission.BLOCK_LIFT},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def lift_blocks(context: In, who: Who, data: Chosen) -> Blocks:
    """End live blocks at every subscriber, as fast as they were set."""
    return await _act(context, who, data, blocks.lift)


@post(
    "/blocks/urgent", opt={"permission": Permission.BLOCK_PROPOSE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def block_urgently(context: In, who: Who, data: NewUrgent) -> Blocks:
    """Publish at once, as a trusted partner: for an hour, unless a second person confirms it."""
    now = context.clock()
    proposal = blocks.Proposal(
        names=tuple((name, Scope.HOST) for name in data.names),
        feed=data.feed or context.settings.country.lower(),
        reason=data.reason,
        legal_ground=data.legal_ground,
        incident_uuid=data.incident,
    )
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        rows = await blocks.urgent(tx, who, proposal, now, context.random)
        await tx.seal(now)
        rows = await block_row.by_uuid(tx.db, [row.uuid for row in rows])
    return Blocks(blocks=[block_out(r) for r in rows])


@post(
    "/blocks/renewals", opt={"permission": Permission.BLOCK_APPROVE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def renew_blocks(context: In, who: Who, data: Renewal) -> Blocks:
    """Let live blocks end later. The proposer cannot (403), and the gate looks again."""

    async def act(
        tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
    ) -> list[BlockRow]:
        return await blocks.renew(tx, viewer, uuids, data.until, reason, now)

    return await _act(context, who, Chosen(blocks=data.blocks, reason=data.reason), act)


@post(
    "/blocks/disputes", opt={"permission": Permission.BLOCK_APPROVE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def dispute_blocks(context: In, who: Who, data: Chosen) -> Blocks:
    """Say that blocks may be wrong. What is published goes on blocking until it is settled."""
    return await _act(context, who, data, blocks.dispute)


@post(
    "/blocks/upholds", opt={"permission": Permission.BLOCK_APPROVE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def uphold_blocks(context: In, who: Who, data: Chosen) -> Blocks:
    """End a dispute in favour of published blocks; lifting ends it against them."""
    return await _act(context, who, data, blocks.uphold)


router = Router(
    "/",
    route_handlers=[
        list_blocks, get_block, propose_blocks, approve_blocks, reject_blocks, release_blocks,
        withdraw_blocks, lift_blocks, block_urgently, renew_blocks, dispute_blocks, uphold_blocks,
    ],
    tags=["blocks"],
)  # fmt: skip
