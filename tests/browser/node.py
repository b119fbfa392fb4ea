"""A node for browsers: the real application on a free port, over a database of its own."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from tests.share.two import free_port
from tests.store.world import somebody
from zvon.access import node as identity
from zvon.access import person as people
from zvon.access import session as sessions
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.assess.jobs import JOBS as ASSESS
from zvon.cli.demo.world import World
from zvon.collect.jobs import JOBS as COLLECT
from zvon.collect.submit import submit
from zvon.config import Settings
from zvon.jobs import Context, Handler
from zvon.model.report import Channel, Door, Lang, ReportIn
from zvon.respond.fixtures import fixture, world
from zvon.store import neverblock, party, person, zone
from zvon.store.data_key import DataKeys
from zvon.store.pool import open_pool
from zvon.store.transaction import transaction
from zvon.web.app import create_app

PEOPLE: Mapping[str, str] = {
    "ana": "analyst",
    "bor": "approver",
    "ada": "administrator",
    "avgust": "auditor",
    "pia": "privacy_officer",
}
STARTED = fixture("R01").received


class Served:
    """A node that browsers can reach at `url`, its people by login."""

    def __init__(self, context: Context, url: str, clock: "Clock") -> None:
        self.context = context
        self.url = url
        self.clock = clock
        self.people: dict[str, Viewer] = {}
        self._tokens: dict[str, str] = {}

    @property
    def now(self) -> datetime:
        return self.context.clock()

    def forward(self, to: datetime) -> None:
        """The node's clock jumps ahead and goes on from there; sessions of before may have ended."""
        self.clock.at(to)
        self._tokens.clear()

    async def token(self, login: str) -> str:
        """The session of this person, as a one-time link opened it."""
        if login not in self._tokens:
            link = await self.link(login)
            async with transaction(self.context.pool, self.now) as tx:
                token, _ = await sessions.by_link(tx, link, self.now, os.urandom)
            self._tokens[login] = token
        return self._tokens[login]

    async def link(self, login: str) -> str:
        """The token of a one-time link."""
        async with transaction(self.context.pool, self.now) as tx:
            (uuid,) = [p.uuid for p in await person.list_all(tx.db) if p.login == login]
            return await people.login_link(tx, uuid, self.now, os.urandom)

    async def report(self, text: bytes, *, channel: Channel = Channel.SMS) -> str:
        """Hand a message in, and do the jobs that follow; gives the receipt's token."""
        receipt = await submit(
            self.context.pool,
            ReportIn(body=text, media_type="text/plain; charset=utf-8", channel=channel,
                     door=Door.FORM, lang=Lang.SL, received_at=self.now),
            now=self.now, random=os.urandom,
        )  # fmt: skip
        await self.work()
        return receipt.token

    async def work(self, more: Mapping[str, Handler] | None = None) -> None:
        """Do what waits in the queue and is ours to do (or `more` can), oldest first."""
        jobs = {**COLLECT, **ASSESS, **(more or {})}
        while True:
            async with self.context.pool.connection() as db:
                row = await (
                    await db.execute(
                        "delete from pgqueuer where id = (select min(id) from pgqueuer"
                        " where entrypoint = any(%s)) returning entrypoint, payload",
                        (list(jobs),),
                    )
                ).fetchone()
            if row is None:
                return
            await jobs[row[0]](self.context, msgspec.json.decode(row[1]))

    async def column(self, query: str, *params: Any) -> list[Any]:
        """The first column of what a query finds, with all rights."""
        async with transaction(self.context.pool, self.now, viewer="system") as tx:
            return [row[0] for row in await (await tx.db.execute(query, params)).fetchall()]


class Clock:
    """A clock that goes, and that a story moves ahead."""

    def __init__(self, begins: datetime) -> None:
        self.at(begins)

    def at(self, now: datetime) -> None:
        """It is this time now."""
        self._then, self._since = now, time.monotonic()

    def __call__(self) -> datetime:
        return self._then + timedelta(seconds=time.monotonic() - self._since)


@asynccontextmanager
async def serving(dsn: str, folder: Path, begins: datetime = STARTED) -> AsyncIterator[Served]:
    """A Slovenian node with its people and an empty queue; its clock begins with R01."""
    clock = Clock(begins)
    port = free_port()
    key = identity.node_key(Settings(root=folder).key_file, os.urandom)
    keys = DataKeys(key, os.urandom)
    async with World(world(), clock) as small, open_pool(dsn, size=6, keys=keys) as pool:
        settings = Settings(root=folder, name="si", country="SI", lang="sl",
                            resolver=small.resolver, rdap_url=small.rdap_url,
                            render=False, contact="prijave@si.example")  # fmt: skip
        async with transaction(pool, clock()) as tx:
            await person.put_roles(tx, SHIPPED_ROLES)
            await identity.create_node(tx, settings, clock(), os.urandom)
            await neverblock.load(tx, clock())
            await zone.ensure_feed(tx, "si", "SI")
        async with transaction(pool, clock()) as tx:
            me, home = await identity.node(tx.db, key), await party.own(tx.db)
        context = Context(pool, settings, me, clock, os.urandom)
        served = Served(context, f"http://127.0.0.1:{port}", clock)
        for login, role in PEOPLE.items():
            served.people[login] = await somebody(pool, clock(), home, login, [role])
        async with _listening(served.context, port):
            yield served


@asynccontextmanager
async def _listening(context: Context, port: int) -> AsyncIterator[None]:
    server = Server(
        create_app(context), address="127.0.0.1", port=port, interface=Interfaces.ASGI,
        http=HTTPModes.http1, log_enabled=False, websockets=False,
    )  # fmt: skip
    task = asyncio.create_task(server.serve())
    try:
        await _up(port)
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait_for(task, 10)


async def _up(port: int) -> None:
    for _ in range(500):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the console did not come up")
