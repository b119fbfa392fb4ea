"""Batches of collectors at the node: each is taken once, whole, in order, or not at all."""

import asyncio
from uuid import UUID

import structlog

from zvon.access.refusal import Refused
from zvon.formats import batch
from zvon.formats.batch import BadBatch, Body, Head
from zvon.jobs import Context
from zvon.model.collector import Taken
from zvon.model.ids import RANDOM_BYTES
from zvon.store import collector, collector_delivery, collector_spool, source_day
from zvon.store.collector import Collector
from zvon.store.intake import Stored, store_items
from zvon.store.transaction import AuditEntry, Tx, transaction

log = structlog.get_logger("zvon.collector")


async def receive(context: Context, octets: bytes, sender: UUID | None = None) -> Taken:
    """Take a batch, as it travelled, in one transaction; idempotent.

    `sender` is the collector whose door it came through, where that is known. After it returns
    everything up to the number in the answer is safe. Raises `BadBatch`, `Refused` for one that
    is not the collector's, `NoCollector`, `MissingBatch`, `SourceHeld`.
    """
    head = batch.head_of(octets)
    now = context.clock()
    async with transaction(context.pool, now) as tx:  # a refusal leaves its row in the audit
        known = await collector.by_uuid(tx.db, head.collector)
        if known.public_key is None:
            raise _no(head, "it has not enrolled")
        if head.node != context.node.uuid:
            raise _no(head, "the batch is for another node")
        if sender not in {None, head.collector}:
            raise _no(head, "the batch is another collector's")
        try:
            found = batch.opened(octets, known.public_key)
        except BadBatch as problem:
            raise _no(head, str(problem)) from None
    body = await asyncio.to_thread(batch.read, found)
    async with transaction(context.pool, now) as tx:
        place = await collector_spool.locked(tx, known, head.spool)
        if not collector_spool.fits(place, head):
            return Taken(n=place.n)
        source_id = await _store(context, tx, known, head, body, place.items)
        lost = await collector_spool.advance(tx, known, place, head, source_id)
        await collector.note_seen(tx, known, now)
    if lost:
        log.warning("never came", collector=known.name, source=head.source, items=lost)
    return Taken(n=head.n)


async def _store(
    context: Context, tx: Tx, sender: Collector, head: Head, body: Body, before: int
) -> int | None:
    """Store what stands in a batch; the source that it is of, `None` for an empty one."""
    if head.count == 0:
        return None
    now = context.clock()
    source = await collector_spool.source(tx, sender, head, now)
    delivery = await collector_delivery.keep(
        tx, source, head, body.raw, now, context.random(RANDOM_BYTES)
    )
    stored = (
        await store_items(tx, source, delivery, body.items, now, format=head.format)
        if body.items
        else Stored()
    )
    await collector_delivery.finish(
        tx, source, delivery, stored, head.count, body.bad, max(0, head.before - before), now
    )
    await source_day.count(
        tx, source.id, now, deliveries=1, bytes=len(body.raw), quarantined=len(body.bad)
    )
    return source.id


def _no(head: Head, reason: str) -> Refused:
    return Refused(
        reason,
        AuditEntry(actor=f"collector:{head.collector}", action="collector:send", object=head.source,
                   outcome="refused", rule="signature", detail={"reason": reason}),
    )  # fmt: skip
