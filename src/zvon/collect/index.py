"""The job that brings what came into the projections that searches read."""

from typing import Any

from zvon.jobs import Context
from zvon.store.search_index import step
from zvon.store.transaction import transaction

STEPS = 20  # of one job; the next one goes on within seconds


async def index(context: Context, payload: dict[str, Any]) -> None:
    """Take in what is new, one bounded transaction after another."""
    del payload
    for _ in range(STEPS):
        now = context.clock()
        async with transaction(context.pool, now) as tx:
            if not await step(tx, now):
                return
