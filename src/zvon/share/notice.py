"""The job `share.notices`: grouped notices whose time has come, and reminders of letters."""

from typing import Any

from zvon.jobs import Context
from zvon.model.mail_policy import shipped
from zvon.store import message_write, notice
from zvon.store.transaction import transaction


async def tell(context: Context, _payload: dict[str, Any]) -> None:
    """Queue what is due; each letter goes through the gate when it is sent. Idempotent."""
    policy, now = shipped(), context.clock()
    async with transaction(context.pool, now) as tx:
        await notice.send_due(tx, policy.notice, now, context.random)
    async with transaction(context.pool, now) as tx:
        await message_write.queue_reminders(tx, policy.reminding.after_hours, now, context.random)
