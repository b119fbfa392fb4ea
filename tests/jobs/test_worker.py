"""Jobs: done after the commit, tried again, held, and taken over from the dead."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from zvon.config import Settings
from zvon.jobs import Context, Handler, Retry, enqueue, held, requeue, run_worker
from zvon.jobs.worker import asyncpg_arguments
from zvon.store.job import backlog, due, heartbeats
from zvon.store.transaction import Pool, transaction

QUICK = Retry(attempts=2, first=timedelta(milliseconds=20))


def context_of(pool: Pool) -> Context:
    return Context(pool, Settings(), cast(Any, None), lambda: datetime.now(UTC), os.urandom)


@asynccontextmanager
async def worker(pool: Pool, handlers: dict[str, Handler], **options: Any) -> Any:
    stop = asyncio.Event()
    schedule = options.pop("schedule", {})
    running = asyncio.create_task(
        run_worker(context_of(pool), handlers, schedule, stop, retry=QUICK, **options)
    )
    try:
        yield
    finally:
        stop.set()
        await running


async def until(done: Callable[[], Awaitable[bool]], limit_s: float = 10) -> None:
    async with asyncio.timeout(limit_s):
        while not await done():
            await asyncio.sleep(0.02)


async def test_a_job_runs_after_its_transaction_and_never_without_it(
    pool: Pool, now: datetime
) -> None:
    seen: list[dict[str, Any]] = []

    async def note(context: Context, payload: dict[str, Any]) -> None:
        seen.append(payload)

    async with worker(pool, {"t.note": note}):
        with pytest.raises(ZeroDivisionError):
            async with transaction(pool, now) as tx:
                await enqueue(tx, "t.note", {"n": "rolled back"})
                raise ZeroDivisionError
        async with transaction(pool, now) as tx:
            await enqueue(tx, "t.note", {"n": "šč"})
        await until(lambda: _true(bool(seen)))
        await asyncio.sleep(0.2)
    assert seen == [{"n": "šč"}]


async def test_a_dedupe_key_makes_one_job_of_two_and_spares_the_transaction(
    pool: Pool, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        await enqueue(tx, "t.note", {}, dedupe="one")
        await enqueue(tx, "t.note", {}, dedupe="one")
        await enqueue(tx, "t.note", {}, dedupe="two")
    async with pool.connection() as db:
        assert (await backlog(db, datetime.now(UTC))).ready == 2


async def test_a_failing_job_is_held_with_its_error_and_can_be_requeued(
    pool: Pool, now: datetime
) -> None:
    calls: list[int] = []
    broken = [True]

    async def fail(context: Context, payload: dict[str, Any]) -> None:
        calls.append(1)
        if broken:
            raise ValueError("the post office is closed")

    async def is_held() -> bool:
        async with pool.connection() as db:
            return bool(await held(db))

    async with worker(pool, {"t.fail": fail}):
        async with transaction(pool, now) as tx:
            await enqueue(tx, "t.fail", {"a": 1})
        await until(is_held)
        async with pool.connection() as db:
            (job,) = await held(db)
        assert len(calls) == 1 + QUICK.attempts
        assert (job.name, job.payload) == ("t.fail", b'{"a":1}')
        assert "the post office is closed" in job.error

        broken.clear()
        async with transaction(pool, now) as tx:
            await requeue(tx, [job.id])
        await until(lambda: _true(len(calls) == 2 + QUICK.attempts))
    assert not await is_held()


async def test_a_delayed_job_waits(pool: Pool, now: datetime) -> None:
    async with transaction(pool, now) as tx:
        await enqueue(tx, "t.late", {}, after=timedelta(hours=1))
    async with pool.connection() as db:
        assert (await backlog(db, datetime.now(UTC))).ready == 0
        assert (await backlog(db, datetime.now(UTC) + timedelta(hours=2))).ready == 1


async def test_a_schedule_is_due_once_for_all_workers(pool: Pool, now: datetime) -> None:
    schedule = {"t.often": timedelta(minutes=1), "t.daily": timedelta(days=1)}
    later = now + timedelta(minutes=1)
    asked = []
    for moment in (now, now, later, later):
        async with transaction(pool, moment) as tx:
            asked.append(sorted(await due(tx, schedule, moment)))
    assert asked == [["t.daily", "t.often"], [], ["t.often"], []]


async def test_a_worker_runs_its_schedule_and_shows_that_it_lives(pool: Pool) -> None:
    ran = asyncio.Event()

    async def tick(context: Context, payload: dict[str, Any]) -> None:
        ran.set()

    async with worker(pool, {"t.tick": tick}, schedule={"t.tick": timedelta(minutes=1)}):
        await asyncio.wait_for(ran.wait(), 10)
        async with pool.connection() as db:
            assert [(b.role, b.pid) for b in await heartbeats(db)] == [("worker", os.getpid())]


KILLED = """
import asyncio, os, sys
from datetime import UTC, datetime
from zvon.config import Settings
from zvon.jobs import Context, run_worker
from zvon.store.pool import open_pool

async def hang(context, payload):
    print("started", flush=True)
    await asyncio.sleep(600)

async def main():
    async with open_pool(sys.argv[1], size=2) as pool:
        context = Context(pool, Settings(), None, lambda: datetime.now(UTC), os.urandom)
        await run_worker(context, {"t.hang": hang}, {}, asyncio.Event())

asyncio.run(main())
"""


async def test_the_job_of_a_killed_worker_runs_again(pool: Pool, dsn: str, now: datetime) -> None:
    ran = asyncio.Event()

    async def finish(context: Context, payload: dict[str, Any]) -> None:
        ran.set()

    async with transaction(pool, now) as tx:
        await enqueue(tx, "t.hang", {})
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, dsn], stdout=subprocess.PIPE, text=True
    ) as victim:
        assert victim.stdout is not None
        assert await asyncio.to_thread(victim.stdout.readline) == "started\n"
        victim.send_signal(signal.SIGKILL)
    silence = timedelta(seconds=2)
    async with worker(pool, {"t.hang": finish}, silence=silence):
        await asyncio.wait_for(ran.wait(), 15)


def test_a_dsn_is_said_in_asyncpgs_words() -> None:
    said = asyncpg_arguments("host=/run/x port=5432 user=zvon dbname=d application_name=a")
    assert said == {"host": "/run/x", "port": "5432", "user": "zvon", "database": "d"}


async def _true(value: bool) -> bool:
    return value
