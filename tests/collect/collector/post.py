"""A collector beside a node in this process, with a line between them that can be cut."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
from httpx import ASGITransport

from tests.web.house import House
from zvon.collect.collector import client
from zvon.collect.collector.client import Node
from zvon.collect.collector.config import Config, Source
from zvon.collect.collector.program import Program
from zvon.model.collector import Enrolled
from zvon.privacy.facts import Facts
from zvon.privacy.pseudonym import Domain

URL = "http://node.example"


class Wire(httpx.AsyncBaseTransport):
    """The line to the node: it can be cut before a request arrives, or before its answer does."""

    def __init__(self, house: House) -> None:
        self._inner = ASGITransport(app=house.app)  # type: ignore[arg-type]
        self.cut = False
        self.deaf = False
        self.asked: list[tuple[str, bytes]] = []
        self.change: Callable[[httpx.Response], httpx.Response] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("the line is cut")
        body = await request.aread()
        self.asked.append((request.url.path, body))
        answer = await self._inner.handle_async_request(request)
        if self.deaf:
            raise httpx.ReadError("the answer is lost")
        octets = await answer.aread()
        made = httpx.Response(answer.status_code, headers=answer.headers, content=octets)
        return made if self.change is None else self.change(made)


def clock() -> datetime:
    return datetime.now(UTC)


async def enrolled(house: House, folder: Path, name: str = "soc-lj", policy: str = "") -> Enrolled:
    """A collector made by the administrator, enrolled in `folder`."""
    made = await house.post("ada", "/api/v1/collectors", {"name": name, "policy": policy})
    assert made.status_code == 201, made.text
    return await enrol(house, folder, made.json()["token"])


async def enrol(house: House, folder: Path, token: str) -> Enrolled:
    """Hand in a token as `zvon collector enrol` does, and keep what comes back."""
    loop = asyncio.get_running_loop()

    def ask(request: httpx.Request) -> httpx.Response:
        asking = house.client.request(
            "POST", request.url.path, content=request.content,
            headers={"content-type": "application/json"},
        )  # fmt: skip
        said = asyncio.run_coroutine_threadsafe(asking, loop).result(20)
        return httpx.Response(said.status_code, headers=said.headers, content=said.content)

    with httpx.Client(transport=httpx.MockTransport(ask)) as http:
        said, seed = await asyncio.to_thread(client.enrol, URL, token, os.urandom, http)
    client.keep(folder, URL, said, seed)
    return said


def node_of(
    house: House, folder: Path, wire: Wire | None = None,
    at: Callable[[], datetime] | None = None,
) -> Node:  # fmt: skip
    """The collector in `folder`; its clock is the node's unless `at` is given."""
    return Node.read(folder, at or house.clock, os.urandom, wire or Wire(house))


def program_of(
    node: Node, folder: Path, sources: Sequence[Source], at: Callable[[], datetime],
    facts: Facts | None = None, most_bytes: int = 64 << 20,
) -> Program:  # fmt: skip
    """The program of a collector with these sources."""
    config = Config(most_bytes=most_bytes, flush_s=0.05, source=tuple(sources))
    return Program(
        config, folder, node, clock=at, random=os.urandom, facts=lambda: facts or Facts(),
        keys=lambda group: Domain(group, "2026-11", hashlib.sha256(b"key").digest()),
    )  # fmt: skip
