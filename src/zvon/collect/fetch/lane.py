"""Turns: one request at a time to a host and twenty in all, whoever asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PER_HOST = 1
AT_ONCE = 20


class Lanes:
    """Gives requests their turn; one object serves all clients of a worker.

    Bound to the event loop that uses it first.
    """

    def __init__(self, per_host: int = PER_HOST, at_once: int = AT_ONCE) -> None:
        self._per_host = per_host
        self._all = asyncio.Semaphore(at_once)
        self._hosts: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for a turn at `host`. The host's own queue comes first, so that it holds nobody up."""
        lane, waiting = self._hosts.get(host, (asyncio.Semaphore(self._per_host), 0))
        self._hosts[host] = lane, waiting + 1
        try:
            async with lane, self._all:
                yield
        finally:
            lane, waiting = self._hosts[host]
            if waiting == 1:
                del self._hosts[host]
            else:
                self._hosts[host] = lane, waiting - 1
