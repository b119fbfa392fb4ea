"""Pulling from a partner: membership, checkpoint, proof, batches, and then what they mean.

Each batch is verified against the signed checkpoint before any of it is kept, and is kept in one
transaction together with the new end of the feed; then each entry is applied in a transaction of
its own. Killed at any point, the next pull goes on where the database stands.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import DataError

from zvon.formats import ack, checkpoint, membership
from zvon.formats.ack import Ack
from zvon.formats.checkpoint import Checkpoint
from zvon.formats.merkle import Frontier, check_consistency, root
from zvon.formats.note import PeerError
from zvon.formats.peer import (
    MAX_BATCH,
    Frame,
    check_chain,
    genesis,
    read_batch,
    read_entry,
)
from zvon.jobs import Context, enqueue
from zvon.share import apply
from zvon.share.apply import NotTaken, Outcome
from zvon.share.client import PeerClient, connect
from zvon.share.group import adopt, limits
from zvon.store import feed, peer
from zvon.store.feed import AckRow, CheckpointRow, EntryRow
from zvon.store.peer import Group, Peer
from zvon.store.transaction import AuditEntry, Change, Op, Tx, transaction

HOUR = timedelta(hours=1)
APPLY_AT_ONCE = 500


class Forked(PeerError):
    """The partner signed two histories of one feed."""

    code = "EQUIVOCATION"


class Shrunk(PeerError):
    """The partner's feed is shorter than what we hold of it; its database may be an old copy."""

    code = "SHRUNK"


class Frozen(PeerError):
    """The feed contradicted itself before; a person has to look first."""

    code = "EQUIVOCATION"


class Pulled(Struct, frozen=True):
    """How many entries came, and how many of them were taken in."""

    received: int = 0
    applied: int = 0


async def pull(context: Context, partner: Peer) -> Pulled:
    """Fetch and apply all that `partner` offers in every group that we share.

    Raises `Unreachable` to try again later, and `PeerError` when the partner breaks the protocol.
    """
    received = applied = 0
    async with connect(
        partner.url, partner.tls_pin, node=context.node, asked=partner.uuid, clock=context.clock,
        random=context.random,
    ) as client:  # fmt: skip
        async with context.pool.connection() as db:
            groups = await peer.groups_with(db, partner.uuid)
        for group_uuid in groups:
            group = await _membership(context, client, group_uuid)
            if membership.parse(group.membership)[0].member(partner.uuid, context.clock()) is None:
                continue
            received += await _feed(context, client, partner, group)
            applied += await apply_stored(context, partner, group)
    return Pulled(received, applied)


async def _membership(context: Context, client: PeerClient, group_uuid: UUID) -> Group:
    """Follow the chain of membership versions to the newest that the partner has."""
    async with context.pool.connection() as db:
        group = await peer.group(db, group_uuid)
    answer = await client.get(f"/groups/{group_uuid}/membership?since={group.version}")
    try:
        notes = msgspec.json.decode(answer, type=list[str])
    except msgspec.MsgspecError as problem:
        raise PeerError(f"the membership answer is malformed: {problem}") from None
    for note in notes:
        now = context.clock()
        document = membership.check_next(group.membership, note.encode(), now=now)
        async with transaction(context.pool, now) as tx:
            await adopt(tx, document, note.encode(), context.node, now, context.random)
            group = await peer.group(tx.db, group_uuid)
    return group


async def _feed(context: Context, client: PeerClient, partner: Peer, group: Group) -> int:
    """Take in what is new in the partner's feed of one group; returns the number of entries."""
    document, _ = membership.parse(group.membership)
    base = f"/groups/{group.uuid}/{partner.uuid}"
    received = 0
    note = await client.get(f"{base}/checkpoint", limit=4096)
    head = checkpoint.read(
        note, group=group.uuid, origin=partner.uuid, key=partner.signing_key, now=context.clock(),
        witness_count=document.policy.witnesses,
    )  # fmt: skip
    size = await _accept(context, client, partner, group, head, note, base)
    while size < head.size:
        data = await client.get(
            f"{base}/batches?from={size}&max_bytes={MAX_BATCH}", limit=MAX_BATCH + 1024
        )
        frames = read_batch(data)
        if not frames or size + len(frames) > head.size:
            raise PeerError("the batch does not fit the checkpoint")
        proof = []
        if size + len(frames) < head.size:
            proof = await _proof(client, base, size + len(frames), head.size)
        await _keep(context, partner, group, head, frames, size, proof)
        size += len(frames)
        received += len(frames)
    return received


async def _accept(
    context: Context, client: PeerClient, partner: Peer, group: Group, head: Checkpoint,
    note: bytes, base: str,
) -> int:  # fmt: skip
    """Hold a checkpoint against what we know of the feed; returns how much of it we hold.

    Raises `Forked` (and freezes the feed with both notes as evidence), `Shrunk`, `Frozen`.
    """
    now = context.clock()
    async with context.pool.connection() as db:
        end = await feed.state(db, group.uuid, partner.uuid)
        last = await feed.last_checkpoint(db, group.uuid, partner.uuid)
        older = end is not None and head.size < end.size
        known = await feed.leaves(db, group.uuid, partner.uuid, head.size) if older else []
    if end is not None and end.frozen_at is not None:
        raise Frozen(f"the feed is frozen: {end.frozen_reason}")
    size = end.size if end is not None else 0
    if end is not None and head.size <= size:
        held = root(known) if older else Frontier.decode(size, end.peaks).root()
        if held != head.root:
            await _freeze(context, partner, group, last, note, f"two roots at size {head.size}")
            raise Forked(f"two different feeds of size {head.size} are signed")
    if last is not None and head.size < last.size:
        raise Shrunk(f"the feed had {last.size} entries and now has {head.size}")
    if last is not None and head.size > last.size:
        path = await _proof(client, base, last.size, head.size) if last.size else []
        if not check_consistency(last.size, head.size, last.root, head.root, path):
            await _freeze(context, partner, group, last, note, "no proof from the last checkpoint")
            raise Forked("the feed does not continue what was signed before")
    async with transaction(context.pool, now) as tx:
        await feed.lock(tx, group.uuid, partner.uuid, genesis(group.uuid, partner.uuid))
        row = CheckpointRow(size=head.size, root=head.root, note=note, at=head.at)
        await feed.put_checkpoint(tx, group.uuid, partner.uuid, row)
    return size


async def _proof(client: PeerClient, base: str, first: int, second: int) -> list[bytes]:
    answer = await client.get(f"{base}/proof?first={first}&second={second}", limit=16_384)
    try:
        return [bytes.fromhex(step) for step in msgspec.json.decode(answer, type=list[str])]
    except (msgspec.MsgspecError, ValueError) as problem:
        raise PeerError(f"the proof is malformed: {problem}") from None


async def _freeze(
    context: Context, partner: Peer, group: Group, last: CheckpointRow | None, note: bytes,
    reason: str,
) -> None:  # fmt: skip
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await feed.freeze(
            tx, group.uuid, partner.uuid, first=last.note if last else b"", second=note,
            reason=reason, now=now,
        )  # fmt: skip
        await peer.set_state(tx, partner.uuid, "frozen", f"EQUIVOCATION: {reason}")
        tx.audit(
            AuditEntry(
                actor=f"peer:{partner.name}", action="share:checkpoint", object=str(group.uuid),
                outcome="refused", rule="equivocation", detail={"reason": reason},
            )
        )  # fmt: skip


async def _keep(
    context: Context, partner: Peer, group: Group, head: Checkpoint, frames: list[Frame],
    start: int, proof: list[bytes],
) -> None:  # fmt: skip
    """Verify one batch against the signed root and store it, all of it or nothing."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        end = await feed.lock(tx, group.uuid, partner.uuid, genesis(group.uuid, partner.uuid))
        if end.size != start:  # another worker was quicker
            return
        entries = check_chain(frames, start=start, prev=end.last_leaf)
        frontier = Frontier.decode(end.size, end.peaks)
        for frame in frames:
            frontier.add(frame.leaf)
        if not check_consistency(frontier.size, head.size, frontier.root(), head.root, proof):
            raise PeerError("the batch does not belong to the signed feed")
        rows = [
            EntryRow(
                group_uuid=group.uuid,
                origin=partner.uuid,
                n=n,
                leaf=frame.leaf,
                kind=entry.kind.value if entry else "add",
                object=entry.id if entry else UUID(int=0),
                body=frame.data,
                state="stored" if entry else "erased",
                at=entry.at if entry else now,
            )
            for n, (frame, entry) in enumerate(zip(frames, entries, strict=True), start=start)
        ]
        await feed.extend(tx, rows, frontier.encode())
        tx.note(Change(kind="feed", subject=partner.uuid, op=Op.ADD))


async def apply_stored(
    context: Context, partner: Peer, group: Group, *, wanted: Literal["stored", "held"] = "stored"
) -> int:
    """Apply entries that are stored and not yet applied, in order; returns how many were taken."""
    done = 0
    while True:
        async with context.pool.connection() as db:
            rows = await feed.in_state(db, group.uuid, partner.uuid, wanted, APPLY_AT_ONCE)
            recent = await feed.applied_since(db, partner.uuid, context.clock() - HOUR)
            room = (await limits(db)).events_per_hour - recent
        done += await _apply_rows(context, partner, group, rows, room)
        if len(rows) < APPLY_AT_ONCE:
            return done


async def _apply_rows(
    context: Context, partner: Peer, group: Group, rows: Sequence[EntryRow], room: int
) -> int:
    """Settle each entry: applied, held beyond `room` events (unless held before), or refused."""
    done = 0
    for row in rows:
        now = context.clock()
        is_event = row.kind in {"add", "supersede"}
        if is_event and room <= 0 and row.state == "stored":
            outcome = Outcome(state="held", problem="RATE: more than we take in an hour")
            await _settle(context, partner, row, outcome, now)
            continue
        room -= is_event
        try:
            await _apply_one(context, partner, group, row, now)
            done += 1
        except (NotTaken, ValueError, LookupError, PermissionError, DataError) as problem:
            # Our own typed errors and values that the database cannot hold: this entry is not
            # taken, with the reason; the ones after it are.
            text = (
                f"{problem}"
                if isinstance(problem, NotTaken)
                else f"{type(problem).__name__}: {problem}"
            )
            await _settle(context, partner, row, Outcome(state="refused", problem=text), now)
    return done


async def _apply_one(
    context: Context, partner: Peer, group: Group, row: EntryRow, now: datetime
) -> None:
    assert row.body is not None
    entry = read_entry(row.body)
    async with transaction(context.pool, now) as tx:
        if not await feed.claim(tx, row):
            return
        outcome = await apply.apply(tx, context, partner, group, entry, await limits(tx.db), now)
        await _write(tx, context, partner, row, outcome, now)


async def _settle(
    context: Context, partner: Peer, row: EntryRow, outcome: Outcome, now: datetime
) -> None:
    async with transaction(context.pool, now) as tx:
        if not await feed.claim(tx, row):
            return
        tx.audit(
            AuditEntry(
                actor=f"peer:{partner.name}", action=f"share:{row.kind}", object=str(row.object),
                outcome="refused", rule=outcome.problem.partition(":")[0],
                detail={"problem": outcome.problem[:300], "entry": row.n},
            )
        )  # fmt: skip
        await _write(tx, context, partner, row, outcome, now)


async def _write(
    tx: Tx, context: Context, partner: Peer, row: EntryRow, outcome: Outcome, now: datetime
) -> None:
    """Settle the entry and leave a signed acknowledgement for the origin."""
    await feed.settle(
        tx, row, outcome.state, problem=outcome.problem, record_id=outcome.record_id,
        incident_id=outcome.incident_id, now=now,
    )  # fmt: skip
    state: Literal["applied", "erased", "partial"] = "applied"
    if outcome.partial:
        state = "partial"
    elif row.kind == "revoke":
        state = "erased"
    signed = ack.write(
        Ack(
            group=row.group_uuid, origin=row.origin, n=row.n, leaf=row.leaf.hex(),
            by=context.node.uuid, state=state, outputs=outcome.outputs,
            note=outcome.problem[:300], at=now,
        ),
        context.node.signing,
    )  # fmt: skip
    kept = AckRow(
        group_uuid=row.group_uuid, origin=row.origin, n=row.n, peer=context.node.uuid,
        state=state, body=signed, at=now,
    )  # fmt: skip
    await feed.put_ack(tx, kept, sent_at=None)
    await enqueue(
        tx,
        "share.ack",
        {"peer_id": partner.id},
        dedupe=f"share.ack:{row.origin}:{row.group_uuid}:{row.n}",
    )
