"""A running `dns` role on a fresh database, with people and an authority."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from tests.authority import authority
from tests.blocks import People, people_of
from tests.justifications import justified
from zvon.access.node import create_node, node
from zvon.cli.demo.resolvers import Running, Wanted, free_port, start_resolver
from zvon.config import Settings
from zvon.dns.kit import kit
from zvon.dns.serve import Service
from zvon.store import subscriber
from zvon.store.subscriber import Subscriber
from zvon.store.transaction import Pool, transaction


def clock() -> datetime:
    return datetime.now(UTC)


class Lab:
    """The service, and what it takes to subscribe resolvers to it."""

    def __init__(self, pool: Pool, settings: Settings, people: People, upstream: str) -> None:
        self.pool, self.settings, self.people, self.upstream = pool, settings, people, upstream
        self.service: Service
        self.key = b""
        self._task: asyncio.Task[None] | None = None
        self.resolvers: list[Running] = []
        self.secrets: dict[str, str | None] = {}

    async def start(self, *, ready: bool = True) -> None:
        self.service = Service(self.pool, self.settings, clock=clock)
        self._task = asyncio.create_task(self.service.run())
        if ready:
            async with asyncio.timeout(20):
                waiting = asyncio.create_task(self.service.ready.wait())
                await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        else:
            while not self.service.bound and not self._task.done():
                await asyncio.sleep(0.01)
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def subscribe(
        self, name: str, brand: str, wanted: Wanted | None = None, **more: object
    ) -> Subscriber:
        port = free_port()
        await justified(self.pool, self.people["ada"], self.people["bor"], clock())
        async with transaction(self.pool, clock()) as tx:
            made, secret = await subscriber.add(
                tx, self.people["ada"], name=name, brand=brand, address="127.0.0.1", feeds=("si",),
                notify_address=wanted.notify_address if wanted else f"127.0.0.1:{port}",
                relay=wanted.relay if wanted else None, now=clock(), random=os.urandom,
                key=self.key, **{
                    "probe_address": wanted.probe_address if wanted else None,
                    "mode": "enforce", **more,
                },  # type: ignore[arg-type]
            )  # fmt: skip
        self.secrets[name] = secret
        async with asyncio.timeout(5):
            while made.id not in self.service.registry.endpoints:
                await asyncio.sleep(0.01)
            while made.name not in str(list(self.service.registry.zones)):
                await asyncio.sleep(0.01)
        return made

    async def resolver(
        self, brand: str, folder: Path, *, relay: bool | None = None, **more: object
    ) -> tuple[Subscriber, Running]:
        name = f"{brand}-{len(self.resolvers)}"
        wanted = await Wanted.plan(name, brand, folder / name, self.upstream, relay=relay)
        if brand == "unbound" and not wanted.relay:
            more["known_by"] = "address"
        made = await self.subscribe(name, brand, wanted, **more)
        files = kit(made, self.settings.dns, self.secrets[name])
        running = await start_resolver(wanted, [{"path": f.path, "text": f.text} for f in files])
        self.resolvers.append(running)
        return made, running


@asynccontextmanager
async def laboratory(pool: Pool, now: datetime, folder: Path) -> AsyncIterator[Lab]:
    settings = Settings(root=folder / "node", dns=f"127.0.0.1:{free_port()}")
    settings.root.mkdir()
    async with transaction(pool, now) as tx:
        await create_node(tx, settings, now, os.urandom)
    people = await people_of(pool, now)
    async with authority() as upstream:
        lab = Lab(pool, settings, people, upstream)
        async with pool.connection() as db:
            lab.key = (await node(db, settings.key_file.read_bytes())).key
        await lab.start()
        try:
            yield lab
        finally:
            for running in lab.resolvers:
                await running.stop()
            await lab.stop()


@pytest_asyncio.fixture
async def lab(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[Lab]:
    """The service, ready."""
    async with laboratory(pool, now, tmp_path) as made:
        yield made


@pytest.fixture
def now() -> datetime:
    """Real time: resolvers have their own clock."""
    return clock()
