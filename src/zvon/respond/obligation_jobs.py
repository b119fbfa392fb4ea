"""The clocks of the law, looked at every minute: steps follow, alarms are raised, packs come in."""

from typing import Any
from uuid import UUID

import structlog

from zvon.jobs import Context
from zvon.model.dns_alert import Cause
from zvon.respond import obligation_escalate
from zvon.store import (
    dns_alert,
    obligation_alarm,
    obligation_reminder,
    obligation_start,
    rule_pack,
)
from zvon.store.dns_alert import About
from zvon.store.transaction import transaction

log = structlog.get_logger("zvon.respond")


async def watch(context: Context, _payload: dict[str, Any]) -> None:
    """Load what ships, bring every open duty up to date, and say what is due; idempotent."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await rule_pack.load_shipped(tx, now, context.random)
        await obligation_start.follow_all(tx, now, context.random)
        await obligation_escalate.remind(
            tx, await obligation_reminder.remind_due(tx, now), now, context.random
        )
        raised = await obligation_alarm.raise_due(tx, now)
        await obligation_escalate.escalate(tx, raised, now, context.random)
        late = await obligation_alarm.overdue(tx.db, now)
        about = About(Cause.OBLIGATION_LATE)
        if late:
            await dns_alert.open_(tx, about, {"numbers": late}, now)
        else:
            await dns_alert.close(tx, about, now)
    for step, percent, audience in raised:
        say = log.error if step.overdue(now) else log.warning
        say("obligation.due", number=step.number, step=step.step, percent=percent, to=audience)


async def aware(context: Context, payload: dict[str, Any]) -> None:
    """A time of an incident changed: its duties follow at once. Payload: {"incident": uuid}."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await obligation_start.follow_incident(
            tx, UUID(str(payload["incident"])), now, context.random
        )
