"""The jobs `collect.pull` and `collect.pull_one`: sources are read when their time has come.

Each source is a job of its own with a limit of time, so that one that hangs, lies or fails rests
alone, and the others are read as if it were not there.
"""

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from psycopg import Error as DatabaseError

from zvon.access.seal import BadSeal
from zvon.collect.ask import Failed as NotAnswered
from zvon.collect.source.kind import BadSettings, Failed, Reading, checked
from zvon.collect.source.kinds import kind
from zvon.jobs import Context, enqueue_all
from zvon.store import source, source_reading
from zvon.store.source import NoSource, Setup
from zvon.store.source_reading import Moved
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

log = structlog.get_logger("zvon.collect.source")

LIMIT_S = 900.0
"""Longer than any honest answer of two gibibytes takes on a slow line."""
SPARE = timedelta(minutes=1)
SHOWN = 3


async def tick(context: Context, _payload: dict[str, Any]) -> None:
    """Have every source read whose time has come."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        ids = await source_reading.due(tx.db, now)
        for each in ids:
            until = now + timedelta(seconds=LIMIT_S) + SPARE
            await source_reading.begin(tx, each, now, until)
        await enqueue_all(tx, "collect.pull_one", [{"id": each} for each in ids],
                          dedupe=[f"collect.pull_one {each}" for each in ids])  # fmt: skip


async def pull_one(context: Context, payload: dict[str, Any]) -> None:
    """Read one source on. Nothing happens when it is gone, paused, or read by somebody else."""
    try:
        async with read(context.pool, SYSTEM) as db:
            found = await source.setup(db, int(payload["id"]))
    except NoSource:
        return
    if found.paused or found.collector_id is not None:
        return
    try:
        reading = await reading_of(context, found)
        more = await _bounded(reading)
    except Moved:
        return
    except (Failed, BadSettings) as problem:
        await _failed(context, found, str(problem), getattr(problem, "after", None))
    except NotAnswered as problem:
        await _failed(context, found, str(problem), None)
    except TimeoutError:
        await _failed(context, found, f"not done within {LIMIT_S:.0f} s", None)
    except DatabaseError:
        raise  # ours, not the source's: the job is tried again
    except Exception as problem:  # a kind may be a stranger's: its source rests like any other
        log.exception("a kind of source raised", source=found.name)
        await _failed(context, found, f"an error of ours: {type(problem).__name__}", None)
    else:
        await _done(context, reading, more=more)


async def reading_of(context: Context, found: Setup) -> Reading:
    """A reading of a source, its settings checked and its secret opened. Raises `BadSettings`."""
    of_kind = kind(found.kind)
    settings = checked(of_kind, found.settings)
    async with read(context.pool, SYSTEM) as db:
        try:
            secret = await source.secret(db, context.node.key, found) if found.has_secret else ""
        except BadSeal:
            raise BadSettings("the secret was sealed by another node; set it again") from None
    if of_kind.credential == "needed" and not secret:
        raise BadSettings(f"a source of the kind {of_kind.name} needs a secret")
    return Reading(context, found, settings, secret)


async def _bounded(reading: Reading) -> bool:
    of_kind = kind(reading.source.kind)
    if of_kind.read is None:
        raise BadSettings(f"a source of the kind {of_kind.name} is not fetched")
    async with asyncio.timeout(LIMIT_S):
        return await of_kind.read(reading)


async def _done(context: Context, reading: Reading, *, more: bool) -> None:
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await source_reading.done(tx, reading.source.id, now, more=more)
        if reading.skipped:
            rest = len(reading.skipped) - SHOWN
            said = "; ".join(reading.skipped[:SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
            await source_reading.note(tx, reading.source.id, said, now)


async def _failed(context: Context, found: Setup, problem: str, after: timedelta | None) -> None:
    now = context.clock()
    jitter = context.random(1)[0] / 255
    async with transaction(context.pool, now) as tx:
        again = await source_reading.failed(tx, found.id, problem, now, jitter, after=after)
    log.warning("source failed", source=found.name, problem=problem[:200],
                again=None if again is None else again.isoformat())  # fmt: skip
