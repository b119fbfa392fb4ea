"""A worker's listeners and streams, running for a test, and waiting for what they take."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from tests.collect.source.sources import Desk
from zvon.collect.source.listen import run
from zvon.config import Settings
from zvon.store.source import Setup

PATIENCE_S = 20.0


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port on loopback that nobody uses."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def listening(node: Desk, **settings: Any) -> AsyncIterator[None]:
    """Listen as these settings say."""
    given = {**node.context.settings.model_dump(), **settings}
    context = msgspec.structs.replace(node.context, settings=Settings(**given))
    stop = asyncio.Event()
    task = asyncio.create_task(run(context, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def until(what: Callable[[], Awaitable[bool]], patience_s: float = PATIENCE_S) -> None:
    """Wait until `what` is so."""
    async with asyncio.timeout(patience_s):
        while not await what():
            await asyncio.sleep(0.05)


async def lines(node: Desk, source: Setup) -> list[bytes]:
    """Every line that came from a source, in order."""
    return [line for body in await node.bodies(source) for line in body.splitlines()]


async def connected(port: int, **more: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection, once somebody listens."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port, **more)
            except OSError:
                await asyncio.sleep(0.05)
