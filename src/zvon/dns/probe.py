"""Proof of block: asking every subscriber's resolver until it answers as ordered.

An answer as ordered to a query for the rule's own name is proof of grade A, kept as a signed
receipt. The same is done after a lift. A name that does not exist at all would be answered the
same way; the receipt keeps the answer, so that anybody can look.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zvon.config import host_port
from zvon.dns import receipt
from zvon.dns.ask import Answer, Asker
from zvon.dns.registry import Endpoint, Registry
from zvon.model.zone import Grade, marker_name, zone_name
from zvon.store import block_proof
from zvon.store.block_proof import ReceiptRow
from zvon.store.block_row import BlockRow
from zvon.store.transaction import Pool, transaction
from zvon.store.zone import note_held

EVERY_S = 0.025
"""40 questions a second while it is fresh; slower afterwards."""
FRESH_S, SLOW_S = 10.0, 1.0
DEADLINE = timedelta(seconds=120)
LIFT_WATCH = timedelta(minutes=10)
AT_ONCE = 200

log = structlog.get_logger("zvon.dns")


class Prober:
    """One task for each block and subscriber that is not proved."""

    def __init__(
        self, pool: Pool, registry: Registry, *, signing: Ed25519PrivateKey,
        clock: Callable[[], datetime], deadline: timedelta = DEADLINE,
    ) -> None:  # fmt: skip
        self._pool = pool
        self._registry = registry
        self._signing = signing
        self._clock = clock
        self._deadline = deadline
        self._running: dict[tuple[int, int, str], asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)
        self.wake = asyncio.Event()

    async def round(self) -> None:
        """Start what is not running yet, and fail what was not proved in time."""
        now = self._clock()
        async with self._pool.connection() as db:
            rows = await block_proof.unproved(db, now - LIFT_WATCH)
            done = await block_proof.proved(db, rows)
        for row in rows:
            kind = "block" if row.lifted_at is None else "lift"
            late = []
            for endpoint in self._registry.endpoints.values():
                if endpoint.feed != row.feed or endpoint.mode != "enforce":
                    continue
                place = (row.id, endpoint.id, kind)
                if place in done:
                    continue
                if endpoint.mandatory:
                    late.append(endpoint.name)
                if endpoint.probe_address is not None and place not in self._running:
                    task = asyncio.create_task(self._prove(row, endpoint, kind))
                    self._running[place] = task
                    task.add_done_callback(partial(self._over, place))
            if kind == "block" and row.published_at is not None:
                await self._judge(row, late, now)

    def _over(self, place: tuple[int, int, str], task: asyncio.Task[None]) -> None:
        self._running.pop(place, None)
        if not task.cancelled() and task.exception() is not None:
            log.warning("probe.stopped", problem=repr(task.exception()))

    async def _judge(self, row: BlockRow, late: list[str], now: datetime) -> None:
        assert row.published_at is not None
        if not late:
            async with transaction(self._pool, now) as tx:
                await block_proof.enforce(tx, row.id, now)
        elif row.state == "published" and now - row.published_at > self._deadline:
            async with transaction(self._pool, now) as tx:
                await block_proof.fail(tx, row.id, late, now)
            log.warning("block.failed", block=row.number, subscribers=late)

    async def _prove(self, row: BlockRow, endpoint: Endpoint, kind: str) -> None:
        assert endpoint.probe_address is not None
        async with self._turn:
            asker = await Asker.to(*host_port(endpoint.probe_address))
            try:
                found = await self._until(asker, row, kind)
                if found is not None:
                    await self._keep(row, endpoint, kind, *found)
                else:
                    await self._marker(asker, endpoint)
            finally:
                asker.close()

    async def _until(
        self, asker: Asker, row: BlockRow, kind: str
    ) -> tuple[Answer, datetime] | None:
        """Ask, several questions in flight, until one answer is as ordered or it is too late."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        flying: set[asyncio.Task[tuple[Answer | None, datetime]]] = set()

        async def once() -> tuple[Answer | None, datetime]:
            answer = await asker.ask(row.name)
            return answer, self._clock()

        try:
            while loop.time() - start < self._deadline.total_seconds():
                flying.add(asyncio.create_task(once()))
                every = EVERY_S if loop.time() - start < FRESH_S else SLOW_S
                done, flying = await asyncio.wait(flying, timeout=every)
                for answer, at in (task.result() for task in done):
                    if answer is not None and _as_ordered(answer, row, kind):
                        return answer, at
                if done:
                    await asyncio.sleep(every)
        finally:
            for task in flying:
                task.cancel()
        return None

    async def _keep(
        self, row: BlockRow, endpoint: Endpoint, kind: str, answer: Answer, at: datetime
    ) -> None:
        ordered = row.published_at if kind == "block" else row.lifted_at
        assert ordered is not None
        zone = self._registry.zones.get(zone_name("hot", row.feed))
        serial = row.published_serial if kind == "block" else zone.serial if zone else None
        statement = receipt.Statement(
            block=str(row.uuid), name=row.name, kind=kind, subscriber=endpoint.name,
            serial=serial or 0, ordered_at=ordered, seen_at=at, answer=receipt.digest(answer.raw),
        )  # fmt: skip
        now = self._clock()
        async with transaction(self._pool, now) as tx:
            await block_proof.put_receipt(
                tx,
                row,
                ReceiptRow(
                    block_id=row.id, subscriber_id=endpoint.id, kind=kind, grade=Grade.PROBED,
                    zone_serial=serial or 0, approved_at=row.approved_at, published_at=ordered,
                    blocked_at=at, answer=answer.raw,
                    signature=receipt.sign(self._signing, statement),
                ),
                now,
            )  # fmt: skip
        log.info("block.proved", block=row.number, subscriber=endpoint.name, kind=kind,
                 seconds=(at - ordered).total_seconds())  # fmt: skip

    async def _marker(self, asker: Asker, endpoint: Endpoint) -> None:
        """Not as ordered: at least ask which serials it holds (grade B)."""
        for kind in ("hot", "cold"):
            await read_marker(self._pool, self._registry, asker, endpoint, kind, self._clock())


async def read_marker(
    pool: Pool, registry: Registry, asker: Asker, endpoint: Endpoint, kind: str, now: datetime
) -> int | None:
    """Ask which serial of the hot or cold zone a resolver shows, and remember it."""
    serial = await asker.serial(marker_name(kind, endpoint.feed))
    zone = registry.zones.get(zone_name(kind, endpoint.feed))
    if serial is None or zone is None:
        return None
    async with transaction(pool, now) as tx:
        await note_held(tx, endpoint.id, zone.id, now, marker=serial)
    return serial


def _as_ordered(answer: Answer, row: BlockRow, kind: str) -> bool:
    return answer.blocks(row.action) if kind == "block" else answer.resolves
