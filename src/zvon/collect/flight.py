"""Look-ups under way, so that forty reports of one wave ask for a name once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Flights:
    """Shares a running look-up with everybody who asks for the same thing meanwhile."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Future[Any]] = {}

    async def share(self, key: Hashable, start: Callable[[], Awaitable[T]]) -> T:
        """The result of the look-up `key`, which `start` begins when none runs.

        A caller that is cancelled does not stop it for the others; `start` bounds its own time.
        """
        running = self._running.get(key)
        if running is None or running.get_loop() is not asyncio.get_running_loop():
            running = asyncio.ensure_future(start())
            self._running[key] = running
            running.add_done_callback(lambda _: self._running.pop(key, None))
        result: T = await asyncio.shield(running)
        return result
