"""The jobs of `dns`."""

from datetime import timedelta
from typing import Any

from zvon.jobs import Context, Handler
from zvon.store import transparency
from zvon.store.transaction import transaction


async def record(context: Context, _payload: dict[str, Any]) -> None:
    """Write decisions that took effect into the public record."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await transparency.follow(tx, now)


JOBS: dict[str, Handler] = {"dns.record": record}
SCHEDULE: dict[str, timedelta] = {"dns.record": timedelta(seconds=10)}
