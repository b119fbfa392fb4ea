"""What people here say to partners about an event of a group: through the gate, let out by a person."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zvon.access.node import Node
from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.disclosure import Door
from zvon.model.event import MAX_OBSERVABLES
from zvon.model.mention import handle, spelled
from zvon.model.policy import Policy
from zvon.model.suffix import registered
from zvon.privacy.engine import Part
from zvon.privacy.facts import Facts
from zvon.privacy.pseudonym import Domain
from zvon.share import feed
from zvon.share.keys import current_epoch, domain
from zvon.share.ledger import Recipient, reason_of
from zvon.share.outgoing import release_text, with_places
from zvon.share.passage import facts_of, policy_of
from zvon.share.released import ReleasedText
from zvon.store import comment_share as rows
from zvon.store import discussion
from zvon.store import event as events
from zvon.store.comment_share import Outbound, Standing
from zvon.store.transaction import AuditEntry, Tx

Random = Callable[[int], bytes]
_ATTACKER, _REPORTER = 1, 4
PART = "text"


class NotShared(ValueError):
    """The event of the incident does not stand in the group: there is nothing to talk about yet."""


class Preview(Struct, frozen=True, kw_only=True):
    """What would leave of a comment; `spans` are what the gate changes or asks about."""

    group: str
    asked_for: list[str]
    before: str
    after: str
    state: str
    reason: str
    spans: list[dict[str, Any]]


class _Way(Struct, frozen=True):
    """Under which policy, keys and facts a comment goes, and whom it goes to.

    `text` calls partners by their name: to the gate a handle is somebody's account.
    """

    text: str
    event: Standing
    policy: Policy
    keys: Domain
    facts: Facts
    to: Recipient


async def preview(
    tx: Tx, viewer: Viewer, uuid: UUID, now: datetime, node: Node, *,
    places: Mapping[str, str] | None = None, random: Random = os.urandom,
) -> Preview:  # fmt: skip
    """Show what would leave now; nothing does. Raises `Denied`, `NoCommentShare`, `NotShared`."""
    viewer.require(Permission.SHARE_PREPARE)
    it = await rows.lock(tx, uuid)
    way = await _way(tx, it, now, node, random)
    outcome = with_places(
        [Part(PART, way.text)], places or {}, facts=way.facts, policy=way.policy, keys=way.keys
    )
    spans: list[dict[str, Any]] = msgspec.to_builtins(outcome.spans)
    return Preview(
        group=it.group_name, asked_for=list(it.asked_for), before=it.text,
        after=outcome.preview.get(PART, ""), state=outcome.status.value,
        reason="" if outcome.shared else reason_of(outcome),
        spans=[
            {"place": f"{s['part']}:{s['start']}:{s['end']}", "type": s["type"], "text": s["text"],
             "state": s["state"], "replacement": s.get("replacement") or ""} for s in spans
        ],
    )  # fmt: skip


async def release(
    tx: Tx, viewer: Viewer, uuid: UUID, places: Mapping[str, str], now: datetime, node: Node, *,
    random: Random = os.urandom,
) -> ReleasedText:  # fmt: skip
    """Let a comment leave into the feed of its group, where every member reads it.

    `places` are words of a person about spans (`keep`, `hide`). Raises `Denied`, `NoCommentShare`,
    `TalkOver`, `NotShared`, `NotReleased`, `BadOverride`.
    """
    viewer.require(Permission.SHARE_RELEASE)
    it = await rows.lock(tx, uuid)
    if it.state != "waiting" or it.gone:
        raise discussion.TalkOver(f"this part of the talk is {'gone' if it.gone else it.state}")
    way = await _way(tx, it, now, node, random)
    said = await release_text(
        tx, [Part(PART, way.text)], way.to, now, facts=way.facts, policy=way.policy, keys=way.keys,
        by=viewer.login, random=random, places=places,
    )  # fmt: skip
    entry = await feed.say(
        tx, it.group_uuid, way.event.object, said, now, node, comment=it.uuid, answers=it.answers,
        share_id=way.event.share_id, random=random,
    )  # fmt: skip
    await rows.mark_released(tx, it.id, person_id=viewer.person_id, entry=entry,
                             said=said.texts[PART], now=now)  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action="comment:release", object=f"comment:{it.comment}",
                        detail={"group": str(it.group_uuid), "entry": entry,
                                "policy": way.policy.sha256}))  # fmt: skip
    await discussion.tell(tx, viewer.login, it.incident_id, "release", it.comment)
    return said


async def drop(tx: Tx, viewer: Viewer, uuid: UUID) -> None:
    """Leave it here: it is for nobody outside. Raises `Denied`, `NoCommentShare`, `TalkOver`."""
    viewer.require(Permission.SHARE_PREPARE)
    it = await rows.lock(tx, uuid)
    if it.state != "waiting":
        raise discussion.TalkOver(f"this part of the talk is {it.state}")
    await rows.set_state(tx, it.id, "dropped")
    await discussion.tell(tx, viewer.login, it.incident_id, "drop", it.comment)


async def take_back(
    tx: Tx, viewer: Viewer, uuid: UUID, *, version: int, now: datetime, node: Node,
    random: Random = os.urandom,
) -> None:  # fmt: skip
    """Take back one's own comment here and, where it left, at the partners.

    Raises as `store.discussion.take_back`, and `NotReleased` for an incident that became TLP:RED.
    """
    gone = await rows.released(tx, uuid)
    await discussion.take_back(tx, viewer, uuid, version=version, now=now)
    for it in gone:
        way = await _way(tx, it, now, node, random)
        nothing = await release_text(
            tx, [Part(PART, "")], way.to, now, facts=way.facts, policy=way.policy, keys=way.keys,
            by=viewer.login, random=random,
        )  # fmt: skip
        await feed.say(tx, it.group_uuid, way.event.object, nothing, now, node, comment=it.uuid,
                       answers=None, share_id=way.event.share_id, random=random)  # fmt: skip
        await rows.set_state(tx, it.id, "ended")


async def _way(tx: Tx, it: Outbound, now: datetime, node: Node, random: Random) -> _Way:
    event = await rows.standing(tx.db, it.incident_id, it.group_uuid)
    if event is None:
        raise NotShared(f"share {it.number} with {it.group_name} first; what is said belongs to it")
    marked = {"tlp": max(event.tlp, it.tlp), "pap": event.pap}
    policy = await policy_of(tx.db, it.group_uuid, marked)
    epoch = event.epoch or await current_epoch(tx.db, it.group_uuid, now)
    keys = await domain(tx, it.group_uuid, epoch, node, now, random)
    seen = await events.incident_observables(tx.db, it.incident_id, MAX_OBSERVABLES)
    theirs = {value for _, value, role in seen if role == _ATTACKER}
    known = await facts_of(tx.db, node, now)
    facts = replace(
        known,
        # What the event does not say, the talk about it does not say either.
        reporters=known.reporters | frozenset(event.gone)
        | {value for _, value, role in seen if role == _REPORTER},
        attackers=known.attackers | theirs | {registered(v) or v for v in theirs if "/" not in v},
    )  # fmt: skip
    to = Recipient(door=Door.PEER, name=it.group_name, subject=it.number, group_uuid=it.group_uuid,
                   record_id=it.record_id, share_id=event.share_id)  # fmt: skip
    text = spelled(it.text, {handle(name): name for name in it.asked_for})
    return _Way(text, event, policy, keys, facts, to)
