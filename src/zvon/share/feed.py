"""Our own feeds: what is released is appended, signed, and announced to the group.

Everything happens in the caller's transaction: either the release, its entry, the new
checkpoint and the job that wakes the partners are all there, or nothing is.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from zvon.access.node import Node
from zvon.formats import checkpoint
from zvon.formats.checkpoint import Checkpoint
from zvon.formats.merkle import Frontier, leaf_hash
from zvon.formats.peer import SALT_BYTES, EntryKind, Marking, genesis, write_entry
from zvon.jobs import enqueue
from zvon.model.marking import Pap, Tlp
from zvon.share.reason import reason_for
from zvon.share.released import Released, ReleasedText
from zvon.store import disclosure, feed, peer
from zvon.store import event as events
from zvon.store.feed import CheckpointRow, EntryRow
from zvon.store.transaction import AuditEntry, Change, Op, Tx

Random = Callable[[int], bytes]


async def append(
    tx: Tx, released: Released, now: datetime, node: Node, *, random: Random = os.urandom
) -> int:
    """Put a released event into its group's feed; returns the entry's number.

    The first release of a share is an `add`, a later one supersedes it.
    """
    share = await events.share(tx.db, UUID(str(released.event["uuid"])))
    known = await feed.entries_of(tx.db, node.uuid, share.uuid)
    return await _append(
        tx,
        EntryKind.SUPERSEDE if known else EntryKind.ADD,
        group=released.group_uuid,
        object_id=share.uuid,
        share_id=share.id,
        policy=Marking.of(Tlp(released.policy.tlp), Pap(released.policy.pap)),
        leaves=released,
        now=now,
        node=node,
        random=random,
    )


async def revoke(
    tx: Tx, share_uuid: UUID, reason: str, now: datetime, node: Node, *,
    actor: str = "system", random: Random = os.urandom,
) -> int | None:  # fmt: skip
    """Take a release back: partners lift, erase and acknowledge.

    The bodies of our own entries about it go too, their hashes stay. What partners read as the
    reason passes the gate. Returns the entry's number; `None` when the release was not open.
    Raises `NoSuchShare`.
    """
    share = await events.share(tx.db, share_uuid)
    if not await events.mark_revoked(tx, share.id, share.uuid, reason, now):
        return None
    await disclosure.take_back(tx, share.id, now)
    said = await reason_for(tx, share_uuid, reason, now, node, by=actor, random=random)
    n = await _append(
        tx,
        EntryKind.REVOKE,
        group=share.group_uuid,
        object_id=share.uuid,
        share_id=share.id,
        policy=_marking_of(share),
        leaves=said,
        now=now,
        node=node,
        random=random,
    )
    await feed.erase(tx, node.uuid, share.uuid)
    await events.retire(tx, share.uuid)
    tx.audit(
        AuditEntry(actor=actor, action="share:revoke", object=str(share.uuid),
                   detail={"reason": said.texts["reason"], "entry": n})
    )  # fmt: skip
    return n


async def narrow(
    tx: Tx, share: events.ReleasedShare, names: Sequence[str], reason: str, now: datetime,
    node: Node, *, random: Random = os.urandom,
) -> int:  # fmt: skip
    """Take `names` out of a release that stands: partners lift them and keep the rest."""
    said = await reason_for(tx, share.uuid, reason, now, node, by="system", random=random)
    return await _append(
        tx,
        EntryKind.NARROW,
        group=share.group_uuid,
        object_id=share.uuid,
        share_id=share.id,
        policy=_marking_of(share),
        leaves=said,
        names=sorted(names),
        now=now,
        node=node,
        random=random,
    )


async def say(
    tx: Tx, group: UUID, event: UUID, said: ReleasedText, now: datetime, node: Node, *,
    comment: UUID, answers: UUID | None, share_id: int | None, random: Random = os.urandom,
) -> int:  # fmt: skip
    """Append what people here say about a group's event, ours or a partner's; the entry's number.

    An empty text takes back what was said as `comment`.
    """
    refers = {"comment": str(comment)} | ({} if answers is None else {"answers": str(answers)})
    return await _append(
        tx,
        EntryKind.OPINION,
        group=group,
        object_id=event,
        share_id=share_id,
        policy=Marking.of(Tlp(said.policy.tlp), Pap(said.policy.pap)),
        leaves=said,
        refers=refers,
        now=now,
        node=node,
        random=random,
    )


def _marking_of(share: events.ReleasedShare) -> Marking:
    """The marking that the release went out under."""
    return Marking.of(
        Tlp(share.policy.get("tlp", Tlp.AMBER)), Pap(share.policy.get("pap", Pap.GREEN))
    )


async def _append(
    tx: Tx,
    kind: EntryKind,
    *,
    group: UUID,
    object_id: UUID,
    share_id: int | None,
    policy: Marking,
    leaves: Released | ReleasedText,
    names: Sequence[str] = (),
    refers: Mapping[str, str] = {},
    now: datetime,
    node: Node,
    random: Random,
) -> int:
    """`names` are names of an event that was released before; `refers` identifiers of the group's."""
    body: dict[str, Any] = leaves.event if isinstance(leaves, Released) else dict(leaves.texts)
    body |= refers
    if names:
        body["names"] = list(names)
    version = (await peer.group(tx.db, group)).version
    end = await feed.lock(tx, group, node.uuid, genesis(group, node.uuid))
    data = write_entry(
        kind, object_id, body, n=end.size, prev=end.last_leaf, salt=random(SALT_BYTES), at=now,
        policy=policy,
    )  # fmt: skip
    leaf = leaf_hash(data)
    frontier = Frontier.decode(end.size, end.peaks)
    frontier.add(leaf)
    row = EntryRow(
        group_uuid=group,
        origin=node.uuid,
        n=end.size,
        leaf=leaf,
        kind=kind.value,
        object=object_id,
        body=data,
        share_id=share_id,
        state="own",
        at=now,
        applied_at=now,
    )
    await feed.extend(tx, [row], frontier.encode())
    await _sign(tx, group, frontier, version, now, node)
    tx.note(Change(kind="feed", subject=object_id, op=Op.PUBLISH))
    await enqueue(tx, "share.hint", {"group": str(group)})
    return end.size


async def fresh_checkpoint(tx: Tx, group: UUID, now: datetime, node: Node) -> bytes:
    """Our newest checkpoint of a group's feed, signed again: it says that we are alive."""
    version = (await peer.group(tx.db, group)).version
    end = await feed.lock(tx, group, node.uuid, genesis(group, node.uuid))
    frontier = Frontier.decode(end.size, end.peaks)
    return await _sign(tx, group, frontier, version, now, node)


async def _sign(
    tx: Tx, group: UUID, frontier: Frontier, version: int, now: datetime, node: Node
) -> bytes:
    at = now.replace(microsecond=0)
    root = frontier.root()
    note = checkpoint.write(
        Checkpoint(
            group=group, origin=node.uuid, size=frontier.size, root=root, at=at, membership=version
        ),
        node.signing,
    )
    row = CheckpointRow(size=frontier.size, root=root, note=note, at=at)
    await feed.put_checkpoint(tx, group, node.uuid, row)
    return note
