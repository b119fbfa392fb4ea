"""The worker: takes jobs from the queue and runs their handlers until it is told to stop."""

import asyncio
import functools
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import PgqException
from pgqueuer.domain.models import Job
from psycopg.conninfo import conninfo_to_dict

from zvon.jobs.context import Context, Handler
from zvon.jobs.queue import enqueue
from zvon.store.job import beat, due, purge
from zvon.store.pool import dsn_of
from zvon.store.transaction import transaction

log = logging.getLogger(__name__)

ROLE = "worker"
# A worker that was killed says nothing for this long, then its jobs are taken over.
SILENCE = timedelta(seconds=20)
POLL = timedelta(seconds=5)  # a safety net: notifications wake the worker within milliseconds
BATCH = 30
AT_ONCE = 60  # many of them wait together for one transaction (`jobs.together`)
TICK_S = 5.0
BEAT_EVERY = timedelta(seconds=10)
LOG_KEPT = timedelta(days=7)
RECONNECT_S = (0.2, 0.5, 1.0, 2.0, 5.0)


class Retry(Struct, frozen=True):
    """How often a failing job is tried again, and how long it rests first; the rest doubles."""

    attempts: int = 5
    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=5)


async def run_worker(
    context: Context,
    handlers: Mapping[str, Handler],
    schedule: Mapping[str, timedelta],
    stop: asyncio.Event,
    *,
    retry: Retry = Retry(),  # noqa: B008 -- frozen
    silence: timedelta = SILENCE,
    limits: Mapping[str, int] | None = None,
) -> None:
    """Run jobs until `stop` is set; running ones are finished first.

    A handler that raises is tried again, then its job is held. A database that goes away is
    waited for. Jobs in `schedule` (name and interval) are enqueued by whichever worker is first.
    `limits` says how many jobs of a name run at once, in all workers together.
    """
    ticking = asyncio.create_task(_tick(context, schedule))
    failures = 0
    try:
        while not stop.is_set():
            try:
                await _serve(context, handlers, stop, retry, silence, limits or {})
                failures = 0
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, PgqException) as lost:
                rest = RECONNECT_S[min(failures, len(RECONNECT_S) - 1)]
                failures += 1
                log.warning("lost the database (%s); again in %.1f s", type(lost).__name__, rest)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), rest)
    finally:
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking


async def _serve(
    context: Context,
    handlers: Mapping[str, Handler],
    stop: asyncio.Event,
    retry: Retry,
    silence: timedelta,
    limits: Mapping[str, int],
) -> None:
    """Serve on one connection until `stop`, or until it is lost.

    The connection is asyncpg's: psycopg holds its lock for up to a second while it listens, which
    makes a job start 1–2 s late (measured).
    """
    connection = await asyncpg.connect(
        **asyncpg_arguments(dsn_of(context.pool)), server_settings={"role": "zvon_app"}
    )
    try:
        manager = QueueManager(Queries.from_asyncpg_connection(connection))
        executor = functools.partial(
            DatabaseRetryEntrypointExecutor,
            max_attempts=retry.attempts,
            initial_delay=retry.first,
            max_delay=retry.longest,
        )
        for name, handler in handlers.items():
            manager.entrypoint(
                name,
                concurrency_limit=limits.get(name, 0),
                on_failure="hold",
                executor_factory=executor,
                accepts_context=False,
            )(functools.partial(_run, context, handler))
        stopping = asyncio.create_task(_pass_on(stop, manager.shutdown))
        try:
            await manager.run(
                dequeue_timeout=POLL,
                batch_size=BATCH,
                max_concurrent_tasks=AT_ONCE,
                heartbeat_timeout=silence,
                shutdown_on_listener_failure=True,
            )
        finally:
            stopping.cancel()
    finally:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await connection.close(timeout=2)


async def _run(context: Context, handler: Handler, job: Job) -> None:
    await handler(context, msgspec.json.decode(job.payload or b"{}"))


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()


async def _tick(context: Context, schedule: Mapping[str, timedelta]) -> None:
    """Signs of life, schedules and the purge of the queue's own log."""
    beaten = None
    while True:
        now = context.clock()
        try:
            async with transaction(context.pool, now) as tx:
                if beaten is None or now - beaten >= BEAT_EVERY:
                    await beat(tx, ROLE, os.getpid(), now)
                    beaten = now
                for name in await due(tx, {**schedule, "jobs.purge": timedelta(days=1)}, now):
                    if name == "jobs.purge":
                        await purge(tx, now - LOG_KEPT)
                    else:
                        await enqueue(tx, name, {}, dedupe=f"schedule:{name}")
        except Exception:
            # The next tick tries again; the worker itself must go on.
            log.exception("schedules were not run")
        await asyncio.sleep(TICK_S)


def asyncpg_arguments(dsn: str) -> dict[str, Any]:
    """Say in asyncpg's words what a libpq `dsn` says."""
    given = conninfo_to_dict(dsn)
    words = {"host": "host", "port": "port", "user": "user", "password": "password",
             "dbname": "database", "sslmode": "ssl"}  # fmt: skip
    return {words[key]: value for key, value in given.items() if key in words and value is not None}
