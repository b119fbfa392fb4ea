"""Hacked pages are looked at every ten minutes, so that an owner who cleaned up is not kept out."""

from typing import Any
from uuid import UUID

from zvon.jobs import Context, enqueue
from zvon.store import url_retest
from zvon.store.transaction import transaction

AT_ONCE = 10
LOOK = 7  # never takes an old look for an answer; see `collect.ask_look` for the others


async def look_again(context: Context, _payload: dict[str, Any]) -> None:
    """Judge what looks said by now, and have pages and hosts of due rules looked at.

    `collect.fetch` looks at the pages; `collect.look` looks the hosts up and hands on to
    `respond.url_advise`.
    """
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await url_retest.judge_pages(tx, now)
        due = await url_retest.due(tx, now)
        for row in due if context.settings.fetch else ():
            report = await url_retest.report_of(tx, row)
            if report is not None:
                payload = {"record_id": report, "urls": [row.url], "look": LOOK}
                await enqueue(tx, "collect.fetch", payload, dedupe=f"collect.fetch page {row.uuid}")
        for start in range(0, len(due), AT_ONCE):
            some = due[start : start + AT_ONCE]
            await enqueue(tx, "collect.look", {
                "names": sorted({row.host for row in some}),
                "blocks": [str(row.uuid) for row in some],
                "then": "respond.url_advise",
            })  # fmt: skip


async def advise(context: Context, payload: dict[str, Any]) -> None:
    """End the rules whose host was gone twice; idempotent."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await url_retest.judge(tx, [UUID(str(one)) for one in payload["blocks"]], now)
