"""The only expirer: rules past their end leave the zones through an ordinary published deletion."""

from datetime import datetime

import structlog

from zvon.store import block_proof, url_rule
from zvon.store.transaction import Pool, transaction

log = structlog.get_logger("zvon.dns")


async def expire(pool: Pool, now: datetime) -> int:
    """Drop what is due at `now`; returns how many blocks ended."""
    async with transaction(pool, now) as tx:
        ended = await block_proof.expire(tx, now)
    async with transaction(pool, now) as tx:
        await url_rule.expire(tx, now)
    for row in ended:
        log.info("block.expired", block=row.number, name=row.name)
    return len(ended)
