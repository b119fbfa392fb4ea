"""Runs of playbooks on a durable PostgreSQL: transitions a second, waiting runs, and killing.

    python -m bench.runs [--runs N] [--waiting N] [--kill SECONDS] [--only rate|waiting|kill]

`rate`: N runs of ten steps, each step a durable transition (state, next step, log and audit in one
transaction), by two worker processes. `waiting`: so many runs that wait for a person are there;
how long one more takes to be answered, and what a sweep costs. `kill`: for so many seconds a
worker or the database is killed (SIGKILL) every three seconds while runs with effects go on; none
may be lost, none may do a step twice.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from msgspec import Struct, structs

from zvon.access.node import create_node, node
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.ids import uuid7
from zvon.model.playbook import Action, AnyStep, End, Playbook, Start, encode
from zvon.respond import run_people
from zvon.respond.actions.action import Act, Doing, Done, Result
from zvon.respond.actions.catalogue import DOING
from zvon.respond.run_policy import shipped
from zvon.respond.run_start import start
from zvon.respond.run_work import Worker
from zvon.store import party, person, run_list
from zvon.store.cluster import Cluster
from zvon.store.data_key import DataKeys
from zvon.store.migrate import migrate
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, Tx, transaction
from zvon.store.visibility import SYSTEM, read

GOAL = 500
STEPS = 10
AT_ONCE = 50
EVERY_S = 3.0


class Desk(Struct):
    """A node with two people and its clock."""

    pool: Pool
    context: Context
    ana: Viewer
    bor: Viewer


@contextmanager
def cluster() -> Iterator[tuple[Cluster, Path]]:
    """A database of our own, as durable as a node's."""
    folder = Path(tempfile.mkdtemp(prefix="zvon-bench-"))
    folder.chmod(0o755)
    made = Cluster(folder / "node")
    try:
        made.start()
        migrate(made.dsn())
        yield made, folder
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


async def furnish(pool: Pool, root: Path) -> Desk:
    """Make the node and its people."""
    settings = Settings(root=root)
    async with transaction(pool, now()) as tx:
        await create_node(tx, settings, now(), os.urandom)
        identity = await node(tx.db, settings.key_file.read_bytes())
        await person.put_roles(tx, SHIPPED_ROLES)
        home = await party.own(tx.db)
        people = []
        for login, role in (("ana", "analyst"), ("bor", "approver")):
            made = await person.add(
                tx, uuid=uuid7(now(), os.urandom(10)), party_id=home.id, login=login, name=login,
                lang="en", roles=[role], password_hash=None, now=now(),
            )  # fmt: skip
            found = await person.viewer(tx.db, made)
            assert found is not None
            people.append(found)
    return Desk(pool, Context(pool, settings, identity, now, os.urandom), *people)


async def publish(desk: Desk, steps: dict[str, AnyStep]) -> UUID:
    """Put a playbook of these steps in force."""
    uuid = uuid7(now(), os.urandom(10))
    of = Playbook(id=f"playbook--{uuid}", name="bench", start="start",
                  steps={"start": Start(on_completion="s0"), "end": End(), **steps})  # fmt: skip
    body, who = encode(of), desk.ana.person_id
    async with transaction(desk.pool, now()) as tx:
        await tx.execute(
            "insert into playbook (uuid, cacao_id, name, made_by, made_at, changed_at)"
            " values (%s, %s, 'bench', %s, now(), now())",
            (uuid, of.id, who),
        )
        await tx.execute(
            "insert into playbook_version (uuid, playbook_id, number, hash, body, state, authors,"
            " made_by, made_at, changed_at) select uuid, id, 1, sha256(%s), %s, 'draft', %s, %s,"
            " now(), now() from playbook where uuid = %s",
            (body, body, [who], who, uuid),
        )
        await tx.execute("update playbook_version set state = 'validated' where uuid = %s", (uuid,))
        await tx.execute("update playbook_version set state = 'dry_run' where uuid = %s", (uuid,))
        await tx.execute(
            "update playbook_version set state = 'published', published_by = %s,"
            " published_at = now() where uuid = %s",
            (desk.bor.person_id, uuid),
        )
    return uuid


async def begin(desk: Desk, of: UUID, count: int) -> float:
    """Start so many runs; the seconds that it took."""
    began = time.perf_counter()
    for done in range(0, count, AT_ONCE):
        async with transaction(desk.pool, now()) as tx:
            for _ in range(min(AT_ONCE, count - done)):
                await start(tx, desk.ana, of, None, now=now(), random=os.urandom,
                            policy=shipped())  # fmt: skip
    return time.perf_counter() - began


def chain() -> dict[str, AnyStep]:
    """Ten steps, one after the other."""
    given = {"category": "phishing", "reason": "x"}
    return {
        f"s{n}": Action(action="classify", args=given,
                        on_completion=f"s{n + 1}" if n + 1 < STEPS else "end")
        for n in range(STEPS)
    }  # fmt: skip


async def effect(tx: Tx, act: Act) -> Result:
    """A durable effect that can be counted."""
    await tx.execute(
        "insert into run_log (run_id, at, code, step, params) values (%s, %s, 'EFFECT', %s, %s)",
        (act.run.id, act.now, act.step.step, f'{{"key": "{act.key}"}}'),
    )
    return Done()


async def work(dsn: str, root: Path, name: str) -> None:
    """A worker until it is killed."""
    settings = Settings(root=root)
    doing = {**DOING, "classify": Doing(begin=effect)}
    policy = structs.replace(shipped(), lease_s=2, attempts=100, rest_s=1, longest_rest_s=2)
    async with open_pool(dsn, size=2, keys=DataKeys(bytes(32), os.urandom)) as pool:
        identity = None
        while True:
            try:
                if identity is None:
                    async with read(pool, SYSTEM) as db:
                        identity = await node(db, settings.key_file.read_bytes())
                    worker = Worker(Context(pool, settings, identity, now, os.urandom), name,
                                    policy=policy, doing=doing)  # fmt: skip
                if not await worker.turn():
                    await worker.sweep()
                    await asyncio.sleep(0.05)
            except Exception:  # noqa: BLE001 -- the database was killed and comes back
                await asyncio.sleep(0.2)


def worker(dsn: str, root: Path, name: str) -> subprocess.Popen[bytes]:
    """A worker in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench.runs", "--work", dsn, str(root), name],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


async def ended(pool: Pool) -> int:
    """How many runs are done."""
    async with read(pool, SYSTEM) as db:
        row = await (await db.execute("select count(*) from run where state = 'done'")).fetchone()
    assert row is not None
    return int(row[0])


async def rate(dsn: str, root: Path, runs: int) -> float:
    """Transitions a second by two workers."""
    async with open_pool(dsn, size=4, keys=DataKeys(bytes(32), os.urandom)) as pool:
        desk = await furnish(pool, root)
        took = await begin(desk, await publish(desk, chain()), runs)
        workers = [worker(dsn, root, f"w{n}") for n in range(2)]
        try:
            while await ended(pool) < 1:
                await asyncio.sleep(0.05)
            began, first = time.perf_counter(), await transitions(pool)
            while await ended(pool) < runs:
                await asyncio.sleep(0.1)
            seconds = time.perf_counter() - began
        finally:
            for each in workers:
                each.kill()
                each.wait()
        count = await transitions(pool) - first
    print(f"rate     {runs:,} runs started at {runs / took:,.0f}/s; {count:,} durable transitions "
          f"in {seconds:.1f} s: {count / seconds:,.0f}/s (two workers)")  # fmt: skip
    return count / seconds


async def transitions(pool: Pool) -> int:
    """How many steps ended."""
    async with read(pool, SYSTEM) as db:
        row = await (
            await db.execute("select count(*) from step_run where ended_at is not null")
        ).fetchone()
    assert row is not None
    return int(row[0])


async def waiting(dsn: str, root: Path, count: int) -> None:
    """So many runs wait; what the others pay for that."""
    async with open_pool(dsn, size=4, keys=DataKeys(bytes(32), os.urandom)) as pool:
        desk = await furnish(pool, root)
        ask: dict[str, AnyStep] = {
            "s0": Action(action="ask", args={"question": "yes?"}, on_completion="end")
        }
        took = await begin(desk, await publish(desk, ask), count)
        one = Worker(desk.context, "w", policy=structs.replace(shipped(), batch=200))
        began = time.perf_counter()
        done = await one.drain()
        settled = time.perf_counter() - began
        began = time.perf_counter()
        await one.sweep()
        sweep = time.perf_counter() - began
        began = time.perf_counter()
        async with read(pool, desk.bor) as db:
            page = await run_list.open_runs(db, desk.bor)
        shown = time.perf_counter() - began
        began = time.perf_counter()
        first = page.runs[0]
        assert first.step_uuid is not None
        async with transaction(pool, now()) as tx:
            await run_people.answer(tx, desk.bor, first.uuid, first.step_uuid, "yes", "",
                                    now=now(), random=os.urandom, policy=shipped())  # fmt: skip
        await one.drain()
        answered = time.perf_counter() - began
        over = await ended(pool)
    print(f"waiting  {done:,} runs wait (started at {count / took:,.0f}/s, settled at "
          f"{done / settled:,.0f}/s); sweep {sweep * 1000:.0f} ms, page {shown * 1000:.0f} ms, "
          f"answer to end {answered * 1000:.0f} ms")  # fmt: skip
    if over != 1 or done != count:
        raise SystemExit("a waiting run was lost")


async def kill(made: Cluster, root: Path, runs: int, seconds: float) -> None:
    """Kill a worker or the database every few seconds while runs go on."""
    dsn, chance = made.dsn(), random.Random(11)
    async with open_pool(dsn, size=2, keys=DataKeys(bytes(32), os.urandom)) as pool:
        desk = await furnish(pool, root)
        await begin(desk, await publish(desk, chain()), runs)
    workers = [worker(dsn, root, f"w{n}") for n in range(2)]
    killed = {"worker": 0, "database": 0}
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(EVERY_S)
            if chance.random() < 0.3:
                pid = made.pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                while made.poll() is None:
                    await asyncio.sleep(0.05)
                made.restart()
                killed["database"] += 1
            else:
                n = chance.randrange(2)
                workers[n].kill()
                workers[n].wait()
                killed["worker"] += 1
                workers[n] = worker(dsn, root, f"w{n}-{killed['worker']}")
        async with open_pool(dsn, size=2, keys=DataKeys(bytes(32), os.urandom)) as pool:
            limit = time.monotonic() + 300
            while await ended(pool) < runs and time.monotonic() < limit:
                await asyncio.sleep(0.2)
    finally:
        for each in workers:
            each.kill()
            each.wait()
    async with open_pool(dsn, size=2, keys=DataKeys(bytes(32), os.urandom)) as pool:
        done = await ended(pool)
        async with read(pool, SYSTEM) as db:
            row = await (
                await db.execute(
                    "select count(*), count(distinct params->>'key') from run_log"
                    " where code = 'EFFECT'"
                )
            ).fetchone()
    assert row is not None
    print(f"kill     {seconds:.0f} s, {killed['worker']} workers and {killed['database']} databases "
          f"killed: {done:,} of {runs:,} runs done, {row[0]:,} effects, {row[0] - row[1]} twice, "
          f"{runs * STEPS - row[1]} lost")  # fmt: skip
    if done != runs or row != (runs * STEPS, runs * STEPS):
        raise SystemExit("a run was lost, or a step done twice")


def main() -> int:
    """Run the loads; 1 when the rate is below the goal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--kill", type=float, default=60.0)
    parser.add_argument("--only", choices=("rate", "waiting", "kill"))
    parser.add_argument("--work", nargs=3, metavar=("DSN", "ROOT", "NAME"))
    given = parser.parse_args()
    if given.work:
        asyncio.run(work(given.work[0], Path(given.work[1]), given.work[2]))
        return 0
    found = float(GOAL)
    if given.only in (None, "rate"):
        with cluster() as (made, folder):
            found = asyncio.run(rate(made.dsn(), folder, given.runs))
    if given.only in (None, "waiting"):
        with cluster() as (made, folder):
            asyncio.run(waiting(made.dsn(), folder, given.waiting))
    if given.only in (None, "kill"):
        with cluster() as (made, folder):
            asyncio.run(kill(made, folder, given.runs, given.kill))
    return 0 if found >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
