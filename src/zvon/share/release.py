"""The one door outward: an incident becomes an event that may leave, and only here `Released`.

`prepare` shows what would leave; `release` does it in one transaction with its row, its audit,
its line in the ledger and its feed entry. Both go through the gate, and nothing is released that
the gate has not passed. Above the risk that the group lets one person take, another one agrees.
"""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from zvon.access.node import Node
from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.disclosure import Door
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.observable import Observable, ObservableType
from zvon.model.policy import Policy
from zvon.model.verdict import VerdictWord
from zvon.privacy.engine import BadOverride, Status
from zvon.share import event as events
from zvon.share import feed, kit
from zvon.share.gate import Gated
from zvon.share.keys import current_epoch, keep_originals
from zvon.share.ledger import Recipient, canonical, leaving, note, stopped
from zvon.share.passage import by_place, named, passage, policy_of, stored_residue, stored_spans
from zvon.share.released import PASS, Released
from zvon.share.shown import Share, as_share
from zvon.store import incident, ingest, party, peer
from zvon.store import share as rows
from zvon.store.disclosure import Leaving
from zvon.store.party import Db
from zvon.store.share import ShareRow
from zvon.store.transaction import AuditEntry, Change, Left, Op, Tx

Random = Callable[[int], bytes]
WORTH_SHARING = frozenset({VerdictWord.MALICIOUS, VerdictWord.SUSPICIOUS})
STATE = {Status.RELEASED: "waiting", Status.HELD: "held"}


class ShareRefused(Refused):
    """Policy forbids it; `reason` is a code of the `privacy` catalogue."""

    def __init__(self, reason: str, *audit: AuditEntry, left: tuple[Left, ...] = ()) -> None:
        super().__init__(f"the sharing policy refuses this: {reason}", *audit)
        self.reason = reason
        self.left = left


class StillHeld(ValueError):
    """Somebody must decide about the open spans first; says how many."""

    def __init__(self, open_spans: int, left: tuple[Left, ...] = ()) -> None:
        super().__init__(f"{open_spans} spans wait for a decision (keep or hide)")
        self.open_spans = open_spans
        self.left = left


class NotOpen(ValueError):
    """The release was decided already."""

    def __init__(self, state: str) -> None:
        super().__init__(f"a share that is {state} cannot be released")
        self.state = state


class NeedsApproval(ValueError):
    """More may leak than one person may let go: another one must approve what would leave now."""

    def __init__(self, risk: float, most: float, left: tuple[Left, ...] = ()) -> None:
        super().__init__(
            f"{risk:.2f} values of victims are expected among what stays, and the group lets one"
            f" person release {most:.2f}; a second person must approve it as it is now"
        )
        self.risk = risk
        self.left = left


async def prepare(
    tx: Tx, viewer: Viewer, incident_uuid: UUID, group_uuid: UUID, now: datetime, node: Node,
    *, random: Random = os.urandom,
) -> Share:  # fmt: skip
    """Run an incident through the gate for a group and store the result; nothing leaves.

    The state is `waiting` (clean), `held` (spans to decide) or `refused` (policy, or residue).
    Raises `Denied`, `ShareRefused` for TLP:RED and above the group's maximum, `NoSuchIncident`,
    `NoSuchGroup`.
    """
    viewer.require(Permission.SHARE_PREPARE)
    event = await events.build(tx.db, incident_uuid)
    if marks := await kit.marks(tx.db, incident_uuid, group_uuid):
        event["kits"] = marks
    found = await rows.incident_of(tx.db, incident_uuid)
    assert found is not None  # build has read it
    epoch = await current_epoch(tx.db, group_uuid, now)
    policy = await policy_of(tx.db, group_uuid, event)
    uuid = uuid7(now, random(RANDOM_BYTES))
    gated = await passage(tx, event, policy, group_uuid, epoch, node, now, random, {})
    to = Recipient(
        door=Door.PEER, name=(await peer.group(tx.db, group_uuid)).name, subject=found.number,
        group_uuid=group_uuid, record_id=found.record_id,
    )  # fmt: skip
    trial = _Trial(to, policy, epoch, gated, viewer, str(incident_uuid), now, random)
    trial.refuse(event, "share:prepare")
    outcome = gated.outcome
    state = STATE.get(outcome.status, "refused")
    share_id = await rows.add(
        tx, uuid=uuid, incident_id=found.id, group_uuid=group_uuid, state=state,
        policy=_policy_row(policy, epoch), before=event, after=named(gated, uuid),
        decisions=stored_spans(gated), residue=stored_residue(gated), risk=outcome.expected_leaks,
        approver_needed=outcome.expected_leaks > policy.max_risk, person_id=viewer.person_id,
        now=now,
    )  # fmt: skip
    if outcome.status is not Status.RELEASED:
        await note(tx, trial.row(share_id=share_id), now, random)
    counts = {"spans": len(outcome.spans), "open": _open(gated), "state": state}
    tx.audit(AuditEntry(actor=viewer.login, action="share:prepare", object=str(uuid), detail={"incident": str(incident_uuid), "group": str(group_uuid), "policy": policy.sha256, **counts}))  # fmt: skip
    tx.note(Change(kind="share", subject=uuid, op=Op.ADD, record_id=found.record_id))
    await incident.timeline(tx, found.id, "share", viewer.login, f"SHARE_{state.upper()}", {"share": str(uuid), **counts}, now)  # fmt: skip
    return as_share(await rows.get(tx.db, uuid))


async def release(
    tx: Tx, viewer: Viewer, share_uuid: UUID, overrides: Mapping[int, str], now: datetime,
    node: Node, *, random: Random = os.urandom,
) -> Released:  # fmt: skip
    """Let a prepared share leave: gate again, row, ledger, vault, event record, feed entry, audit.

    `overrides` maps span numbers to `keep` or `hide`. The marking is read anew, so that an
    incident that became TLP:RED meanwhile is refused. Raises `Denied`, `NoShare`, `NotOpen`,
    `StillHeld`, `NeedsApproval`, `BadOverride`, `ShareRefused`.
    """
    viewer.require(Permission.SHARE_RELEASE)
    row = await rows.lock(tx, share_uuid)
    if row.state not in {"held", "waiting"}:
        raise NotOpen(row.state)
    try:
        return await _let_go(tx, viewer, row, overrides, now, node, random)
    except (StillHeld, NeedsApproval, ShareRefused, BadOverride, psycopg.Error):
        raise  # decided, or the database is away and can keep nothing
    except Exception as fault:
        stopped(fault, recipient(row), viewer.login, now, random)
        raise


async def _let_go(
    tx: Tx, viewer: Viewer, row: ShareRow, overrides: Mapping[int, str], now: datetime,
    node: Node, random: Random,
) -> Released:  # fmt: skip
    share_uuid = row.uuid
    current = await events.build(tx.db, row.incident_uuid)
    event = {**row.before, "tlp": max(current["tlp"], row.before["tlp"]), "pap": max(current["pap"], row.before["pap"]), "verdict": current["verdict"]}  # fmt: skip
    policy = await policy_of(tx.db, row.group_uuid, event)
    epoch = row.policy["epoch"]
    places = {**row.overrides, **by_place(row.decisions, overrides)}
    gated = await passage(tx, event, policy, row.group_uuid, epoch, node, now, random, places)
    outcome = gated.outcome
    trial = _Trial(recipient(row), policy, epoch, gated, viewer, str(share_uuid), now, random)
    trial.refuse(event, "share:release")
    if outcome.status is Status.HELD:
        raise StillHeld(_open(gated), trial.left())
    after = named(gated, share_uuid)
    if outcome.status is not Status.RELEASED or after is None:
        raise trial.refusal("RESIDUE", "share:release")
    if outcome.expected_leaks > policy.max_risk and not agreed(row, after, viewer):
        raise NeedsApproval(
            outcome.expected_leaks, policy.max_risk,
            (*trial.left("ABOVE_RISK"), lambda fresh: rows.need_approval(fresh, row.id)),
        )  # fmt: skip
    event_record = await _record(tx, after, share_uuid, policy, row.group_uuid, now)
    await rows.mark_released(
        tx, row.id, record_id=event_record, policy=_policy_row(policy, epoch), after=after,
        decisions=stored_spans(gated), residue=stored_residue(gated), risk=outcome.expected_leaks,
        approver_needed=outcome.expected_leaks > policy.max_risk, person_id=viewer.person_id,
        now=now,
    )  # fmt: skip
    await keep_originals(tx, row.group_uuid, epoch, outcome.vault, node, random)
    await note(tx, trial.row(content=canonical(after)), now, random)
    changed = {f"{s.part}:{s.start}": {"to": places[at], "type": s.type} for s in outcome.spans if (at := f"{s.part}:{s.start}:{s.end}") in places}  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action="share:release", object=str(share_uuid), detail={"group": str(row.group_uuid), "epoch": epoch, "policy": policy.sha256, "overrides": changed, "risk": outcome.expected_leaks}))  # fmt: skip
    tx.note(Change(kind="share", subject=share_uuid, op=Op.PUBLISH, record_id=row.incident_record_id))  # fmt: skip
    await incident.timeline(tx, row.incident_id, "share", viewer.login, "SHARE_RELEASED", {"share": str(share_uuid), "group": row.group_name}, now)  # fmt: skip
    released = Released(PASS, share_id=row.id, group_uuid=row.group_uuid, policy=policy, event=after)  # fmt: skip
    await feed.append(tx, released, now, node)
    return released


async def revoke(
    tx: Tx, viewer: Viewer, share_uuid: UUID, reason: str, now: datetime, node: Node
) -> Share:
    """Take a release back everywhere: partners lift, erase and acknowledge.

    Raises `Denied`, `NoShare`, `NotOpen` when it was never released or is revoked already.
    """
    viewer.require(Permission.SHARE_REVOKE)
    row = await rows.lock(tx, share_uuid)
    if row.state != "released":
        raise NotOpen(row.state)
    await feed.revoke(tx, share_uuid, reason, now, node, actor=viewer.login)
    await incident.timeline(tx, row.incident_id, "share", viewer.login, "SHARE_REVOKED", {"share": str(share_uuid), "reason": reason}, now)  # fmt: skip
    return as_share(await rows.get(tx.db, share_uuid))


async def get(db: Db, viewer: Viewer, share_uuid: UUID) -> Share:
    """One release, originals included. Raises `Denied`, `NoShare`."""
    viewer.require(Permission.SHARE_READ)
    return as_share(await rows.get(db, share_uuid))


async def list_all(
    db: Db, viewer: Viewer, *, incident_uuid: UUID | None = None, before: datetime | None = None,
    limit: int = rows.PAGE,
) -> list[Share]:  # fmt: skip
    """Releases, newest first. Raises `Denied`."""
    viewer.require(Permission.SHARE_READ)
    found = await rows.newest(db, incident_uuid=incident_uuid, before=before, limit=limit)
    return [as_share(row) for row in found]


def recipient(row: ShareRow) -> Recipient:
    """Where a release goes."""
    return Recipient(
        door=Door.PEER, name=row.group_name, subject=row.incident_number,
        group_uuid=row.group_uuid, record_id=row.incident_record_id, share_id=row.id,
    )  # fmt: skip


def agreed(row: ShareRow, after: dict[str, Any], viewer: Viewer) -> bool:
    """Has another person approved exactly what would leave now?"""
    others = [one for one in row.approvals if one["login"] != viewer.login]
    return row.after == after and any(one["word"] == "approve" for one in others)


class _Trial:
    """One attempt at the door, and what the ledger will say of it."""

    def __init__(
        self, to: Recipient, policy: Policy, epoch: str, gated: Gated, viewer: Viewer, what: str,
        now: datetime, random: Random,
    ) -> None:  # fmt: skip
        self.to, self.policy, self.epoch, self.gated = to, policy, epoch, gated
        self.viewer, self.what, self.now, self.random = viewer, what, now, random

    def row(
        self, reason: str = "", *, content: bytes | None = None, share_id: int | None = None
    ) -> Leaving:
        to = self.to if share_id is None else msgspec.structs.replace(self.to, share_id=share_id)
        return leaving(
            to, self.policy, self.epoch, self.gated.outcome, self.viewer.login, reason=reason,
            content=content,
        )  # fmt: skip

    def left(self, reason: str = "") -> tuple[Left, ...]:
        """What the ledger says of a try that was stopped, for after the roll-back."""

        async def write(tx: Tx) -> None:
            await note(tx, self.row(reason), self.now, self.random)

        return (write,)

    def refusal(self, reason: str, action: str) -> ShareRefused:
        audit = AuditEntry(actor=self.viewer.login, action=action, object=self.what, outcome="refused", rule=reason)  # fmt: skip
        return ShareRefused(reason, audit, left=self.left(reason))

    def refuse(self, event: dict[str, Any], action: str) -> None:
        """Raise `ShareRefused` where policy or verdict forbid that it leaves."""
        if not self.gated.outcome.leave.allowed:
            raise self.refusal(self.gated.outcome.leave.reason, action)
        if event["verdict"] not in WORTH_SHARING:
            raise self.refusal("NOT_MALICIOUS", action)


def _open(gated: Gated) -> int:
    return sum(span.state.value == "ask" for span in gated.outcome.spans)


def _policy_row(policy: Policy, epoch: str) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(policy)
    return {**fields, "sha256": policy.sha256, "epoch": epoch}


async def _record(tx: Tx, event: dict[str, Any], uuid: UUID, policy: Policy, group_uuid: UUID, now: datetime) -> int:  # fmt: skip
    """The event as a record of ours, which MISP and other doors read."""
    own = await party.own(tx.db)
    seen = [
        ingest.Sighted(Observable(ObservableType(o["type"]), o["value"]), ingest.SAID, now)
        for o in event["observables"]
    ]
    record = ingest.RecordIn(
        uuid=uuid, kind="event", created_at=now, modified_at=now, tlp=policy.tlp, pap=policy.pap,
        payload=event, org_id=own.id, orgc_id=own.id, group_uuid=group_uuid, observables=seen,
    )  # fmt: skip
    return (await ingest.ingest(tx, [record], now))[0]


__all__ = [
    "BadOverride", "NeedsApproval", "NotOpen", "Released", "Share", "ShareRefused", "StillHeld",
    "as_share", "get", "list_all", "prepare", "release", "revoke",
]  # fmt: skip
