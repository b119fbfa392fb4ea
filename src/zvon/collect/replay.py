"""Reading again what was set aside, after we have learned to."""

from datetime import datetime

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import enqueue
from zvon.store import quarantine, report
from zvon.store.transaction import AuditEntry, Pool, transaction


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
