"""The change log: every change once, in commit order, however many write."""

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import datetime
from uuid import UUID

import pytest
from psycopg import AsyncConnection
from psycopg.errors import DivisionByZero, UniqueViolation
from psycopg.rows import TupleRow

from tests.store.world import other_party, own_party, reported, somebody
from zvon.model.marking import Tlp
from zvon.store import change
from zvon.store.ingest import RecordIn, ingest
from zvon.store.transaction import Change, Op, Pool, pipeline, transaction
from zvon.store.visibility import SYSTEM, read

from tests.store.test_ingest import record  # isort: skip


async def test_six_writers_and_a_reader_that_misses_nothing(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    writers, turns = 6, 12
    written: list[RecordIn] = []
    seen: list[int] = []
    subjects: list[UUID] = []
    done = asyncio.Event()

    async def write(seed: int) -> None:
        for turn in range(turns):
            batch = [record(home.id, now, [f"n{(seed + i * turn) % 40}.example"])
                     for i in range(1 + (seed + turn) % 4)]  # fmt: skip
            async with transaction(pool, now) as tx:
                await ingest(tx, batch, now)
                await asyncio.sleep(0.001 * (seed % 3))
            written.extend(batch)

    async def follow() -> None:
        cursor = 0
        while True:
            last = done.is_set()
            async with read(pool, SYSTEM) as db:
                rows = await change.since(db, SYSTEM, cursor, limit=7)
            seen.extend(row.seq for row in rows)
            subjects.extend(row.subject for row in rows)
            cursor = rows[-1].seq if rows else cursor
            if last and not rows:
                return
            await asyncio.sleep(0)

    reader = asyncio.create_task(follow())
    await asyncio.gather(*(write(seed) for seed in range(writers)))
    done.set()
    await asyncio.wait_for(reader, 30)
    assert seen == list(range(1, len(written) + 1))
    assert sorted(subjects) == sorted(r.uuid for r in written)
    async with read(pool, SYSTEM) as db:
        rows = await change.since(db, SYSTEM, 0, limit=10_000)
        assert await change.head(db) == len(written)
    times = [row.at for row in rows]
    assert times == sorted(set(times))


async def test_a_viewer_follows_only_what_it_may_see(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    bank = await other_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    guest = await somebody(pool, now, bank, "guest")
    await reported(pool, now, home)
    await reported(pool, now, home, tlp=Tlp.RED)
    async with transaction(pool, now) as tx:
        tx.note(Change(kind="peer", subject=home.uuid, op=Op.EDIT, tlp=Tlp.CLEAR),
                Change(kind="block", subject=bank.uuid, op=Op.EDIT))  # fmt: skip

    async def kinds(viewer: object) -> list[tuple[str, int]]:
        async with read(pool, viewer) as db:  # type: ignore[arg-type]
            return [(row.kind, row.tlp) for row in await change.since(db, viewer, 0)]  # type: ignore[arg-type]

    everything = await kinds(SYSTEM)
    assert ("report", 4) in everything
    assert await kinds(ana) == [row for row in everything if row[1] < 4]
    assert await kinds(guest) == [("peer", 0)]


async def test_a_transaction_whose_last_statement_fails_leaves_nothing_and_harms_nobody(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    for _ in range(2):
        with pytest.raises(UniqueViolation):
            async with transaction(pool, now) as tx:
                await ingest(tx, [record(home.id, now, ["a.example"])], now)
                await tx.execute(
                    "insert into change (seq, at, subject, kind, op, tlp)"
                    " select seq + 1, now(), gen_random_uuid(), 'report', 'add', 2 from head"
                )
    async with read(pool, SYSTEM) as db:
        assert await change.head(db) == 0
        left = await (await db.execute("select count(*) from record")).fetchone()
    assert left == (0,)
    async with transaction(pool, now) as tx:
        await ingest(tx, [record(home.id, now, ["a.example"])], now)
    async with read(pool, SYSTEM) as db:
        assert await change.head(db) == 1


async def test_a_commit_sent_after_a_failure_does_not_hide_what_failed(pool: Pool) -> None:
    async def divide(
        db: AsyncConnection[TupleRow], sending: AbstractAsyncContextManager[object]
    ) -> None:
        async with AsyncExitStack() as ending:
            await ending.enter_async_context(db.transaction())
            async with sending:
                await db.execute("select 1 / 0")
                await asyncio.sleep(0.05)  # the failure is here before the commit is sent
                await ending.aclose()

    async with pool.connection() as db:
        with pytest.raises(DivisionByZero):  # of the driver's own pipeline: PipelineAborted
            await divide(db, pipeline(db))
