"""The job `share.takedowns`: pages with open letters are looked at again, until they are gone.

While a page is gone nobody is reminded of its letters; when it comes back the reminders go on.
"""

from datetime import timedelta
from typing import Any

from zvon.jobs import Context, enqueue
from zvon.model.mail_policy import shipped
from zvon.model.page_gone import gone_since, next_look
from zvon.store import takedown_watch
from zvon.store.transaction import transaction

LOOK = 6  # never takes an old look for an answer; see `collect.ask_look` for the others


async def watch(context: Context, _payload: dict[str, Any]) -> None:
    """Judge what the looks say, and have the next ones taken. Idempotent."""
    rule, now = shipped().takedown, context.clock()
    async with transaction(context.pool, now) as tx:
        for one in await takedown_watch.watched(tx, now - timedelta(days=rule.watch_days)):
            looks = await takedown_watch.looks(tx, one)
            await takedown_watch.judged(tx, one, gone_since(looks, rule), now)
            due = next_look(looks, one.asked_at, rule)
            if not context.settings.fetch or one.report_record_id is None:
                continue
            if due is not None and due > now:
                continue
            payload = {"record_id": one.report_record_id, "urls": [one.url], "look": LOOK}
            await enqueue(tx, "collect.fetch", payload, dedupe=f"collect.fetch takedown {one.id}")
            await takedown_watch.asked(tx, one, now)
