"""Batches of collectors at the node: each is taken once, whole, in order, or not at all."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog

from zvon.access.refusal import Refused
from zvon.collect.document import Understood, understand
from zvon.formats import batch
from zvon.formats.batch import BadBatch, Batch, Body, Head
from zvon.jobs import Context
from zvon.model.collector import Taken
from zvon.model.ids import RANDOM_BYTES
from zvon.model.item import Bad, ItemKind
from zvon.store import collector, collector_delivery, collector_spool, document, source_day
from zvon.store.collector import Collector
from zvon.store.ingest import AlreadyThere
from zvon.store.intake import store_items
from zvon.store.source import Setup
from zvon.store.transaction import AuditEntry, Tx, transaction

ATTEMPTS = 5

log = structlog.get_logger("zvon.collector")


async def receive(
    context: Context, octets: bytes, sender: UUID | None = None, *, patient: bool = True
) -> Taken:
    """Take a batch, as it travelled, in one transaction; idempotent.

    `sender` is the collector whose door it came through, where that is known. Who is not `patient`
    waits no longer for a batch before it; it then counts as one that never came. After it returns
    everything up to the number in the answer is safe. Raises `BadBatch`, `Refused` for one that
    is not the collector's, `NoCollector`, `MissingBatch`, `SourceHeld`.
    """
    head = batch.head_of(octets)
    now = context.clock()
    async with transaction(context.pool, now) as tx:  # a refusal leaves its row in the audit
        known = await collector.by_uuid(tx.db, head.collector)
        found = _checked(context, known, head, octets, sender)
        place = await collector_spool.locked(tx, known, head.spool)
        if not collector_spool.fits(place, head, patient=patient):
            return Taken(n=place.n)
        source = await collector_spool.source(tx, known, head, now) if head.count else None
    body = await asyncio.to_thread(batch.read, found)
    documents = [each for each in body.items if each.kind is ItemKind.DOCUMENT]
    read = await understand(context, source, documents) if source and documents else []
    for attempt in range(ATTEMPTS):
        try:
            return await _take(context, known, head, source, body, read, patient=patient)
        except AlreadyThere:
            # Another spool or source brought the same at this moment; now it shows.
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError


def _checked(
    context: Context, known: Collector, head: Head, octets: bytes, sender: UUID | None
) -> Batch:
    """The batch, when it is of this collector and for us. Raises `Refused`."""
    if known.public_key is None:
        raise _no(head, "it has not enrolled")
    if head.node != context.node.uuid:
        raise _no(head, "the batch is for another node")
    if sender not in {None, head.collector}:
        raise _no(head, "the batch is another collector's")
    try:
        return batch.opened(octets, known.public_key)
    except BadBatch as problem:
        raise _no(head, str(problem)) from None


async def _take(
    context: Context, known: Collector, head: Head, source: Setup | None, body: Body,
    read: Sequence[Understood | Bad], *, patient: bool,
) -> Taken:  # fmt: skip
    """Number, delivery, records and documents in one transaction, unless it was taken meanwhile."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        place = await collector_spool.locked(tx, known, head.spool)
        if not collector_spool.fits(place, head, patient=patient):
            return Taken(n=place.n)
        lost = await collector_spool.advance(
            tx, known, place, head, None if source is None else source.id
        )
        if source is not None:
            await _store(context, tx, source, head, body, read, lost)
        await collector.note_seen(tx, known, now)
    if lost:
        log.warning("never came", collector=known.name, source=head.source, items=lost)
    return Taken(n=head.n)


async def _store(
    context: Context, tx: Tx, source: Setup, head: Head, body: Body,
    read: Sequence[Understood | Bad], lost: int,
) -> None:  # fmt: skip
    """Store what stands in a batch."""
    now = context.clock()
    delivery = await collector_delivery.keep(
        tx, source, head, body.raw, now, context.random(RANDOM_BYTES)
    )
    understood = [each for each in read if isinstance(each, Understood)]
    bad = [*body.bad, *(each for each in read if isinstance(each, Bad))]
    items = [each for each in body.items if each.kind is not ItemKind.DOCUMENT]
    items += [each.item for each in understood]
    stored = await store_items(tx, source, delivery, items, now, format=head.format)
    await document.put(tx, [(each.uuid, each.document) for each in understood])
    await collector_delivery.finish(tx, source, delivery, stored, head.count, bad, lost, now)
    await source_day.count(
        tx, source.id, now, deliveries=1, bytes=len(body.raw), quarantined=len(bad)
    )


def _no(head: Head, reason: str) -> Refused:
    return Refused(
        reason,
        AuditEntry(actor=f"collector:{head.collector}", action="collector:send", object=head.source,
                   outcome="refused", rule="signature", detail={"reason": reason}),
    )  # fmt: skip
