"""Deciding on blocks: the only functions that may put a name into a policy zone or take it out.

The block gate runs at the proposal and again inside the transaction that publishes. Nobody can
approve their own proposal; the database refuses it too. Every function takes the caller's
transaction and refuses a batch whole.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.jobs import enqueue
from zvon.model.lifecycle import LIVE_BLOCK, BlockState
from zvon.store import block_gate as gate
from zvon.store.block_eyes import (
    BadProposal,
    OwnProposal,
    gate_again,
    locked,
    refusal,
    refuse_own,
    say,
)
from zvon.store.block_gate import GuardRefused, HeldBack
from zvon.store.block_partner import NotTrusted, confirm, urgent
from zvon.store.block_propose import AlreadyBlocked, Proposal, propose, settle
from zvon.store.block_publish import publish, unpublish
from zvon.store.block_renew import renew
from zvon.store.block_row import (
    BlockDetail,
    BlockRow,
    BoardPage,
    NoBlock,
    Proof,
    board,
    by_uuid,
    get,
)
from zvon.store.block_step import move
from zvon.store.transaction import Tx, pipeline

__all__ = [
    "AlreadyBlocked", "BadProposal", "BlockDetail", "BlockRow", "BoardPage", "GuardRefused",
    "HeldBack", "NoBlock", "NotTrusted", "OwnProposal", "Proof", "Proposal", "approve", "board",
    "dispute", "end", "get", "is_live", "lift", "propose", "reject", "release", "renew", "settled",
    "uphold", "urgent", "withdraw",
]  # fmt: skip


async def approve(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    """Approve and publish: the gate again, one serial for the batch, and the approvals.

    What a trusted partner published alone is confirmed, and lives on as long as any other. Raises
    `OwnProposal`, `GuardRefused`, `HeldBack` for a block that a brake holds. A batch over the
    approver's own brake is held instead of published; look at the states that come back.
    """
    viewer.require(Permission.BLOCK_APPROVE)
    async with pipeline(tx.db):  # thirty statements; a fifth of the time is waiting for each
        return await _approve(tx, viewer, uuids, reason, now)


async def _approve(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    rows = await locked(tx, uuids, reason)
    refuse_own(viewer, rows, Permission.BLOCK_APPROVE)
    held = [row for row in rows if row.state is BlockState.HELD]
    if held:
        raise HeldBack(viewer, held)
    await gate_again(tx, viewer, rows, Permission.BLOCK_APPROVE, now)
    for row in rows:
        if row.expires_at <= now:
            raise BadProposal(f"{row.number} has expired; propose it again with a later end")
        if row.state is BlockState.DISPUTED and row.published_at is not None:
            raise BadProposal(f"{row.number} is disputed; uphold it or lift it")
    alone = [row for row in rows if row.confirm_by is not None and row.published_at is not None]
    if alone:
        await confirm(tx, viewer, alone, reason, now)
        rows = [row for row in rows if row not in alone]
        if not rows:
            return await by_uuid(tx.db, uuids)
    for feed in {row.feed_id for row in rows}:
        rule = await gate.brake(tx, viewer, len(rows), feed, now, approving=True)
        if rule is not None:
            await settle(tx, rows, viewer, Permission.BLOCK_APPROVE, reason, rule, now)
            return await by_uuid(tx.db, uuids)
    await say(tx, viewer, rows, reason, now, approves=True)
    rows = await move(tx, rows, BlockState.APPROVED, actor=viewer.login,
                      action=Permission.BLOCK_APPROVE, reason=reason, now=now)  # fmt: skip
    await publish(tx, rows, actor=viewer.login, reason=reason, now=now)
    return await by_uuid(tx.db, uuids)


async def release(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    """Let go what a brake held: a second person of another role says that so much is meant.

    The blocks wait for approval afterwards. Raises `OwnProposal`, also for a person with the same
    roles as the proposer.
    """
    viewer.require(Permission.BLOCK_APPROVE)
    rows = await locked(tx, uuids, reason)
    refuse_own(viewer, rows, "block:release")
    await gate.other_role(tx, viewer, rows)
    await gate_again(tx, viewer, rows, "block:release", now)
    await move(tx, rows, BlockState.VALIDATED, actor=viewer.login, action="block:release",
               reason=reason, now=now)  # fmt: skip
    return await by_uuid(tx.db, uuids)


async def reject(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    """Say no to proposals that are not published. Raises `OwnProposal`, `IllegalMove`."""
    viewer.require(Permission.BLOCK_APPROVE)
    rows = await locked(tx, uuids, reason)
    refuse_own(viewer, rows, "block:reject")
    await say(tx, viewer, rows, reason, now, approves=False)
    await move(tx, rows, BlockState.REJECTED, actor=viewer.login, action="block:reject",
               reason=reason, now=now)  # fmt: skip
    return await by_uuid(tx.db, uuids)


async def withdraw(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    """Take one's own proposals back before they are published."""
    viewer.require(Permission.BLOCK_PROPOSE)
    rows = await locked(tx, uuids, reason)
    for row in rows:
        if row.proposer_id != viewer.person_id:
            raise Refused(
                f"{row.number} was proposed by {row.proposer}; reject it instead",
                refusal(viewer, "block:withdraw", row, "not_proposer"),
            )
    await move(tx, rows, BlockState.WITHDRAWN, actor=viewer.login, action="block:withdraw",
               reason=reason, now=now)  # fmt: skip
    return await by_uuid(tx.db, uuids)


async def lift(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    """End blocks at every subscriber. The proposer of a block may always take it back.

    Lifting too much at once is refused (`HeldBack`), because it undoes protection.
    """
    rows = await locked(tx, uuids, reason)
    if not all(row.proposer_id == viewer.person_id for row in rows):
        viewer.require(Permission.BLOCK_LIFT)
    await gate.lift_brake(tx, viewer, rows)
    await end(tx, rows, viewer.login, reason, now)
    return await by_uuid(tx.db, uuids)


async def end(tx: Tx, rows: Sequence[BlockRow], actor: str, reason: str, now: datetime) -> None:
    """Take live blocks out of every zone. Who may is decided by the caller, with its brakes."""
    await unpublish(tx, rows, actor=actor, reason=reason, now=now)
    for row in rows:
        if row.incident_id is not None:
            await enqueue(tx, "share.narrow", {"block": str(row.uuid), "block_id": row.id})


async def dispute(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    """Say that a block may be wrong. What is published goes on blocking until it is settled."""
    viewer.require(Permission.BLOCK_APPROVE)
    rows = await locked(tx, uuids, reason)
    await move(tx, rows, BlockState.DISPUTED, actor=viewer.login, action="block:dispute",
               reason=reason, now=now)  # fmt: skip
    return await by_uuid(tx.db, uuids)


async def uphold(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    """End a dispute in favour of published blocks; `lift` ends it against them.

    A disputed proposal is approved or rejected instead. Raises `OwnProposal`, `BadProposal`.
    """
    viewer.require(Permission.BLOCK_APPROVE)
    rows = await locked(tx, uuids, reason)
    refuse_own(viewer, rows, "block:uphold")
    for row in rows:
        if row.state is not BlockState.DISPUTED:
            raise BadProposal(f"{row.number} is not disputed")
        if row.published_at is None:
            raise BadProposal(f"{row.number} is not published; approve or reject it")
    await settled(tx, rows, viewer.login, "block:uphold", reason, now)
    return await by_uuid(tx.db, uuids)


async def settled(
    tx: Tx, rows: Sequence[BlockRow], actor: str, action: str, reason: str, now: datetime
) -> None:
    """Bring published blocks from `disputed` back to how far they were proved."""
    for state in (BlockState.ENFORCED, BlockState.PUBLISHED):
        same = [row for row in rows if (row.enforced_at is not None) is (state == "enforced")]
        if same:
            await move(tx, same, state, actor=actor, action=action, reason=reason, now=now)


def is_live(row: BlockRow) -> bool:
    """True when resolvers are meant to block the name now."""
    return row.state in LIVE_BLOCK
