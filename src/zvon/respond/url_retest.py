"""Hacked pages are looked at every ten minutes, so that an owner who cleaned up is not kept out."""

from typing import Any
from uuid import UUID

from zvon.jobs import Context, enqueue
from zvon.store import url_retest
from zvon.store.transaction import transaction

AT_ONCE = 10


async def look_again(context: Context, _payload: dict[str, Any]) -> None:
    """Have the hosts of due rules looked up; `collect.look` hands on to `respond.url_advise`."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        due = await url_retest.due(tx, now)
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
