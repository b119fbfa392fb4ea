"""The job `collect.intake`: a delivery becomes records, and what nobody can read is set aside.

Each batch is one transaction with how far the delivery is read, so a crash goes on where it was
and nothing is stored twice. A delivery that breaks its reader fails alone.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from typing import Any

import msgspec
import structlog
from psycopg import DataError

from zvon.collect.intake_document import Understood, understand
from zvon.collect.read.process import SMALL, Unread, read
from zvon.collect.read.words import Asks, Batch, Began, Said, Task
from zvon.jobs import Context, enqueue_all
from zvon.model.ids import RANDOM_BYTES
from zvon.model.item import Bad
from zvon.model.mapping import Mapping
from zvon.store import delivery, delivery_reading, document, mapping, source, source_day
from zvon.store.delivery import READING, WAITING, Delivery, NoDelivery
from zvon.store.delivery_reading import Cursor, Moved, cursor_of
from zvon.store.ingest import AlreadyThere
from zvon.store.intake import Stored, store_entries, store_items
from zvon.store.observable import BadText
from zvon.store.source import NoSource, Setup
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import SYSTEM
from zvon.store.visibility import read as reading

log = structlog.get_logger("zvon.collect.intake")

AT_ONCE = 4  # deliveries that are read at the same time
ATTEMPTS = 3  # of one batch
MOST_NAMED = 20  # files of an archive whose formats are kept


async def intake(context: Context, payload: dict[str, Any]) -> None:
    """Read one delivery on; without one, have all read that wait and could be."""
    if "delivery_id" not in payload:
        await _sweep(context)
        return
    async with reading(context.pool, SYSTEM) as db:
        try:
            found = await delivery.by_id(db, int(payload["delivery_id"]))
            setup = await source.setup(db, found.source_id)
        except (NoDelivery, NoSource):
            return
        if found.state not in {WAITING, READING} or setup.paused:
            return
        known = await mapping.current(db, setup)
    if known is None and found.mapping_id is not None:
        return  # a person has to confirm first
    run = _Run(context, found, setup)
    try:
        await run.read(known)
    except Moved:
        return
    except Unread as problem:
        await run.fail(str(problem))
    except (BadText, DataError) as problem:
        # A decoder let through what the database refuses. To try again would end the same.
        log.exception("a delivery cannot be stored", delivery=str(found.uuid))
        await run.fail(f"it cannot be stored: {problem}"[:500])


async def _sweep(context: Context) -> None:
    """A delivery whose job was lost, or whose source was paused when it came, is not forgotten."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        ids = await delivery.waiting(tx.db)
        await enqueue_all(tx, "collect.intake", [{"delivery_id": each} for each in ids],
                          dedupe=[f"collect.intake {each}" for each in ids])  # fmt: skip


class _Run:
    """One reading of one delivery, from its cursor to its end."""

    def __init__(self, context: Context, found: Delivery, setup: Setup) -> None:
        self._context = context
        self._delivery = found
        self._setup = setup
        self._cursor = cursor_of(found)
        self._began: list[Began] = []

    async def read(self, known: Mapping | None) -> None:
        """Read to the end. Raises `Moved`, `Unread`."""
        task, found = await self._task(known), self._delivery
        if found.size > SMALL and found.state == WAITING:
            async with transaction(self._context.pool, self._context.clock()) as tx:
                await delivery_reading.claim(tx, found)
        async with aclosing(_ahead(read(task, found.size, self._pieces()))) as said:
            async for each, last in said:
                match each:
                    case Began():
                        self._began.append(each)
                    case Asks():
                        await self._ask(each)
                        return
                    case Batch():
                        await self._store(each, last=last)
                        if last:
                            return
        await self._store(Batch(read=self._cursor.read), last=True)

    async def _task(self, known: Mapping | None) -> Task:
        found, setup, only = self._delivery, self._setup, None
        if self._cursor.replay == "bad":
            async with transaction(self._context.pool, self._context.clock()) as tx:
                only = await delivery_reading.positions(tx, found.id)
        said = found.why.get("why") == "SAID" and not setup.format
        return Task(
            source=setup.uuid, within=found.sha256, now=self._context.clock(),
            received_at=found.received_at, name=found.name, media_type=found.media_type,
            format=found.format if said else setup.format, zone=setup.zone, region=setup.region,
            mapping=known, skip=self._cursor.read, only=only,
        )  # fmt: skip

    async def _pieces(self) -> AsyncIterator[bytes]:
        for n in range(self._delivery.chunks):
            async with reading(self._context.pool, SYSTEM) as db:
                packed = await delivery.piece(db, self._delivery.id, n)
            assert packed is not None, "a delivery shows only when it is whole"
            yield packed

    async def _store(self, batch: Batch, *, last: bool) -> None:
        """One batch, one transaction; with the last one the delivery is done."""
        context, found, setup, at = self._context, self._delivery, self._setup, self._cursor
        if not (batch.items or batch.bad or last):
            return  # only a sign of life
        documents, unread = await understand(context, setup, found, batch.documents)
        bad = [*batch.bad, *unread]
        to = msgspec.structs.replace(at, read=batch.read)
        for attempt in range(ATTEMPTS):
            try:
                await self._write(batch, documents, bad, to, last=last)
                break
            except AlreadyThere:
                # Another delivery of this source brought the same at this moment; now it shows.
                if attempt == ATTEMPTS - 1:
                    raise
        self._cursor = to

    async def _write(
        self,
        batch: Batch,
        documents: Sequence[Understood],
        bad: Sequence[Bad],
        to: Cursor,
        *,
        last: bool,
    ) -> None:
        found, setup, at, now = self._delivery, self._setup, self._cursor, self._context.clock()
        async with transaction(self._context.pool, now) as tx:
            await delivery_reading.advance(
                tx, found, at, to, items=batch.items - len(bad) + len(batch.bad)
            )
            fresh = await delivery_reading.quarantine(
                tx, found.source_id, found.id, bad, at.run, now
            )
            wrong = fresh if at.replay else len(bad)
            stored = await store_entries(tx, setup, batch.entries, now, within=found.sha256)
            more = await self._keep(tx, documents, batch.format)
            await delivery_reading.counted(
                tx, found.id, records=stored.records + more.records,
                observables=stored.observables + more.observables, bad=wrong,
            )  # fmt: skip
            if last:
                why, formats = self._why()
                await delivery_reading.done(tx, found, to, why, formats, now)
            if wrong:
                await source_day.count(tx, setup.id, now, quarantined=wrong)

    async def _keep(self, tx: Tx, documents: Sequence[Understood], format: str) -> Stored:
        if not documents:
            return Stored()
        items = [each.item for each in documents]
        stored = await store_items(
            tx, self._setup, None, items, self._context.clock(), within=self._delivery.sha256,
            format=format,
        )  # fmt: skip
        await document.put(tx, [(each.uuid, each.document) for each in documents])
        return stored

    def _why(self) -> tuple[dict[str, Any], str]:
        """How the decoder was chosen, and its name; of an archive those of its first files."""
        if not self._began:
            return self._delivery.why, self._delivery.format
        names = dict.fromkeys(each.format for each in self._began)
        first = msgspec.to_builtins(self._began[0])
        files = {each.member: each.format for each in self._began[:MOST_NAMED] if each.member}
        return {k: v for k, v in first.items() if k != "type"} | (
            {"files": files} if files else {}
        ), (", ".join(list(names)[:MOST_NAMED]))

    async def _ask(self, asks: Asks) -> None:
        context, found = self._context, self._delivery
        now = context.clock()
        async with transaction(context.pool, now) as tx:
            proposed = await mapping.propose(
                tx, found.source_id, found.name or self._setup.name, asks.mapping, now,
                context.random(RANDOM_BYTES),
            )  # fmt: skip
            await delivery_reading.asks(tx, found, proposed, self._why()[0])

    async def fail(self, problem: str) -> None:
        """Its reader was ended; what was read so far stays."""
        now = self._context.clock()
        async with transaction(self._context.pool, now) as tx:
            await delivery_reading.failed(tx, self._delivery, problem, now)
            await source_day.count(tx, self._setup.id, now, failures=1)


async def _ahead(said: AsyncGenerator[Said]) -> AsyncGenerator[tuple[Said, bool]]:
    """Each with whether it is the last one, as far as that is known; the next is read meanwhile."""
    upcoming = asyncio.ensure_future(anext(said, None))
    try:
        while (each := await upcoming) is not None:
            upcoming = asyncio.ensure_future(anext(said, None))
            await asyncio.sleep(0)
            ended = upcoming.done() and not upcoming.exception() and upcoming.result() is None
            yield each, ended
    finally:
        upcoming.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await upcoming
        await said.aclose()
