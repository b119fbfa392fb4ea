"""The job `assess.recluster`: once a night, campaigns are looked at with what is known by then.

Each campaign is its own transaction, so that new reports wait for one and not for the night.
"""

from typing import Any

from zvon.jobs import Context
from zvon.store import campaign_recluster
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read


async def recluster(context: Context, _payload: dict[str, Any]) -> None:
    """Mark common keys, take apart what only they held, join what belongs; idempotent."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await campaign_recluster.mark(tx, now)
    async with read(context.pool, SYSTEM) as db:
        doubtful = await campaign_recluster.doubtful(db, now)
    for campaign_id in doubtful:
        async with transaction(context.pool, now) as tx:
            await campaign_recluster.split(tx, campaign_id, now, context.random)
    async with transaction(context.pool, now) as tx:
        await campaign_recluster.join(tx, now)
