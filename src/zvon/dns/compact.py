"""Keeping the hot zones small: every round moves what every subscriber is known to hold."""

import asyncio
from datetime import datetime, timedelta

import structlog

from zvon.config import host_port
from zvon.dns.ask import Asker
from zvon.dns.probe import read_marker
from zvon.dns.registry import Endpoint, Registry
from zvon.model.zone import zone_name
from zvon.store import zone_compact
from zvon.store.transaction import Pool, transaction
from zvon.store.zone import SETTLE

EVERY = timedelta(minutes=10)
AT_ONCE = 20
HOT_LIMIT = 4_000

log = structlog.get_logger("zvon.dns")


def crowded(registry: Registry) -> bool:
    """True when a hot zone is so full that the next round cannot wait."""
    return any(
        zone.size >= HOT_LIMIT
        for name, zone in registry.zones.items()
        if name.startswith(zone_name("hot", "")[:4])
    )


async def compact(
    pool: Pool, registry: Registry, now: datetime, *, settle: timedelta = SETTLE,
    touch: bool = True,
) -> None:  # fmt: skip
    """One round over all feeds: learn what resolvers hold, then move what may move.

    `touch` makes subscribers ask that show their serial in no other way; each time costs a
    resolver the work of a change in its large zone, so only the regular round does it.
    """
    turn = asyncio.Semaphore(AT_ONCE)

    async def learn(endpoint: Endpoint) -> None:
        assert endpoint.probe_address is not None
        async with turn:
            asker = await Asker.to(*host_port(endpoint.probe_address), endpoint.probe_via)
            try:
                for feed in endpoint.feeds:
                    await read_marker(pool, registry, asker, endpoint, "cold", now, feed=feed)
            finally:
                asker.close()

    await asyncio.gather(
        *(learn(one) for one in list(registry.endpoints.values()) if one.probe_address),
        return_exceptions=True,
    )
    async with pool.connection() as db:
        feeds = await zone_compact.feeds(db)
    for feed in feeds:
        async with transaction(pool, now) as tx:
            result = await zone_compact.compact(tx, feed, now, settle=settle, touch=touch)
        if result.to_cold or result.from_hot or result.waiting:
            log.info("zone.compacted", feed=feed, to_cold=result.to_cold,
                     from_hot=result.from_hot, waiting=result.waiting)  # fmt: skip
