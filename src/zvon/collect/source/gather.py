"""Messages that come one by one, gathered into deliveries: every second, or at a mebibyte.

While the database is away a bounded number of bytes waits here. Whoever can make a sender wait
uses `put`; who cannot uses `offer`, and what is dropped then is counted and shown at the source.
"""

import asyncio
from contextlib import suppress

import structlog
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from zvon.collect.take import take
from zvon.jobs import Context
from zvon.store import source_reading
from zvon.store.source import Setup
from zvon.store.transaction import transaction

log = structlog.get_logger("zvon.collect.source")

PIECE = 1 << 20
EVERY_S = 1.0
MOST = 8 << 20
REST_S = (0.5, 1.0, 2.0, 5.0, 10.0)


class Gatherer:
    """Deliveries of one source; run `work` in a task, and `finish` before it ends."""

    def __init__(
        self, context: Context, source: Setup, *, name: str, most: int = MOST,
        every_s: float = EVERY_S,
    ) -> None:  # fmt: skip
        self.source = source
        self.dropped = 0
        self._told = 0
        self._context, self._name, self._most, self._every_s = context, name, most, every_s
        self._lines: list[bytes] = []
        self._size = 0
        self._taking = 0
        self._some = asyncio.Event()
        self._full = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, line: bytes) -> None:
        """Add a message, when there is room for it."""
        while self._held + len(line) > self._most and self._held:
            self._room.clear()
            await self._room.wait()
        self._add(line)

    def offer(self, line: bytes) -> bool:
        """Add a message, unless there is no room; then it is dropped and counted."""
        if self._held + len(line) > self._most and self._held:
            self.dropped += 1
            return False
        self._add(line)
        return True

    async def work(self) -> None:
        """Take what was gathered, until cancelled; the database may come and go."""
        while True:
            await self._some.wait()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._full.wait(), self._every_s)
            await self._take()

    async def finish(self, within_s: float) -> None:
        """Take what is left, for at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._lines:
                    await self._take()

    @property
    def _held(self) -> int:
        return self._size + self._taking

    def _add(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line) + 1
        self._some.set()
        if self._size >= PIECE:
            self._full.set()

    async def _take(self) -> None:
        lines, self._lines = self._lines, []
        self._taking, self._size = self._size, 0
        self._some.clear()
        self._full.clear()
        body = b"\n".join(lines) + b"\n"
        failures = 0
        try:
            while lines:
                try:
                    await self._kept(body)
                    break
                except (OperationalError, PoolTimeout, OSError) as problem:
                    if not failures:
                        log.warning("a delivery waits", source=self.source.name,
                                    problem=type(problem).__name__)  # fmt: skip
                    await asyncio.sleep(REST_S[min(failures, len(REST_S) - 1)])
                    failures += 1
                except Exception:
                    # Whatever it is, the messages behind these must not wait for it.
                    log.exception("a delivery was dropped", source=self.source.name)
                    self.dropped += len(lines)
                    break
        except asyncio.CancelledError:
            self._lines = lines + self._lines
            self._size += self._taking
            raise
        finally:
            self._taking = 0
            self._room.set()

    async def _kept(self, body: bytes) -> None:
        await take(self._context, self.source.id, body, name=self._name, format=self.source.format)
        if self.dropped != self._told:
            now, count = self._context.clock(), self.dropped
            async with transaction(self._context.pool, now) as tx:
                problem = f"{count} messages were dropped: they came faster than they could be kept"
                await source_reading.note(tx, self.source.id, problem, now)
            self._told = count
