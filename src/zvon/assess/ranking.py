"""The job `assess.rank`: places in the queue are made anew where facts, ages or weights changed."""

from datetime import timedelta
from typing import Any

from zvon.jobs import Context
from zvon.store import incident_rank
from zvon.store.transaction import transaction

EVERY = timedelta(seconds=15)
BATCH, ROUNDS = 1000, 50
"""A run ends after `ROUNDS` batches, so that a change of weights over a million rows, which takes
many runs, never holds a worker for long."""


async def rank(context: Context, _payload: dict[str, Any]) -> None:
    """Rank what is due, batch by batch, and add up the counters of the queue; idempotent."""
    for _ in range(ROUNDS):
        now = context.clock()
        async with transaction(context.pool, now) as tx:
            if not await incident_rank.due(tx, now, BATCH):
                break
    async with transaction(context.pool, context.clock()) as tx:
        await incident_rank.fold_counts(tx)
