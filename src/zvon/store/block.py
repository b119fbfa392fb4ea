"""Deciding on blocks: the only functions that may put a name into a policy zone or take it out.

The block gate runs at the proposal and again inside the transaction that publishes. Nobody can
approve their own proposal; the database refuses it too. Every function takes the caller's
transaction and refuses a batch whole.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.jobs import enqueue
from zvon.model.guard import Finding
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.model.lifecycle import LIVE_BLOCK, BlockState
from zvon.model.name import BadName, canonical
from zvon.model.scope import Scope
from zvon.store import block_gate as gate
from zvon.store.block_gate import GuardRefused, HeldBack
from zvon.store.block_publish import publish, unpublish
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
from zvon.store.transaction import AuditEntry, Tx, pipeline
from zvon.store.zone import feed_id

__all__ = [
    "AlreadyBlocked", "BadProposal", "BlockDetail", "BlockRow", "BoardPage", "GuardRefused",
    "HeldBack", "NoBlock", "OwnProposal", "Proof", "Proposal", "approve", "board", "get", "lift",
    "propose", "reject", "release", "withdraw",
]  # fmt: skip

DEFAULT_LIFE = timedelta(days=14)
LONGEST_LIFE = timedelta(days=366)
_WAITING = (
    "proposed", "validated", "approved", "published", "enforced", "expiring", "held", "disputed",
    "failed",
)  # fmt: skip


class BadProposal(ValueError):
    """A field of the proposal cannot be used; the message says which and why."""


class AlreadyBlocked(ValueError):
    """A block of this name waits or lives in the feed already."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"there is a block already for {', '.join(names)}")
        self.names = tuple(names)


class OwnProposal(Refused):
    """Nobody approves what they proposed."""


class Proposal(Struct, frozen=True, kw_only=True):
    """Names to block together: all of them, or none."""

    names: tuple[tuple[str, Scope], ...]
    feed: str
    reason: str
    legal_ground: str
    expires_at: datetime
    action: str = "nxdomain"
    incident_uuid: UUID | None = None


async def propose(
    tx: Tx, viewer: Viewer, proposal: Proposal, now: datetime, random: Callable[[int], bytes]
) -> list[BlockRow]:
    """Propose blocks. They wait as `validated`, or as `held` when a brake stopped the batch.

    Raises `GuardRefused` when the gate refuses any name (its audit row stays behind),
    `AlreadyBlocked`, `BadProposal`, and `LookupError` for an unknown feed or incident.
    """
    viewer.require(Permission.BLOCK_PROPOSE)
    names = _names(proposal, now)
    feed = await feed_id(tx.db, proposal.feed)
    incident = await _incident(tx, proposal.incident_uuid)
    await gate.check(tx, names, actor=viewer.login, action=Permission.BLOCK_PROPOSE,
                     incident_id=incident, now=now)  # fmt: skip
    taken = await (
        await tx.execute(
            "select name from block where feed_id = %s and name = any(%s) and state = any(%s)",
            (feed, list(names), list(_WAITING)),
        )
    ).fetchall()
    if taken:
        raise AlreadyBlocked([row[0] for row in taken])
    uuids = [uuid7(now, random(RANDOM_BYTES)) for _ in names]
    async with tx.db.cursor() as cursor:
        await cursor.execute(
            "select nextval('block_number') from generate_series(1, %s)", (len(names),)
        )
        numbers = [spoken("B", now.year, row[0]) for row in await cursor.fetchall()]
        await cursor.execute(
            """
            insert into block (uuid, number, name, scope, action, incident_id, feed_id, reason,
                               legal_ground, proposer_id, proposed_at, expires_at)
            select uuid, number, name, scope, %s, %s, %s, %s, %s, %s, %s, %s
            from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) x(uuid, number, name, scope)
            """,
            (proposal.action, incident, feed, proposal.reason, proposal.legal_ground,
             viewer.person_id, now, proposal.expires_at,
             uuids, numbers, list(names), [scope.value for scope in names.values()]),
        )  # fmt: skip
    await tx.execute(
        """
        insert into block_step (block_id, new, at, actor, reason)
        select id, 'proposed', %s, %s, %s from block where uuid = any(%s) order by id
        """,
        (now, viewer.login, proposal.reason, uuids),
    )
    rows = await by_uuid(tx.db, uuids)
    rule = await gate.brake(tx, viewer, len(rows), feed, now, approving=False)
    await _settle(tx, rows, viewer, Permission.BLOCK_PROPOSE, proposal.reason, rule, now)
    return await by_uuid(tx.db, uuids)


async def approve(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    """Approve and publish: the gate again, one serial for the batch, and the approvals.

    Raises `OwnProposal`, `GuardRefused`, `HeldBack` for a block that a brake holds. A batch over
    the approver's own brake is held instead of published; look at the states that come back.
    """
    viewer.require(Permission.BLOCK_APPROVE)
    async with pipeline(tx.db):  # thirty statements; a fifth of the time is waiting for each
        return await _approve(tx, viewer, uuids, reason, now)


async def _approve(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    rows = await _locked(tx, uuids, reason)
    _refuse_own(viewer, rows, Permission.BLOCK_APPROVE)
    held = [row for row in rows if row.state is BlockState.HELD]
    if held:
        raise HeldBack(viewer, held)
    for incident, names in _by_incident(rows).items():
        await gate.check(tx, names, actor=viewer.login, action=Permission.BLOCK_APPROVE,
                         incident_id=incident, now=now)  # fmt: skip
    for row in rows:
        if row.expires_at <= now:
            raise BadProposal(f"{row.number} has expired; propose it again with a later end")
        rule = await gate.brake(tx, viewer, len(rows), row.feed_id, now, approving=True)
        if rule is not None:
            await _settle(tx, rows, viewer, Permission.BLOCK_APPROVE, reason, rule, now)
            return await by_uuid(tx.db, uuids)
    await tx.execute(
        """
        insert into approval (block_id, proposer_id, person_id, approves, reason, at)
        select id, proposer_id, %s, true, %s, %s from block where id = any(%s)
        """,
        (viewer.person_id, reason, now, [row.id for row in rows]),
    )
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
    rows = await _locked(tx, uuids, reason)
    _refuse_own(viewer, rows, "block:release")
    await gate.other_role(tx, viewer, rows)
    await gate.check(tx, {row.name: row.scope for row in rows}, actor=viewer.login,
                     action="block:release", incident_id=None, now=now)  # fmt: skip
    await move(tx, rows, BlockState.VALIDATED, actor=viewer.login, action="block:release",
               reason=reason, now=now)  # fmt: skip
    return await by_uuid(tx.db, uuids)


async def reject(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    """Say no to proposals that are not published. Raises `OwnProposal`, `IllegalMove`."""
    viewer.require(Permission.BLOCK_APPROVE)
    rows = await _locked(tx, uuids, reason)
    _refuse_own(viewer, rows, "block:reject")
    await tx.execute(
        """
        insert into approval (block_id, proposer_id, person_id, approves, reason, at)
        select id, proposer_id, %s, false, %s, %s from block where id = any(%s)
        """,
        (viewer.person_id, reason, now, [row.id for row in rows]),
    )
    await move(tx, rows, BlockState.REJECTED, actor=viewer.login, action="block:reject",
               reason=reason, now=now)  # fmt: skip
    return await by_uuid(tx.db, uuids)


async def withdraw(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[BlockRow]:
    """Take one's own proposals back before they are published."""
    viewer.require(Permission.BLOCK_PROPOSE)
    rows = await _locked(tx, uuids, reason)
    for row in rows:
        if row.proposer_id != viewer.person_id:
            raise Refused(
                f"{row.number} was proposed by {row.proposer}; reject it instead",
                _refusal(viewer, "block:withdraw", row, "not_proposer"),
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
    rows = await _locked(tx, uuids, reason)
    if not all(row.proposer_id == viewer.person_id for row in rows):
        viewer.require(Permission.BLOCK_LIFT)
    await gate.lift_brake(tx, viewer, rows)
    await unpublish(tx, rows, actor=viewer.login, reason=reason, now=now)
    for row in rows:
        if row.incident_id is not None:
            await enqueue(tx, "share.narrow", {"block": str(row.uuid), "block_id": row.id})
    return await by_uuid(tx.db, uuids)


def _names(proposal: Proposal, now: datetime) -> dict[str, Scope]:
    if not proposal.names:
        raise BadProposal("names: at least one")
    for field, text in (("reason", proposal.reason), ("legal_ground", proposal.legal_ground)):
        if len(text.strip()) < 3:
            raise BadProposal(f"{field}: at least three characters")
    if proposal.action not in {"nxdomain", "nodata"}:
        raise BadProposal(f"action: nxdomain or nodata, got {proposal.action!r}")
    if not now < proposal.expires_at <= now + LONGEST_LIFE:
        raise BadProposal("expires_at: later than now, and within a year")
    names: dict[str, Scope] = {}
    for text, scope in proposal.names:
        try:
            name = canonical(text)
        except BadName as problem:
            raise BadProposal(f"names: {problem}") from None
        if names.get(name, scope) is not scope:
            raise BadProposal(f"names: {name} stands twice, with different scopes")
        names[name] = scope
    return names


async def _incident(tx: Tx, uuid: UUID | None) -> int | None:
    if uuid is None:
        return None
    row = await (await tx.execute("select id from incident where uuid = %s", (uuid,))).fetchone()
    if row is None:
        raise LookupError(f"there is no incident {uuid}")
    return int(row[0])


async def _locked(tx: Tx, uuids: Sequence[UUID], reason: str) -> list[BlockRow]:
    if not uuids:
        raise BadProposal("blocks: at least one")
    if len(reason.strip()) < 3:
        raise BadProposal("reason: at least three characters")
    return await by_uuid(tx.db, uuids, lock=True)


async def _settle(
    tx: Tx, rows: Sequence[BlockRow], viewer: Viewer, action: str, reason: str,
    rule: str | None, now: datetime,
) -> None:  # fmt: skip
    """After the gate: wait for approval, or be held by a brake."""
    if rule is None:
        await move(tx, rows, BlockState.VALIDATED, actor=viewer.login, action=action,
                   reason=reason, now=now)  # fmt: skip
        return
    finding = Finding(rule, f"{len(rows)} names", "too much at once for one person")
    await move(tx, rows, BlockState.HELD, actor=viewer.login, action=action, reason=reason,
               now=now, gates=[finding], also=", held_rule = %s", params=[rule])  # fmt: skip


def _refuse_own(viewer: Viewer, rows: Sequence[BlockRow], action: str) -> None:
    own = [row for row in rows if row.proposer_id == viewer.person_id]
    if own:
        raise OwnProposal(
            f"you proposed {own[0].number}; another person has to decide",
            *(_refusal(viewer, action, row, "four_eyes") for row in own),
        )


def _refusal(viewer: Viewer, action: str, row: BlockRow, rule: str) -> AuditEntry:
    return AuditEntry(
        actor=viewer.login, action=action, object=f"block:{row.number}", outcome="refused",
        rule=rule, detail={"name": row.name},
    )  # fmt: skip


def _by_incident(rows: Sequence[BlockRow]) -> dict[int | None, dict[str, Scope]]:
    grouped: dict[int | None, dict[str, Scope]] = {}
    for row in rows:
        grouped.setdefault(row.incident_id, {})[row.name] = row.scope
    return grouped


def is_live(row: BlockRow) -> bool:
    """True when resolvers are meant to block the name now."""
    return row.state in LIVE_BLOCK
