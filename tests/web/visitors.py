"""Visitors of blocked names: the landing page in this process, and names that lead to it."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from httpx import ASGITransport, AsyncClient, Response
from msgspec import structs

from tests.blocks import People, proposal
from tests.web.house import Clock
from zvon.config import Settings
from zvon.model.scope import Scope
from zvon.store import block, landing
from zvon.store.transaction import Pool, transaction
from zvon.web.landing import Landing

CONSOLE = "https://zvon.example"
TARGET = "landing.zvon.example"


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Visitors:
    """The landing page, and browsers that were led to it."""

    def __init__(self, page: Landing, seconds: Seconds, client: AsyncClient) -> None:
        self.page, self.seconds, self.client = page, seconds, client

    async def visit(
        self, host: str, path: str = "/", *, method: str = "GET", lang: str = "sl",
        headers: Mapping[str, str] | None = None, content: bytes | None = None,
    ) -> Response:  # fmt: skip
        given = {"Host": host, "Accept-Language": lang, **(headers or {})}
        return await self.client.request(method, path, headers=given, content=content)


@asynccontextmanager
async def visitors(
    pool: Pool, now: datetime, root: Path, **settings: Any
) -> AsyncIterator[Visitors]:
    """The landing page of a node whose console is at `CONSOLE`."""
    given: dict[str, Any] = {
        "root": root,
        "name": "SI-CERT",
        "lang": "en",
        "public_url": CONSOLE,
        **settings,
    }
    seconds = Seconds()
    page = Landing(pool, Settings(**given), clock=Clock(now), seconds=seconds)
    transport = ASGITransport(app=page)
    async with AsyncClient(transport=transport, base_url="http://any.example") as client:
        yield Visitors(page, seconds, client)


async def lead_here(
    pool: Pool, people: People, now: datetime, *names: str, category: str = "phishing",
    scope: Scope = Scope.HOST_SUB, days: int = 14,
) -> None:  # fmt: skip
    """Publish blocks of these names with the landing page as their answer."""
    wanted = structs.replace(
        proposal(now, *names, scope=scope),
        action="landing",
        category=category,
        expires_at=now + timedelta(days=days),
    )
    async with transaction(pool, now) as tx:
        await landing.put(tx, TARGET, now)
        rows = await block.propose(tx, people["ana"], wanted, now, os.urandom)
        await block.approve(tx, people["bor"], [row.uuid for row in rows], "seen it", now)
