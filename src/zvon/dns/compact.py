"""Keeping the hot zones small: every round moves what every subscriber is known to hold."""

from datetime import datetime, timedelta

import structlog

from zvon.config import host_port
from zvon.dns.ask import Asker
from zvon.dns.probe import read_marker
from zvon.dns.registry import Registry
from zvon.model.zone import zone_name
from zvon.store import zone_compact
from zvon.store.transaction import Pool, transaction

EVERY = timedelta(minutes=10)
# BIND puts a cold zone into force at most once a minute (min-update-interval of the kit).
SETTLE = timedelta(seconds=130)
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
    pool: Pool, registry: Registry, now: datetime, *, settle: timedelta = SETTLE
) -> None:
    """One round over all feeds: learn what resolvers hold, then move what may move."""
    for endpoint in list(registry.endpoints.values()):
        if endpoint.probe_address is None:
            continue
        asker = await Asker.to(*host_port(endpoint.probe_address))
        try:
            await read_marker(pool, registry, asker, endpoint, "cold", now)
        finally:
            asker.close()
    async with pool.connection() as db:
        feeds = await zone_compact.feeds(db)
    for feed in feeds:
        async with transaction(pool, now) as tx:
            result = await zone_compact.compact(tx, feed, now, settle=settle, touch=True)
        if result.to_cold or result.from_hot or result.waiting:
            log.info("zone.compacted", feed=feed, to_cold=result.to_cold,
                     from_hot=result.from_hot, waiting=result.waiting)  # fmt: skip
