"""Reading again what was set aside, after we have learned to."""

from datetime import datetime
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import enqueue, enqueue_all
from zvon.store import delivery, delivery_reading, quarantine, report, source
from zvon.store.source import operator
from zvon.store.transaction import AuditEntry, Pool, transaction
from zvon.store.visibility import viewer_setting

MOST = 10_000  # deliveries that are replayed with one request


class NotWaiting(LookupError):
    """Nothing waits under this number: it was replayed already, or never existed."""


async def replay(pool: Pool, viewer: Viewer, quarantine_id: int, now: datetime) -> int:
    """Have a quarantined report read again; its record id. Raises `NotWaiting`, `Denied`."""
    viewer.require(Permission.QUARANTINE_READ)
    async with transaction(pool, now) as tx:
        record_id = await report.again(tx, quarantine_id)
        if record_id is None:
            raise NotWaiting(f"nothing waits under number {quarantine_id}")
        await quarantine.replayed(tx, quarantine_id, now)
        await enqueue(tx, "collect.decode", {"record_id": record_id})
        tx.audit(
            AuditEntry(
                actor=viewer.login, action="quarantine:replay", object=f"quarantine/{quarantine_id}"
            )
        )
    return record_id


async def replay_deliveries(
    pool: Pool,
    viewer: Viewer,
    now: datetime,
    *,
    of_source: UUID | None = None,
    of_delivery: UUID | None = None,
    everything: bool = False,
) -> int:
    """Have deliveries read again, with today's decoders and confirmed mapping; how many those are.

    What stands in quarantine is taken if it can be read now; with `everything` the whole of each
    delivery is read, also where nothing was wrong. What was stored is not stored twice. Raises
    `Denied`, `NoSource`, `NoDelivery`.
    """
    operator(viewer, Permission.QUARANTINE_REPLAY)
    async with transaction(pool, now, viewer=viewer_setting(viewer)) as tx:
        chosen = None if of_source is None else await source.by_uuid(tx.db, of_source)
        one = None if of_delivery is None else await delivery.get(tx.db, viewer, of_delivery)
        ids = await quarantine.deliveries(
            tx.db, source_id=None if chosen is None else chosen.id,
            delivery_id=None if one is None else one.id,
            everything=everything, limit=MOST,
        )  # fmt: skip
        started = await delivery_reading.again(tx, ids, everything=everything)
        await enqueue_all(tx, "collect.intake", [{"delivery_id": each} for each in started])
        subject = f"source/{of_source}" if of_source else f"delivery/{of_delivery or 'all'}"
        tx.audit(AuditEntry(actor=viewer.login, action="quarantine:replay", object=subject,
                            detail={"deliveries": len(started), "all": everything}))  # fmt: skip
    return len(started)
