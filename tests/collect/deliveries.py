"""What tests of deliveries begin with: an operator, a source, and its jobs run to the end."""

import os
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from tests.collect.intake import context_of, waiting_jobs
from tests.store.world import own_party, somebody
from zvon.access.viewer import Viewer
from zvon.collect.intake import intake
from zvon.collect.take import take
from zvon.model.ids import RANDOM_BYTES
from zvon.store import delivery, source_change
from zvon.store.delivery import Delivery
from zvon.store.source import Setup
from zvon.store.source_change import NewSource
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read


class World(Struct, frozen=True):
    """A node with one administrator and one source."""

    pool: Pool
    now: datetime
    ada: Viewer
    source: Setup


async def world(pool: Pool, now: datetime, **new: Any) -> World:
    """The world of a test; `new` changes the source."""
    ada = await somebody(pool, now, await own_party(pool, now), "ada", ("administrator", "analyst"))
    return World(pool, now, ada, await a_source(pool, now, ada, **new))


async def a_source(pool: Pool, now: datetime, ada: Viewer, **new: Any) -> Setup:
    """A source that is pushed."""
    given: dict[str, Any] = {"name": "sensor", "kind": "push"} | new
    async with transaction(pool, now) as tx:
        return await source_change.create(
            tx, ada, NewSource(**given), b"k" * 32, now, os.urandom(RANDOM_BYTES), os.urandom(12)
        )


async def send(world: World, body: bytes, source: Setup | None = None, **given: Any) -> UUID:
    """Take one delivery in."""
    to = (source or world.source).id
    return await take(context_of(world.pool, world.now), to, body, **given)


async def work(world: World, now: datetime | None = None) -> None:
    """Run every job of intake that waits, once, and forget it."""
    jobs = await waiting_jobs(world.pool)
    async with world.pool.connection() as db:
        await db.execute("delete from pgqueuer where entrypoint = 'collect.intake'")
    for name, payload in jobs:
        if name == "collect.intake":
            await intake(context_of(world.pool, now or world.now), payload)


async def found(world: World, uuid: UUID) -> Delivery:
    """The delivery as its page shows it."""
    async with read(world.pool, world.ada) as db:
        return await delivery.get(db, world.ada, uuid)


async def rows(world: World, query: Any, *params: Any) -> list[tuple[Any, ...]]:
    """What a query finds, as our own jobs see it."""
    async with read(world.pool, SYSTEM) as db:
        return list(await (await db.execute(query, params)).fetchall())
