"""Workers are killed (SIGKILL) again and again: no run is lost, and nothing is done twice."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.respond.runs import Desk, act, begin, desk_of, playbook, publish
from zvon.model.playbook import AnyStep, End, Parallel
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

RUNS, KILLS, LIMIT_S = 25, 4, 90


def chain() -> dict[str, AnyStep]:
    """Steps with an effect each, a part of them side by side."""
    done = {"category": "phishing", "reason": "x"}
    return {
        "a": act("classify", "b", **done), "b": act("classify", "p", **done),
        "p": Parallel(branches=("c", "d"), on_completion="e"),
        "c": act("classify", "c2", **done), "c2": End(),
        "d": act("classify", "d2", **done), "d2": End(),
        "e": act("classify", "f", **done), "f": act("classify", **done),
    }  # fmt: skip


def worker(dsn: str, root: Path, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.respond.run_worker", dsn, str(root), name],
        stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip


async def ended(desk: Desk) -> int:
    async with read(desk.pool, SYSTEM) as db:
        row = await (await db.execute("select count(*) from run where state = 'done'")).fetchone()
    assert row is not None
    return int(row[0])


async def test_no_run_is_lost_and_no_step_done_twice_when_workers_are_killed(
    pool: Pool, dsn: str, tmp_path: Path
) -> None:
    desk = await desk_of(pool, datetime.now(UTC), tmp_path)
    uuid = await publish(desk, playbook(chain()))
    for _ in range(RUNS):
        await begin(desk, uuid)
    chance = random.Random(7)
    workers = [worker(dsn, tmp_path, f"w{n}") for n in range(2)]
    try:
        killed = 0
        for tick in range(LIMIT_S * 10):
            await asyncio.sleep(0.1)
            if await ended(desk) == RUNS:
                break
            if killed < KILLS and tick > 10 and chance.random() < 0.2:
                n = chance.randrange(2)
                workers[n].send_signal(signal.SIGKILL)
                workers[n].wait()
                workers[n] = worker(dsn, tmp_path, f"w{n}-{killed}")
                killed += 1
    finally:
        for each in workers:
            each.kill()
            each.wait()
    assert killed > 0
    assert await ended(desk) == RUNS
    async with read(pool, SYSTEM) as db:
        effects = await (
            await db.execute(
                "select count(*), count(distinct params->>'key') from run_log where code = 'EFFECT'"
            )
        ).fetchone()
        steps = await (
            await db.execute(
                "select count(*), count(*) filter (where state = 'done') from step_run"
                " where kind = 'classify'"
            )
        ).fetchone()
    assert effects == (RUNS * 6, RUNS * 6)
    assert steps == (RUNS * 6, RUNS * 6)
