"""What tests of sources begin with: a node with its key, an administrator, sources to read."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec

from tests.store.world import new_uuid, own_party, somebody
from zvon.access.viewer import Viewer
from zvon.collect.source.pull import pull_one, reading_of
from zvon.config import Settings
from zvon.jobs import Context
from zvon.store import delivery, source, source_change
from zvon.store.delivery import Delivery
from zvon.store.source import Setup
from zvon.store.source_change import NewSource
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

KEY = b"k" * 32


class _Node(msgspec.Struct):
    key: bytes = KEY


class Desk:
    """A node at a time that the test moves, and what its sources delivered."""

    def __init__(self, pool: Pool, now: datetime, settings: Settings, ada: Viewer) -> None:
        self.pool, self.now, self.ada = pool, now, ada
        node = cast(Any, _Node())
        self.context = Context(pool, settings, node, lambda: self.now, os.urandom)

    def forward(self, by: timedelta) -> None:
        self.now += by

    async def add(self, kind: str, settings: dict[str, Any], **more: Any) -> Setup:
        """Set up a source."""
        given: dict[str, Any] = {"name": kind, "every_s": 3600, **more}
        async with transaction(self.pool, self.now) as tx:
            return await source_change.create(
                tx, self.ada, NewSource(kind=kind, settings=settings, **given), KEY, self.now,
                new_uuid(self.now).bytes[:10], os.urandom(12),
            )  # fmt: skip

    async def read(self, setup: Setup) -> Setup:
        """Run the job that reads a source; how it is afterwards."""
        await pull_one(self.context, {"id": setup.id})
        return await self.get(setup)

    async def get(self, setup: Setup) -> Setup:
        async with read(self.pool, SYSTEM) as db:
            return await source.setup(db, setup.id)

    async def reading(self, setup: Setup) -> Any:
        return await reading_of(self.context, await self.get(setup))

    async def deliveries(self, setup: Setup) -> list[Delivery]:
        """What came, oldest first."""
        async with read(self.pool, SYSTEM) as db:
            found = await delivery.list_all(db, self.ada, source_id=setup.id, limit=200)
        return found[::-1]

    async def bodies(self, setup: Setup) -> list[bytes]:
        """The bytes of all that came, oldest first."""
        return [
            b"".join([piece async for piece in delivery.body(self.pool, each.id)])
            for each in await self.deliveries(setup)
        ]


async def desk(pool: Pool, now: datetime, root: Path, hosts: str = "") -> Desk:
    """A node whose own servers are `hosts`."""
    ada = await somebody(pool, now, await own_party(pool, now), "ada", roles=["administrator"])
    return Desk(pool, now, Settings(root=root, source_hosts=hosts), ada)
