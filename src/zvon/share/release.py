"""The one door outward: an incident becomes an event that may leave, and only here `Released`.

`prepare` shows what would leave; `release` does it in one transaction with its row, its audit and
its feed entry. Both go through the gate, and nothing is released that the gate has not passed.
"""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, final
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.access.node import Node
from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.observable import Observable, ObservableType
from zvon.model.policy import Policy
from zvon.model.verdict import VerdictWord
from zvon.privacy.engine import BadOverride, Status
from zvon.share import event as events
from zvon.share import feed, kit
from zvon.share.gate import Gated
from zvon.share.keys import current_epoch, keep_originals
from zvon.share.passage import by_place, named, passage, policy_of, stored_residue, stored_spans
from zvon.store import incident, ingest, party
from zvon.store import share as rows
from zvon.store.party import Db
from zvon.store.share import ShareRow
from zvon.store.transaction import AuditEntry, Change, Op, Tx

Random = Callable[[int], bytes]
WORTH_SHARING = frozenset({VerdictWord.MALICIOUS, VerdictWord.SUSPICIOUS})


class ShareRefused(Refused):
    """Policy forbids it; `reason` is a code of the `privacy` catalogue."""

    def __init__(self, reason: str, *audit: AuditEntry) -> None:
        super().__init__(f"the sharing policy refuses this: {reason}", *audit)
        self.reason = reason


class StillHeld(ValueError):
    """Somebody must decide about the open spans first; says how many."""

    def __init__(self, open_spans: int) -> None:
        super().__init__(f"{open_spans} spans wait for a decision (keep or hide)")
        self.open_spans = open_spans


class NotOpen(ValueError):
    """The release was decided already."""

    def __init__(self, state: str) -> None:
        super().__init__(f"a share that is {state} cannot be released")
        self.state = state


class _Door:
    """Held by this module alone; without it no `Released` can be made."""


_DOOR: Final = _Door()


@final
class Released:
    """An event that passed the gate and was released by a person. Outward paths take only this."""

    __slots__ = ("event", "group_uuid", "policy", "share_id")

    share_id: int
    group_uuid: UUID
    policy: Policy
    event: dict[str, Any]

    def __init__(
        self, door: _Door, *, share_id: int, group_uuid: UUID, policy: Policy, event: dict[str, Any]
    ) -> None:
        if door is not _DOOR:
            raise TypeError("only share.release makes a Released value")
        object.__setattr__(self, "share_id", share_id)
        object.__setattr__(self, "group_uuid", group_uuid)
        object.__setattr__(self, "policy", policy)
        object.__setattr__(self, "event", event)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Released value cannot change: {name}")


class Share(Struct, frozen=True, kw_only=True):
    """One release as the analyst sees it: before and after, every span with its reasons."""

    uuid: UUID
    incident_uuid: UUID
    incident_number: str
    group_uuid: UUID
    group_name: str
    state: str
    reason: str
    policy: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any] | None
    preview: dict[str, str]
    spans: list[dict[str, Any]]
    residue: dict[str, Any]
    risk: float
    prepared_at: datetime
    released_by: str | None
    released_at: datetime | None
    revoked_at: datetime | None
    revoke_reason: str | None

    @property
    def open_spans(self) -> int:
        """How many spans wait for a decision."""
        return sum(span["state"] == "ask" for span in self.spans)


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
    incident_id, record_id = found
    epoch = await current_epoch(tx.db, group_uuid, now)
    policy = await policy_of(tx.db, group_uuid, event)
    uuid = uuid7(now, random(RANDOM_BYTES))
    gated = await passage(tx, event, policy, group_uuid, epoch, node, now, random, {})
    _refuse(gated, event, viewer, str(incident_uuid), "share:prepare")
    state = {Status.RELEASED: "waiting", Status.HELD: "held"}.get(gated.outcome.status, "refused")
    await rows.add(
        tx, uuid=uuid, incident_id=incident_id, group_uuid=group_uuid, state=state,
        policy=_policy_row(policy, epoch), before=event, after=named(gated, uuid),
        decisions=stored_spans(gated), residue=stored_residue(gated), risk=gated.outcome.expected_leaks,
        now=now,
    )  # fmt: skip
    counts = {"spans": len(gated.outcome.spans), "open": _open(gated), "state": state}
    tx.audit(AuditEntry(actor=viewer.login, action="share:prepare", object=str(uuid), detail={"incident": str(incident_uuid), "group": str(group_uuid), "policy": policy.sha256, **counts}))  # fmt: skip
    tx.note(Change(kind="share", subject=uuid, op=Op.ADD, record_id=record_id))
    await incident.timeline(tx, incident_id, "share", viewer.login, f"SHARE_{state.upper()}", {"share": str(uuid), **counts}, now)  # fmt: skip
    return as_share(await rows.get(tx.db, uuid))


async def release(
    tx: Tx, viewer: Viewer, share_uuid: UUID, overrides: Mapping[int, str], now: datetime,
    node: Node, *, random: Random = os.urandom,
) -> Released:  # fmt: skip
    """Let a prepared share leave: gate again, row, vault, event record, feed entry, audit.

    `overrides` maps span numbers to `keep` or `hide`. The marking is read anew, so that an
    incident that became TLP:RED meanwhile is refused. Raises `Denied`, `NoShare`, `NotOpen`,
    `StillHeld`, `BadOverride`, `ShareRefused`.
    """
    viewer.require(Permission.SHARE_RELEASE)
    row = await rows.lock(tx, share_uuid)
    if row.state not in {"held", "waiting"}:
        raise NotOpen(row.state)
    current = await events.build(tx.db, row.incident_uuid)
    event = {**row.before, "tlp": max(current["tlp"], row.before["tlp"]), "pap": max(current["pap"], row.before["pap"]), "verdict": current["verdict"]}  # fmt: skip
    policy = await policy_of(tx.db, row.group_uuid, event)
    epoch = row.policy["epoch"]
    places = {**row.overrides, **by_place(row.decisions, overrides)}
    gated = await passage(tx, event, policy, row.group_uuid, epoch, node, now, random, places)
    _refuse(gated, event, viewer, str(share_uuid), "share:release")
    if gated.outcome.status is Status.HELD:
        raise StillHeld(_open(gated))
    after = named(gated, share_uuid)
    if gated.outcome.status is not Status.RELEASED or after is None:
        raise _refusal("RESIDUE", viewer, str(share_uuid), "share:release")
    event_record = await _record(tx, after, share_uuid, policy, row.group_uuid, now)
    await rows.mark_released(
        tx, row.id, record_id=event_record, policy=_policy_row(policy, epoch), after=after,
        decisions=stored_spans(gated), residue=stored_residue(gated), risk=gated.outcome.expected_leaks,
        person_id=viewer.person_id, now=now,
    )  # fmt: skip
    await keep_originals(tx, row.group_uuid, epoch, gated.outcome.vault, node, random)
    changed = {f"{s.part}:{s.start}": {"to": places[at], "type": s.type} for s in gated.outcome.spans if (at := f"{s.part}:{s.start}:{s.end}") in places}  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action="share:release", object=str(share_uuid), detail={"group": str(row.group_uuid), "epoch": epoch, "policy": policy.sha256, "overrides": changed}))  # fmt: skip
    tx.note(Change(kind="share", subject=share_uuid, op=Op.PUBLISH, record_id=row.incident_record_id))  # fmt: skip
    await incident.timeline(tx, row.incident_id, "share", viewer.login, "SHARE_RELEASED", {"share": str(share_uuid), "group": row.group_name}, now)  # fmt: skip
    released = Released(_DOOR, share_id=row.id, group_uuid=row.group_uuid, policy=policy, event=after)  # fmt: skip
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


def _refuse(gated: Gated, event: dict[str, Any], viewer: Viewer, what: str, action: str) -> None:
    if not gated.outcome.leave.allowed:
        raise _refusal(gated.outcome.leave.reason, viewer, what, action)
    if event["verdict"] not in WORTH_SHARING:
        raise _refusal("NOT_MALICIOUS", viewer, what, action)


def _refusal(reason: str, viewer: Viewer, what: str, action: str) -> ShareRefused:
    return ShareRefused(reason, AuditEntry(actor=viewer.login, action=action, object=what, outcome="refused", rule=reason))  # fmt: skip


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


def as_share(row: ShareRow) -> Share:
    """A stored release as the analyst sees it."""
    residue = dict(row.residue)
    return Share(
        uuid=row.uuid, incident_uuid=row.incident_uuid, incident_number=row.incident_number,
        group_uuid=row.group_uuid, group_name=row.group_name, state=row.state,
        reason=residue.pop("reason", ""), policy=row.policy, before=row.before, after=row.after,
        preview=residue.pop("preview", {}), spans=row.decisions, residue=residue, risk=row.risk,
        prepared_at=row.prepared_at, released_by=row.released_by, released_at=row.released_at,
        revoked_at=row.revoked_at, revoke_reason=row.revoke_reason,
    )  # fmt: skip


__all__ = ["BadOverride", "Released", "Share", "get", "list_all", "prepare", "release", "revoke"]
