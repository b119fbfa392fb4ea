"""Feeds as views: a batch of rules published into all of them, and a new view of a full feed.

`python -m bench.feeds` prints the CPU seconds that the `dns` role spends on taking a batch of 1,000
rules into its zones, with five views beside the home feed, and how long a view over a million live
decisions takes to fill.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from bench.publish import _person, clock
from zvon.access.node import create_node
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.dns.load import Loader
from zvon.dns.registry import Registry
from zvon.dns.snapshot import Shelf
from zvon.model.scope import Scope
from zvon.model.view import View
from zvon.store import block, feed_fill, feed_view, neverblock, zone
from zvon.store.cluster import Cluster
from zvon.store.migrate import migrate
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, transaction

VIEWS = 5
GOAL_BATCH_CPU_S = 0.1


def live_blocks(dsn: str, count: int, now: datetime) -> None:
    """Live decisions with their rules in the cold zone, past the store, as its owner."""
    with psycopg.connect(dsn, autocommit=True) as db:
        for table in ("block", "zone_rule"):
            db.execute(f"alter table {table} disable trigger user".encode())
        db.execute(
            """
            insert into block (uuid, number, name, scope, feed_id, reason, legal_ground, state,
                               proposer_id, proposed_at, expires_at, published_at)
            select gen_random_uuid(), 'B-' || n, 'd' || lpad(n::text, 7, '0') || '.bulk.example',
                   'host', (select id from feed where name = 'si'), 'bulk', 'measuring',
                   'published', (select min(id) from person), %(now)s, %(end)s, %(now)s
            from generate_series(1, %(count)s) n
            """,
            {"now": now, "end": now + timedelta(days=90), "count": count},
        )
        db.execute(
            "insert into approval (block_id, proposer_id, person_id, approves, reason, at)"
            " select id, proposer_id, proposer_id + 1, true, 'measuring', %s from block"
            " where reason = 'bulk'",
            (now,),
        )
        db.execute(
            "insert into block_feed (block_id, feed_id, serial, published_at)"
            " select id, feed_id, 2, %s from block where reason = 'bulk'",
            (now,),
        )
        db.execute(
            "insert into zone_rule (zone_id, owner, rdata, block_id, serial)"
            " select z.id, b.name, '.', b.id, 2 from block b, zone z"
            " where z.name = 'cold.si.zvon' and b.reason = 'bulk'"
        )
        for table in ("block", "zone_rule"):
            db.execute(f"alter table {table} enable trigger user".encode())
        db.execute("analyze")


async def batch(
    pool: Pool, loader: Loader, size: int, people: tuple[Viewer, Viewer]
) -> dict[str, float]:
    """Publish `size` names into the home feed and the views, and take them into the zones."""
    now = clock()
    proposal = block.Proposal(
        names=tuple((f"{os.urandom(6).hex()}.example", Scope.HOST) for _ in range(size)),
        feed="si", reason="measuring", legal_ground="measuring",
        expires_at=now + timedelta(days=1),
    )  # fmt: skip
    async with transaction(pool, now) as tx:
        rows = await block.propose(tx, people[0], proposal, now, os.urandom)
    start, cpu = time.perf_counter(), time.process_time()
    async with transaction(pool, clock()) as tx:
        await block.approve(tx, people[1], [row.uuid for row in rows], "measuring", clock())
    took = time.perf_counter() - start, time.process_time() - cpu
    cpu = time.process_time()
    await loader.everything()
    return {"transaction_s": took[0], "transaction_cpu_s": took[1],
            "dns_cpu_s": time.process_time() - cpu}  # fmt: skip


async def carry_out(pool: Pool) -> list[float]:
    """Fill every view; the seconds of each batch."""
    took: list[float] = []
    while True:
        start = time.perf_counter()
        async with transaction(pool, clock()) as tx:
            done = await feed_fill.step(tx, clock())
        if done is None:
            return took
        took.append(time.perf_counter() - start)


async def fill(pool: Pool, who: Viewer) -> dict[str, float]:
    """Make a view of all decisions and fill it."""
    async with transaction(pool, clock()) as tx:
        await feed_view.create(tx, who, name="bulk", country="SI", view=View(), now=clock())
    took = await carry_out(pool)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"fill_s": sum(took), "batches": len(took), "longest_batch_s": max(took),
            "peak_mb": peak}  # fmt: skip


async def measure(rules: int, size: int, folder: Path) -> dict[str, float]:
    """Everything, on a fresh cluster in `folder`."""
    cluster = Cluster(folder / "node")
    cluster.start()
    try:
        dsn = cluster.dsn()
        migrate(dsn)
        settings = Settings(root=folder / "node")
        async with open_pool(dsn, size=4) as pool:
            now = clock()
            async with transaction(pool, now) as tx:
                await create_node(tx, settings, now, os.urandom)
            ana, bor, ada = [
                await _person(pool, now, login, role)
                for login, role in (
                    ("ana", "analyst"), ("bor", "approver"), ("ada", "administrator")
                )
            ]  # fmt: skip
            async with transaction(pool, now) as tx:
                await neverblock.load(tx, now)
                await zone.ensure_feed(tx, "si", "SI")
                brakes = {"batch": 10**6, "per_ten_minutes": 10**6, "per_day": 10**6}
                await tx.execute(
                    "insert into policy values ('block-brakes', 1, %s, %s)",
                    (json.dumps(brakes), now),
                )
                for n in range(VIEWS):
                    await feed_view.create(
                        tx, ada, name=f"view-{n}", country="SI", view=View(), now=now
                    )
            await carry_out(pool)
            loader = Loader(
                pool,
                Registry(),
                Shelf(folder / "zones"),
                key=bytes(32),
                changed=lambda _: None,
                behind=lambda *_: None,
            )
            await loader.everything()
            found = await batch(pool, loader, size, (ana, bor))
            await asyncio.to_thread(live_blocks, dsn, rules, now)
            return found | await fill(pool, ada)
    finally:
        cluster.stop()


def main() -> int:
    """Measure and print; 1 when the goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=1_000)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="zvon-bench-"))
    folder.chmod(0o755)
    try:
        found = asyncio.run(measure(given.rules, given.batch, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    met = found["dns_cpu_s"] <= GOAL_BATCH_CPU_S
    print(f"{given.batch:,} names into the home feed and {VIEWS} views: one transaction of "
          f"{found['transaction_s']:.2f} s ({found['transaction_cpu_s']:.2f} CPU s of the web role),"
          f" {found['dns_cpu_s']:.3f} CPU s of the dns role; goal "
          f"{GOAL_BATCH_CPU_S}: {'met' if met else 'MISSED'}")  # fmt: skip
    print(f"a new view of {given.rules:,} decisions: filled in {found['fill_s']:.1f} s, "
          f"{found['batches']:.0f} batches, the longest {found['longest_batch_s']:.2f} s; "
          f"peak {found['peak_mb']:.0f} MB")  # fmt: skip
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
