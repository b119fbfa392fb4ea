"""Slow jobs come back later when enough of them run: a worker's places are for quick jobs too.

A look waits for other people's servers. Without this, sixty slow pages would hold every place of a
worker, and no citizen would get an answer meanwhile.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from zvon.jobs import Context, enqueue
from zvon.store.transaction import transaction

STEP = timedelta(seconds=3)
LONGEST = timedelta(minutes=1)


class Places:
    """How many jobs of one kind may run in this process at once."""

    def __init__(self, most: int) -> None:
        self._free = most

    @asynccontextmanager
    async def one(
        self, context: Context, name: str, payload: Mapping[str, Any]
    ) -> AsyncIterator[bool]:
        """True for a job that may run now; False when it was put back into the queue."""
        if not self._free:
            await _put_off(context, name, payload)
            yield False
            return
        self._free -= 1
        try:
            yield True
        finally:
            self._free += 1


async def _put_off(context: Context, name: str, payload: Mapping[str, Any]) -> None:
    """Put the job back; each time it rests longer. Without a key: its own still runs."""
    turn = int(payload.get("turn", 0)) + 1
    async with transaction(context.pool, context.clock()) as tx:
        await enqueue(tx, name, {**payload, "turn": turn}, after=min(STEP * turn, LONGEST))
