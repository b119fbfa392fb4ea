"""The jobs of sharing: wake partners, pull from them, acknowledge, and let a lift travel."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog

from zvon.formats.checkpoint import STALE_AFTER
from zvon.formats.note import PeerError
from zvon.jobs import Context, Handler, enqueue
from zvon.share import (
    constituency,
    epochs,
    forget,
    kit,
    mail_out,
    notice,
    question,
    run_release,
    takedown_watch,
    url_notice,
    webhook,
    withdraw,
)
from zvon.share import feed as own_feed
from zvon.share.client import Unreachable, connect
from zvon.share.group import renew
from zvon.share.pull import apply_stored, pull
from zvon.store import event as events
from zvon.store import feed, peer, pseudonym_question
from zvon.store.peer import Peer
from zvon.store.transaction import AuditEntry, transaction

log = structlog.get_logger("zvon.share")
MAX_ATTEMPTS = 8
LONGEST_REST = timedelta(minutes=5)
ACKS_AT_ONCE = 100


def rest(attempt: int) -> timedelta:
    """How long to wait before attempt number `attempt` + 1: 1, 2, 4, … s, at most 5 minutes."""
    return min(timedelta(seconds=2**attempt), LONGEST_REST)


async def hint(context: Context, payload: dict[str, Any]) -> None:
    """Tell the members of a group that there is news; each partner is its own job.

    A partner that does not answer is tried again with growing rests; it asks by itself, too.
    """
    group, attempt = UUID(payload["group"]), int(payload.get("attempt", 0))
    if "peer_id" not in payload:
        await _hint_everybody(context, group)
        return
    async with context.pool.connection() as db:
        partner = await peer.by_id(db, int(payload["peer_id"]))
    if partner.state != "active":
        return
    try:
        async with _client(context, partner) as client:
            await client.post(f"/groups/{group}/hint", b"")
    except (Unreachable, PeerError):
        if attempt + 1 < MAX_ATTEMPTS:
            async with transaction(context.pool, context.clock()) as tx:
                again = {"group": str(group), "peer_id": partner.id, "attempt": attempt + 1}
                await enqueue(tx, "share.hint", again, after=rest(attempt))


async def _hint_everybody(context: Context, group: UUID) -> None:
    async with transaction(context.pool, context.clock()) as tx:
        for partner in await peer.list_all(tx.db):
            if partner.state == "active" and group in await peer.groups_with(tx.db, partner.uuid):
                await enqueue(tx, "share.hint", {"group": str(group), "peer_id": partner.id})


def _client(context: Context, partner: Peer) -> Any:
    return connect(
        partner.url, partner.tls_pin, node=context.node, asked=partner.uuid, clock=context.clock,
        random=context.random,
    )  # fmt: skip


async def pull_peer(context: Context, payload: dict[str, Any]) -> None:
    """Pull from one partner; what went wrong stands beside the partner, and the poll tries again."""
    async with context.pool.connection() as db:
        partner = await peer.by_id(db, int(payload["peer_id"]))
    if partner.state != "active":
        return
    async with transaction(context.pool, context.clock()) as tx:
        await peer.pull_begins(tx, partner.id, context.clock())
    error: str | None = None
    try:
        await pull(context, partner)
    except Unreachable as problem:
        error = f"UNREACHABLE: {problem}"
    except PeerError as problem:
        error = f"{problem.code}: {problem}"
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await peer.pull_ends(tx, partner.id, now, error)
        if error and error != partner.error and not error.startswith("UNREACHABLE"):
            tx.audit(
                AuditEntry(actor=f"peer:{partner.name}", action="share:pull",
                           object=str(partner.uuid), outcome="refused",
                           rule=error.partition(":")[0], detail={"problem": error[:300]})
            )  # fmt: skip


async def ack(context: Context, payload: dict[str, Any]) -> None:
    """Send our acknowledgements to their origin; what does not arrive is sent by the next poll."""
    async with context.pool.connection() as db:
        partner = await peer.by_id(db, int(payload["peer_id"]))
        waiting = await feed.unsent_acks(db, partner.uuid, context.node.uuid, ACKS_AT_ONCE)
    if not waiting or partner.state == "revoked":
        return
    try:
        async with _client(context, partner) as client:
            for group in sorted({a.group_uuid for a in waiting}):
                mine = [a for a in waiting if a.group_uuid == group]
                body = msgspec.json.encode([a.body.decode() for a in mine])
                await client.post(f"/groups/{group}/{partner.uuid}/acks", body)
                now = context.clock()
                async with transaction(context.pool, now) as tx:
                    for one in mine:
                        await feed.ack_sent(tx, one, now)
    except (Unreachable, PeerError):
        return
    if len(waiting) == ACKS_AT_ONCE:
        await ack(context, payload)


async def questions(context: Context, payload: dict[str, Any]) -> None:
    """Ask a partner what we want to know of its pseudonyms, and fetch answers; the poll tries again."""
    async with context.pool.connection() as db:
        partner = await peer.by_id(db, int(payload["peer_id"]))
    if partner.state != "active":
        return
    try:
        async with _client(context, partner) as client:
            await question.exchange(context, partner, client)
    except (Unreachable, PeerError) as problem:
        log.warning("questions_not_asked", peer=partner.name, why=type(problem).__name__)


async def narrow(context: Context, payload: dict[str, Any]) -> None:
    """A block of a shared incident was lifted here: its name leaves every standing release."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        name, shares = await events.released_of_block(
            tx.db,
            block_uuid=UUID(payload["block"]) if payload.get("block") else None,
            block_id=payload.get("block_id"),
        )
        for share in shares:
            released = {n["name"] for n in (share.after or {}).get("names", [])}
            if name in released:
                await own_feed.narrow(
                    tx, share, [name], "lifted at its origin", now, context.node,
                    random=context.random,
                )  # fmt: skip


async def poll(context: Context, payload: dict[str, Any]) -> None:
    """The safety net of every minute: pull from all, send acks again, mark who is silent."""
    del payload
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await peer.forget_nonces(tx, now)
        await feed.mark_stale(tx, now - STALE_AFTER, context.node.uuid)
        for group in await peer.groups(tx.db):
            await renew(tx, group.uuid, context.node, now, context.random)
        asked = await pseudonym_question.asked_peers(tx.db)
        for partner in await peer.list_all(tx.db):
            if partner.state != "active":
                continue
            key = f"share.poll:{partner.id}"
            await enqueue(tx, "share.pull", {"peer_id": partner.id}, dedupe=key)
            await enqueue(tx, "share.ack", {"peer_id": partner.id}, dedupe=f"{key}:ack")
            if partner.uuid in asked:
                await enqueue(tx, "share.questions", {"peer_id": partner.id}, dedupe=f"{key}:q")


async def take_held(context: Context, payload: dict[str, Any]) -> None:
    """Take in what the hourly limit held of a partner, because a person said so."""
    async with context.pool.connection() as db:
        partner = await peer.by_id(db, int(payload["peer_id"]))
        groups = [await peer.group(db, g) for g in await peer.groups_with(db, partner.uuid)]
    for group in groups:
        await apply_stored(context, partner, group, wanted="held")


JOBS: dict[str, Handler] = {
    "share.hint": hint,
    "share.pull": pull_peer,
    "share.ack": ack,
    "share.narrow": narrow,
    "share.poll": poll,
    "share.take_held": take_held,
    "share.kits": kit.look,
    "share.withdraw": withdraw.withdraw,
    "share.url_notice": url_notice.prepare,
    "share.forget": forget.forget,
    "share.review": constituency.look_again,
    "share.epochs": epochs.turn,
    "share.questions": questions,
    "share.mail": mail_out.send,
    "share.notices": notice.tell,
    "share.takedowns": takedown_watch.watch,
    "share.webhook": webhook.send,
    "share.run_prepare": run_release.prepare,
    "share.run_take_back": run_release.take_back,
}

SCHEDULE: dict[str, timedelta] = {
    "share.poll": timedelta(minutes=1),
    "share.kits": timedelta(minutes=10),
    "share.epochs": timedelta(hours=1),
    "share.mail": timedelta(minutes=1),
    "share.notices": timedelta(minutes=1),
    "share.takedowns": timedelta(minutes=5),
}
