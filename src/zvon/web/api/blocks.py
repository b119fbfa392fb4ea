"""Blocks: proposals, approvals, lifts, and the proof of each."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.lifecycle import BlockState
from zvon.model.scope import Scope
from zvon.store import block as blocks
from zvon.store import block_row
from zvon.store.block_row import BlockRow, Proof, Step
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

MAX_BATCH = 10_000
Reason = Annotated[str, Meta(min_length=3, max_length=500)]


class NameIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A name and how much of it the block covers."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]
    scope: Scope = Scope.HOST


class NewBlocks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proposal; it is taken whole or refused whole."""

    names: Annotated[list[NameIn], Meta(min_length=1, max_length=MAX_BATCH)]
    reason: Reason
    legal_ground: Reason
    days: Annotated[int, Meta(ge=1, le=90)] = 14
    feed: Annotated[str, Meta(max_length=63)] | None = None


class Chosen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Blocks, and why. The reason is shown to subscribers and kept in the audit."""

    blocks: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_BATCH)]
    reason: Reason


class ProofOut(Struct, frozen=True, kw_only=True):
    """What is known of one subscriber: grade A probed, B marker, C transferred, D notified."""

    subscriber: str
    brand: str
    party: str
    mode: str
    mandatory: bool
    grade: str | None
    blocked_at: datetime | None
    lifted_at: datetime | None
    seconds: float | None


class BlockOut(Struct, frozen=True, kw_only=True):
    """A block and its proof."""

    id: UUID
    number: str
    name: str
    scope: str
    action: str
    state: str
    feed: str
    reason: str
    legal_ground: str
    proposer: str
    proposed_at: datetime
    approver: str | None
    approved_at: datetime | None
    expires_at: datetime
    held_rule: str | None
    published_serial: int | None
    published_at: datetime | None
    enforced_at: datetime | None
    lifted_at: datetime | None
    lift_reason: str | None
    incident: UUID | None
    incident_number: str | None
    proof: list[ProofOut]


class StepOut(Struct, frozen=True, kw_only=True):
    """One move in the life of a block."""

    old: str | None
    new: str
    at: datetime
    actor: str
    reason: str
    gates: list[dict[str, Any]]


class BlockDetailOut(BlockOut, frozen=True, kw_only=True):
    """A block with its whole life."""

    steps: list[StepOut]


class Blocks(Struct, frozen=True, kw_only=True):
    """A page of blocks; `next` goes into `after` for the following page."""

    blocks: list[BlockOut]
    next: str | None = None


def block_out(row: BlockRow, proof: Sequence[Proof] = ()) -> BlockOut:
    """What the API shows of a block."""
    return BlockOut(**_fields(row, proof))


def _fields(row: BlockRow, proof: Sequence[Proof]) -> dict[str, Any]:
    return {
        "id": row.uuid, "number": row.number, "name": row.name, "scope": row.scope.value,
        "action": row.action, "state": row.state.value, "feed": row.feed, "reason": row.reason,
        "legal_ground": row.legal_ground, "proposer": row.proposer,
        "proposed_at": row.proposed_at, "approver": row.approver, "approved_at": row.approved_at,
        "expires_at": row.expires_at, "held_rule": row.held_rule,
        "published_serial": row.published_serial, "published_at": row.published_at,
        "enforced_at": row.enforced_at, "lifted_at": row.lifted_at,
        "lift_reason": row.lift_reason, "incident": row.incident_uuid,
        "incident_number": row.incident_number,
        "proof": [
            ProofOut(
                subscriber=p.subscriber, brand=p.brand, party=p.party, mode=p.mode,
                mandatory=p.mandatory, grade=p.grade.value if p.grade else None,
                blocked_at=p.blocked_at, lifted_at=p.lifted_at, seconds=p.seconds,
            )
            for p in proof
        ],
    }  # fmt: skip


def _step(step: Step) -> StepOut:
    return StepOut(old=step.old, new=step.new, at=step.at, actor=step.actor, reason=step.reason,
                   gates=step.gates)  # fmt: skip


@get("/blocks", opt={"permission": Permission.BLOCK_READ}, responses=problems(*SIGNED, 422))
async def list_blocks(
    context: In,
    who: Who,
    states: Annotated[list[BlockState] | None, Parameter(query="state", max_items=12)] = None,
    after: Annotated[str | None, Parameter(max_length=100)] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 200,
) -> Blocks:
    """Blocks, newest first, each with the proof per subscriber."""
    async with read(context.pool, who) as db:
        page = await block_row.board(
            db, who, states=[s.value for s in states] if states else None, after=after, limit=limit
        )
    return Blocks(blocks=[block_out(r.block, r.proof) for r in page.rows], next=page.next)


@get(
    "/blocks/{id:uuid}", opt={"permission": Permission.BLOCK_READ}, responses=problems(*SIGNED, 404)
)
async def get_block(context: In, who: Who, id: UUID) -> BlockDetailOut:
    """One block with its steps."""
    async with read(context.pool, who) as db:
        found = await block_row.get(db, who, id)
    return BlockDetailOut(
        **_fields(found.block, found.proof), steps=[_step(s) for s in found.steps]
    )


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
        expires_at=now + timedelta(days=data.days),
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
    """Approve and publish at once. The proposer cannot approve (403)."""
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


router = Router(
    "/",
    route_handlers=[
        list_blocks, get_block, propose_blocks, approve_blocks, reject_blocks, release_blocks,
        withdraw_blocks, lift_blocks,
    ],
    tags=["blocks"],
)  # fmt: skip
