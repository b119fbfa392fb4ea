"""From the spool to the node: one batch of a source after the other, each until it is taken."""

import asyncio
from collections.abc import Awaitable, Callable
from threading import Lock
from uuid import UUID

import httpx
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zvon.collect.collector.client import Identity, WrongNode
from zvon.collect.collector.reading import Place, Reading
from zvon.collect.signed import NotTaken
from zvon.collect.spool import Record
from zvon.formats.batch import Head, seal

IDLE_S, AGAIN_MOST_S, HELD_S = 0.5, 60.0, 60.0
_NEVER = frozenset({400, 413, 422})
_CONFLICT = 409

Deliver = Callable[[bytes], Awaitable[int]]
"""Brings a batch to safety; the newest number of its spool that is safe then."""

log = structlog.get_logger("zvon.collector")


class Sender:
    """Sends what one source holds. `lock` guards the spools, which readers write meanwhile."""

    def __init__(
        self, identity: Identity, key: Ed25519PrivateKey, reading: Reading, deliver: Deliver,
        lock: Lock,
    ) -> None:  # fmt: skip
        self._identity, self._reading, self._lock = identity, reading, lock
        self._key, self._deliver = key, deliver
        self._after = 0
        self.refused = 0
        self.problem = ""

    def confirmed(self, n: int) -> None:
        """The node says that it has everything up to `n`."""
        self._after = max(self._after, n)
        with self._lock:
            self._reading.spool.taken(n)

    async def run(self) -> None:
        """Go on until cancelled; a node that is away is asked again, less and less often."""
        wait = IDLE_S
        while True:
            try:
                while await self.send_one():
                    wait = IDLE_S
                self.problem = ""
            except NotTaken as problem:
                held = problem.status == _CONFLICT
                wait = HELD_S if held else min(wait * 2, AGAIN_MOST_S)
                self._say(str(problem))
            except (httpx.HTTPError, WrongNode, OSError, msgspec.MsgspecError) as problem:
                wait = min(wait * 2, AGAIN_MOST_S)
                self._say(f"the node is away: {str(problem) or type(problem).__name__}")
            await asyncio.sleep(wait)

    async def send_one(self) -> bool:
        """Send the oldest batch; false when there is none. Raises what keeps it from going."""
        record = await asyncio.to_thread(self._next)
        if record is None:
            return False
        octets = await asyncio.to_thread(self._sealed, record)
        try:
            n = await self._deliver(octets)
        except NotTaken as problem:
            n = self._settled(record, problem)
        await asyncio.to_thread(self.confirmed, n)
        return True

    def _settled(self, record: Record, problem: NotTaken) -> int:
        """What a refusal means: nothing is to be sent again, or (raised) it is."""
        if problem.status in _NEVER:
            # It would be refused for ever, and everything behind it would wait.
            self.refused += record.count
            self._say(f"batch {record.n} ({record.count} items) is given up: {problem}")
            return record.n
        missing = [each.get("n") for each in problem.said.get("errors", [])
                   if isinstance(each, dict)]  # fmt: skip
        if problem.status == _CONFLICT and missing and isinstance(missing[0], int):
            # The node lost what it had (a copy was put back); we hold nothing before this batch.
            log.warning("the node lacks what it had taken", source=self._reading.source.name,
                        taken=missing[0], oldest=record.n)  # fmt: skip
            self._after = missing[0]
            return missing[0]
        raise problem

    def _next(self) -> Record | None:
        with self._lock:
            return self._reading.spool.next()

    def _sealed(self, record: Record) -> bytes:
        made = msgspec.json.decode(record.place, type=Place)
        source = self._reading.source
        head = Head(
            collector=self._identity.collector, node=self._identity.node,
            spool=UUID(self._reading.spool.identifier), source=source.name, kind=source.kind,
            format=made.format, zone=source.zone, n=record.n, after=min(self._after, record.n - 1),
            before=record.before, count=record.count, policy=made.policy,
        )  # fmt: skip
        return seal(head, record.body, self._key)

    def _say(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("not sent", source=self._reading.source.name, problem=problem)
        self.problem = problem[:500]
