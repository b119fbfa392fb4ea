"""Blocks that end soon: look whether they are still needed, and tell a person what we advise."""

from typing import Any

from zvon.jobs import Context, enqueue
from zvon.store import retest
from zvon.store.transaction import transaction

AT_ONCE = 10


async def look_again(context: Context, _payload: dict[str, Any]) -> None:
    """Have the names of due blocks looked up, and advise at once on what is known already.

    `collect.look` asks the network and hands on to `respond.advise`; without it the advice stands
    on what was known before.
    """
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        due = await retest.due(tx, now)
        uuids = [str(row.uuid) for row in due]
        looked = await retest.known(tx, uuids, now, asked=context.settings.resolver)
        await retest.put(tx, looked, now)
        names = [row for row in due if row.trigger == "qname"]
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            await enqueue(tx, "collect.look", {
                "names": [row.name for row in some],
                "blocks": [str(row.uuid) for row in some],
                "then": "respond.advise",
            })  # fmt: skip


async def advise(context: Context, payload: dict[str, Any]) -> None:
    """Say what we advise for these blocks, now that their names were looked up; idempotent."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        blocks = [str(one) for one in payload["blocks"]]
        looked = await retest.known(tx, blocks, now, asked=context.settings.resolver)
        await retest.put(tx, looked, now)
