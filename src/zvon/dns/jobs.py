"""The jobs of `dns`."""

from datetime import timedelta
from typing import Any

from zvon.jobs import Context, Handler
from zvon.store import hit, landing_hour, transparency, zone
from zvon.store.transaction import transaction


async def record(context: Context, _payload: dict[str, Any]) -> None:
    """Write decisions that took effect into the public record."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await transparency.follow(tx, now)


async def forget(context: Context, _payload: dict[str, Any]) -> None:
    """Drop counts and journals that are old."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await hit.forget(tx, now)
        await landing_hour.forget(tx, now)
        await zone.forget(tx, now)


JOBS: dict[str, Handler] = {"dns.record": record, "dns.forget": forget}
SCHEDULE: dict[str, timedelta] = {
    "dns.record": timedelta(seconds=10),
    "dns.forget": timedelta(days=1),
}
