"""Clocks that people are held to: appeals that wait, and orders without their written copy."""

from typing import Any

import structlog

from zvon.jobs import Context
from zvon.store import appeal, order
from zvon.store.transaction import transaction

log = structlog.get_logger("zvon.respond")


async def watch(context: Context, _payload: dict[str, Any]) -> None:
    """Raise the alarm once for everything that is overdue; idempotent."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        appeals = await appeal.alarm(tx, now)
        orders = await order.alarm(tx, now)
        await order.settle(tx, now)
    for late in appeals:
        log.warning("appeal.overdue", appeal=late.number, name=late.name)
    for ordered in orders:
        log.warning("order.overdue", order=ordered.number, authority=ordered.authority)
