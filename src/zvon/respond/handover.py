"""The clock of handovers: one that nobody takes becomes a task, and those who lead see an alarm."""

from datetime import timedelta
from typing import Any

import structlog

from zvon.jobs import Context
from zvon.respond import task
from zvon.store import handover
from zvon.store.transaction import AuditEntry, Change, Op, transaction

log = structlog.get_logger("zvon.respond.handover")

PATIENCE = timedelta(minutes=30)
TASK_DUE = timedelta(minutes=30)


async def watch(context: Context, _payload: dict[str, Any]) -> None:
    """Tell the leads once of every handover that nobody took for half an hour; idempotent."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        late = await handover.untaken(tx, now - PATIENCE)
        for each in late:
            await task.add(
                tx, None, now=now, random=context.random, by=None, code="HANDOVER_UNTAKEN",
                params={"who": each.given_by or "", "to": each.to or ""}, due_at=now + TASK_DUE,
            )  # fmt: skip
            await handover.told(tx, each.id, now)
            tx.note(Change(kind="handover", subject=each.uuid, op=Op.EDIT))
            tx.audit(AuditEntry(actor="system", action="handover:late",
                                object=f"handover:{each.uuid}"))  # fmt: skip
    for each in late:
        log.warning("handover.untaken", handover=str(each.uuid), given_by=each.given_by)
