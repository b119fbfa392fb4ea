"""Make a database ready for this version: schema, identity, first administrator.

A process of its own (`python -m zvon.cli.prepare`), so that what it loads is gone afterwards.
Prints one JSON object: the node, and a one-time link for the first administrator or null.
"""

import asyncio
import os
import sys
from datetime import datetime

import msgspec

from zvon.access.node import create_node, node, node_key
from zvon.access.person import first_administrator
from zvon.cli.node import dsn_of_node, utc_now
from zvon.config import Settings
from zvon.respond.playbook_shipped import shipped
from zvon.store import data_policy, neverblock, playbook_change, popularity
from zvon.store.migrate import migrate
from zvon.store.pool import open_pool
from zvon.store.transaction import transaction
from zvon.store.zone import ensure_feed


async def prepare(settings: Settings, dsn: str, now: datetime) -> dict[str, str | None]:
    """Bring the migrated database at `dsn` to a node that somebody can sign in to; idempotent."""
    key = node_key(settings.key_file, os.urandom)
    async with open_pool(dsn, size=2) as pool:
        async with transaction(pool, now) as tx:
            await create_node(tx, settings, now, os.urandom)
            await neverblock.load(tx, now, own=settings.own_hosts)
            await popularity.expect(tx, settings.popularity)
            await ensure_feed(tx, settings.country.lower(), settings.country)
        async with transaction(pool, now) as tx:
            link = await first_administrator(tx, now, os.urandom)
            policies = data_policy.configured(settings.data_policies)
            await data_policy.ensure(tx, settings.country, policies, now)
            await playbook_change.put_shipped(tx, shipped(settings.lang), now, os.urandom)
            identity = await node(tx.db, key)
    return {"node": str(identity.uuid), "name": identity.name, "country": identity.country,
            "link": link}  # fmt: skip


def main() -> None:
    """Prepare the node of the environment."""
    settings = Settings()
    dsn = dsn_of_node(settings)
    migrate(dsn)
    told = asyncio.run(prepare(settings, dsn, utc_now()))
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")


if __name__ == "__main__":
    main()
