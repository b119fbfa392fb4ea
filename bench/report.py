"""One report to its verdict through the real jobs, beside what the machine itself can do.

Run `python -m bench.report [--reports N] [--same N] [--dsn DSN]`. A worker of a node takes
reports one after the other; a figure is the time from the first byte handed to `submit` until
the answer is stored. DNS and RDAP are the small world's, on loopback. Then the same report many
times at once: all must be answered, the bytes kept once, one campaign. The yardstick of the same
run is the rate of single commits with fsync on.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

from bench.ingest import commits, server
from zvon.assess.jobs import JOBS as ASSESS
from zvon.cli.demo.world import World
from zvon.collect.jobs import JOBS as COLLECT
from zvon.collect.submit import submit
from zvon.config import Settings
from zvon.jobs import Context, held, run_worker
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.report import Channel, Door, Lang, ReportIn
from zvon.respond.fixtures import world
from zvon.store import party, report
from zvon.store.data_key import DataKeys
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

LURE = (
    "(+44 7700 900{n:03d}) Vaša pošiljka {code} čaka v skladišču. Plačajte {cents} EUR: "
    "https://{host}.example/p?t={code}\n\nPrijavitelj: Ali je to res? 040 000 1{tail:02d}"
)
POLL_S = 0.002
GOAL_S = 30.0


def now() -> datetime:
    return datetime.now(UTC)


def lure(draw: random.Random) -> bytes:
    """A message that differs from the others in what real ones differ in."""
    code = "".join(draw.choices("ACEFHKLMNPRT2345679", k=6))
    host = f"paket-{draw.randrange(40)}.dostava-{draw.randrange(8)}"
    return LURE.format(
        n=draw.randrange(1000), code=code, cents=f"{draw.randrange(9)},{draw.randrange(10, 99)}",
        host=host, tail=draw.randrange(100),
    ).encode()  # fmt: skip


def sms(body: bytes) -> ReportIn:
    return ReportIn(body=body, media_type="text/plain; charset=utf-8", channel=Channel.SMS,
                    door=Door.API, lang=Lang.SL, received_at=now())  # fmt: skip


async def one(pool: Pool, body: bytes) -> tuple[float, float]:
    """Seconds until the receipt, and until the answer."""
    began = time.perf_counter()
    receipt = await submit(pool, sms(body), now=now(), random=os.urandom)
    taken = time.perf_counter() - began
    while True:
        async with read(pool, SYSTEM) as db:
            view = await report.by_token(db, receipt.token)
        if view.answer is not None:
            return taken, time.perf_counter() - began
        await asyncio.sleep(POLL_S)


async def crowd(pool: Pool, body: bytes, count: int) -> dict[str, object]:
    """The same bytes `count` times, as fast as they are taken."""
    gate = asyncio.Semaphore(8)

    async def hand_in() -> None:
        async with gate:
            await submit(pool, sms(body), now=now(), random=os.urandom)

    async with read(pool, SYSTEM) as db:
        before = await counted(db)
    began = time.perf_counter()
    await asyncio.gather(*(hand_in() for _ in range(count)))
    taken = time.perf_counter() - began
    while True:
        async with read(pool, SYSTEM) as db:
            after = await counted(db)
        if after["answered"] - before["answered"] >= count:
            break
        await asyncio.sleep(0.05)
    return {
        "reports": count, "taken_per_s": round(count / taken, 1),
        "answered_per_s": round(count / (time.perf_counter() - began), 1),
        **{name: after[name] - before[name] for name in ("raw_input", "campaign")},
    }  # fmt: skip


async def counted(db: Any) -> dict[str, int]:
    row = await (
        await db.execute(
            """
            select (select count(*) from report where status = 'answered'),
                   (select count(*) from raw_input), (select count(*) from campaign)
            """
        )
    ).fetchone()
    return dict(zip(("answered", "raw_input", "campaign"), row, strict=True))


@contextlib.asynccontextmanager
async def node(dsn: str) -> AsyncIterator[Pool]:
    """A node's worker in this process, on the small world."""
    async with (
        open_pool(dsn, size=16, keys=DataKeys(bytes(32), os.urandom)) as pool,
        World(world(), now) as small,
    ):
        async with transaction(pool, now()) as tx:
            await party.put(tx, uuid=uuid7(now(), os.urandom(RANDOM_BYTES)), name="bench",
                            kind="csirt", country="SI", own=True)  # fmt: skip
        settings = Settings(resolver=small.resolver, rdap_url=small.rdap_url)
        context = Context(pool, settings, cast(Any, None), now, os.urandom)
        stop = asyncio.Event()
        running = asyncio.create_task(run_worker(context, {**COLLECT, **ASSESS}, {}, stop))
        try:
            yield pool
        finally:
            async with read(pool, SYSTEM) as db:
                for job in await held(db):
                    print("held:", job)
            stop.set()
            await running


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--reports", type=int, default=200)
    arguments.add_argument("--same", type=int, default=1000)
    arguments.add_argument("--dsn", help="an owner's DSN of a server to use")
    given = arguments.parse_args()
    draw = random.Random(7)
    with server(given.dsn) as dsn:
        fsync = commits(dsn)
        print(f"machine: {fsync:,.0f} single commits/s ({1000 / fsync:.1f} ms each)")
        async with node(dsn) as pool:
            await one(pool, lure(draw))  # loads weights and word lists once
            times = [await one(pool, lure(draw)) for _ in range(given.reports)]
            verdict = [answered for _, answered in times]
            p95 = statistics.quantiles(verdict, n=20)[-1]
            result: dict[str, object] = {
                "fsync_commits_s": round(fsync), "reports": len(times),
                "receipt_p50_ms": round(statistics.median(t for t, _ in times) * 1000, 1),
                "receipt_p95_ms": round(statistics.quantiles([t for t, _ in times], n=20)[-1] * 1000, 1),
                "verdict_p50_ms": round(statistics.median(verdict) * 1000, 1),
                "verdict_p95_ms": round(p95 * 1000, 1),
                "verdict_p95_in_commits": round(p95 * fsync, 1),
            }  # fmt: skip
            print(
                f"receipt p50 {result['receipt_p50_ms']} ms, p95 {result['receipt_p95_ms']} ms · "
                f"verdict p50 {result['verdict_p50_ms']} ms, p95 {result['verdict_p95_ms']} ms "
                f"(= {result['verdict_p95_in_commits']} commits; goal {GOAL_S:.0f} s)"
            )
            if given.same:
                result["same"] = same = await crowd(pool, lure(draw), given.same)
                print(f"the same report: {same}")
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main())
