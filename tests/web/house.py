"""A node with its people, and a client that speaks to its application in this process."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from zvon.access import key as keys
from zvon.access import node as identity
from zvon.access import session
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.marking import Tlp
from zvon.store import neverblock, party, person, zone
from zvon.store.party import Party
from zvon.store.transaction import Pool, transaction
from zvon.web.app import create_app

PASSWORD = "correct horse battery"
ROLES = {
    "rita": "reporter",
    "ana": "analyst",
    "bor": "approver",
    "ada": "administrator",
    "aud": "auditor",
    "pia": "privacy_officer",
}
PROBLEM = "application/problem+json"
NOBODY = UUID("01940000-0000-7000-8000-000000000000")
"""An identifier that nothing has."""


class Clock:
    """The time of the node, which a test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


class House:
    """The application, and for everybody of `ROLES` a viewer and an API key."""

    def __init__(self, app: Litestar, context: Context, clock: Clock, client: AsyncClient) -> None:
        self.app = app
        self.context = context
        self.clock = clock
        self.client = client
        self.home: Party
        self.viewers: dict[str, Viewer] = {}
        self.ids: dict[str, UUID] = {}
        self.keys: dict[str, str] = {}

    @property
    def pool(self) -> Pool:
        return self.context.pool

    async def move_in(self) -> None:
        """Make the people, the feed and the lists."""
        now = self.clock()
        async with transaction(self.pool, now) as tx:
            await person.put_roles(tx, SHIPPED_ROLES)
            await neverblock.load(tx, now)
            await zone.ensure_feed(tx, "si", "SI")
            self.home = await party.own(tx.db)
        for login, role in ROLES.items():
            await self.newcomer(login, role)

    async def newcomer(self, login: str, role: str, ceiling: Tlp = Tlp.AMBER_STRICT) -> Viewer:
        """One more person with a key."""
        now = self.clock()
        async with transaction(self.pool, now) as tx:
            uuid = UUID(bytes=os.urandom(16), version=4)
            await person.add(
                tx, uuid=uuid, party_id=self.home.id, login=login, name=login.title(), lang="en",
                roles=[role], password_hash=hashed(), now=now, tlp_ceiling=ceiling,
            )  # fmt: skip
            made = await person.get(tx.db, uuid)
            viewer = await person.viewer(tx.db, made.id)
            assert viewer is not None
            self.keys[login] = await keys.create(
                tx, viewer, uuid, "test", now, os.urandom, now + timedelta(days=30)
            )
        self.viewers[login], self.ids[login] = viewer, uuid
        return viewer

    async def ask(
        self,
        who: str | None,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **given: Any,
    ) -> Response:
        """Send a request with the key of `who`, or with none."""
        sent = dict(headers or {})
        if who is not None:
            sent["Authorization"] = f"Bearer {self.keys[who]}"
        return await self.client.request(method, path, headers=sent, **given)

    async def get(self, who: str | None, path: str, **given: Any) -> Response:
        return await self.ask(who, "GET", path, **given)

    async def post(self, who: str | None, path: str, json: Any = None, **given: Any) -> Response:
        return await self.ask(who, "POST", path, json=json, **given)

    async def session(self, login: str) -> tuple[dict[str, str], str]:
        """Sign in with the password: the cookie header of the session, and its CSRF token."""
        async with transaction(self.pool, self.clock()) as tx:
            token, csrf = await session.sign_in(tx, login, PASSWORD, self.clock(), os.urandom)
        return {"Cookie": f"zvon_session={token}"}, csrf

    async def refusals(self) -> list[tuple[str, str, str, str]]:
        """Actor, action, object and rule of every refusal in the audit."""
        async with self.pool.connection() as db:
            return await (
                await db.execute(
                    "select actor, action, object, rule from audit where outcome = 'refused'"
                    " order by seq"
                )
            ).fetchall()

    async def count(self, table: str) -> int:
        """How many rows there are."""
        async with transaction(self.pool, self.clock()) as tx:
            row = await (await tx.db.execute(f"select count(*) from {table}".encode())).fetchone()
        assert row is not None
        return int(row[0])

    def routes(self) -> list[tuple[str, str, Any]]:
        """Method, path and permission of every route of the application."""
        return routes(self.app)


def routes(app: Litestar) -> list[tuple[str, str, Any]]:
    """Method, path and permission of every route that somebody wrote."""
    found = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if not isinstance(handler, HTTPRouteHandler) or "permission" not in handler.opt:
                continue
            found += [
                (m, route.path_format, handler.opt["permission"]) for m in handler.http_methods
            ]
    return sorted(found, key=lambda r: (r[1], r[0]))


def filled(path: str, value: object = NOBODY) -> str:
    """A path with `value` for each of its parameters."""
    return "/".join(str(value) if part.startswith("{") else part for part in path.split("/"))


@cache
def hashed() -> str:
    """What the database keeps of `PASSWORD`; made once, as it is meant to be slow."""
    return session._HASHER.hash(PASSWORD)


_BUILT: list[Litestar] = []


def application(context: Context) -> Litestar:
    """The application in a node of its own: what it knows of its node is in `state` alone.

    Its routes are made once in a process, as that takes a second and half of them are copies.
    """
    if not _BUILT:
        _BUILT.append(create_app(context))
    app = _BUILT[0]
    app.state = State({"context": context})
    return app


@asynccontextmanager
async def house(pool: Pool, now: datetime, root: Path) -> AsyncIterator[House]:
    """A node with its five people, open for requests."""
    clock = Clock(now)
    settings = Settings(root=root, name="SI-CERT", country="SI", lang="sl", resolver="127.0.0.1:9")
    async with transaction(pool, now) as tx:
        await identity.create_node(tx, settings, now, os.urandom)
    async with transaction(pool, now) as tx:
        me = await identity.node(tx.db, identity.node_key(settings.key_file, os.urandom))
    context = Context(pool, settings, me, clock, os.urandom)
    app = application(context)
    transport = ASGITransport(app=app)  # type: ignore[arg-type]
    async with AsyncClient(transport=transport, base_url="http://node.example") as client:
        made = House(app, context, clock, client)
        await made.move_in()
        yield made


__all__ = ["NOBODY", "PASSWORD", "PROBLEM", "ROLES", "Clock", "House", "filled", "house", "routes"]
