"""Whole lists of a million names, conditional requests and differences.

The rules go past the store into the tables, with a block for each name. Beside each list stands
what it costs to copy a file of its size: no program writes a list faster than that.
"""

import argparse
import asyncio
import json
import logging
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from httpx import ASGITransport, AsyncClient

from zvon.access import key as keys
from zvon.access.node import create_node, node
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.dns import listing
from zvon.jobs import Context
from zvon.model.ids import uuid7
from zvon.model.scope import Scope
from zvon.store import block, export, neverblock, party, person, zone
from zvon.store.cluster import Cluster
from zvon.store.migrate import migrate
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, transaction
from zvon.web.app import create_app

FORMATS = ("txt", "csv", "json", "rpz", "hosts", "dnsmasq", "adblock", "unbound", "stix")
ASKS = 200


def clock() -> datetime:
    return datetime.now(UTC)


async def people(pool: Pool, now: datetime) -> tuple[dict[str, Viewer], str]:
    """Somebody who proposes, somebody who approves, and a key of the first."""
    made: dict[str, Viewer] = {}
    key = ""
    async with transaction(pool, now) as tx:
        await person.put_roles(tx, SHIPPED_ROLES)
        await neverblock.load(tx, now)
        await zone.ensure_feed(tx, "si", "SI")
        await tx.execute(
            "insert into policy values ('block-brakes', 1, %s, %s)",
            (json.dumps({"per_ten_minutes": 10**6, "per_day": 10**6, "batch": 10**6}), now),
        )
        own = await party.own(tx.db)
        for login, role in (("ana", "analyst"), ("bor", "approver")):
            uuid = uuid7(now, os.urandom(10))
            number = await person.add(
                tx, uuid=uuid, party_id=own.id, login=login, name=login, lang="en", roles=[role],
                password_hash=None, now=now,
            )  # fmt: skip
            viewer = await person.viewer(tx.db, number)
            assert viewer is not None
            made[login] = viewer
            if login == "ana":
                key = await keys.create(tx, viewer, uuid, "bench", now, os.urandom,
                                        now + timedelta(days=1))  # fmt: skip
    return made, key


def fill(dsn: str, names: int) -> None:
    """Blocks of names with what lies below them, in the cold zone: two rules for each."""
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("set zvon.viewer = 'system'")
        for table in ("block", "zone_rule"):
            db.execute(f"alter table {table} disable trigger user".encode())
        db.execute(
            """
            insert into block (uuid, number, name, scope, feed_id, reason, legal_ground,
                               proposer_id, proposed_at, expires_at, state, published_at)
            select gen_random_uuid(), 'B-25-' || lpad(n::text, 7, '0'),
                   'd' || lpad(n::text, 7, '0') || '.bulk.example', 'host_sub',
                   (select id from feed), 'measuring', 'measuring', (select min(id) from person),
                   now() - interval '2 days', now() + interval '14 days', 'published', now()
            from generate_series(1, %s) n
            """,
            (names,),
        )
        db.execute(
            """
            insert into zone_rule (zone_id, owner, rdata, block_id, serial)
            select z.id, x.prefix || b.name, '.', b.id, 2
            from block b, zone z, (values (''), ('*.')) x(prefix) where z.name = 'cold.si.zvon'
            """
        )
        for table in ("block", "zone_rule"):
            db.execute(f"alter table {table} enable trigger user".encode())
        db.execute("vacuum analyze zone_rule")
        db.execute("vacuum analyze block")


def resident_mb() -> float:
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def copied(path: Path) -> float:
    """Seconds that a plain copy of the file takes."""
    start = time.perf_counter()
    target = path.with_suffix(".copy")
    shutil.copyfile(path, target)
    took = time.perf_counter() - start
    target.unlink()
    return took


async def lists(context: Context) -> list[dict[str, Any]]:
    """Write each list once, and see what it took."""
    found = []
    for name in FORMATS:
        async with context.pool.connection() as db:
            state = await export.state(db, "si")
        before, start, busy = resident_mb(), time.perf_counter(), time.process_time()
        one = await listing.listed(context, state, name)
        took, cpu = time.perf_counter() - start, time.process_time() - busy
        path = one.path(listing.folder_of(context, "si"))
        found.append({
            "format": name, "s": took, "cpu_s": cpu, "mb": one.size / 1e6,
            "packed_mb": one.packed_size / 1e6, "grew_mb": max(0.0, resident_mb() - before),
            "copy_s": copied(path),
        })  # fmt: skip
    return found


async def asked(http: AsyncClient, path: str, times: int, **headers: str) -> tuple[int, float]:
    """Status and median milliseconds of a request."""
    took, status = [], 0
    for _ in range(times):
        start = time.perf_counter()
        status = (await http.get(path, headers=headers)).status_code
        took.append((time.perf_counter() - start) * 1000)
    return status, statistics.median(took)


async def measure(names: int, folder: Path) -> dict[str, Any]:
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
            made, key = await people(pool, now)
            await asyncio.to_thread(fill, dsn, names)
            async with pool.connection() as db:
                me = await node(db, settings.key_file.read_bytes())
            context = Context(pool, settings, me, clock, os.urandom)
            written = await lists(context)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            transport = ASGITransport(app=create_app(context))  # type: ignore[arg-type]
            async with AsyncClient(transport=transport, base_url="http://node.example",
                                   headers={"Authorization": f"Bearer {key}"}) as http:  # fmt: skip
                return {"names": names, "lists": written, "peak_mb": peak,
                        **await requests(http, pool, made)}  # fmt: skip
    finally:
        cluster.stop()


async def requests(http: AsyncClient, pool: Pool, made: dict[str, Viewer]) -> dict[str, Any]:
    """A poll that finds nothing new, the difference of a thousand names, and what it saves."""
    path = "/api/v1/feeds/si/export/txt"
    start, size = time.perf_counter(), 0
    async with http.stream("GET", path, headers={"Accept-Encoding": "identity"}) as answer:
        tag, since = answer.headers["etag"], answer.headers["x-zvon-change"]
        async for piece in answer.aiter_bytes():
            size += len(piece)
    served = time.perf_counter() - start
    status, poll = await asked(http, path, ASKS, **{"If-None-Match": tag})
    assert status == 304
    now = clock()
    async with transaction(pool, now) as tx:
        rows = await block.propose(
            tx, made["ana"],
            block.Proposal(
                names=tuple((f"new-{n}.example", Scope.HOST_SUB) for n in range(1000)), feed="si",
                reason="measuring", legal_ground="measuring", expires_at=now + timedelta(days=1),
            ),
            now, os.urandom,
        )  # fmt: skip
    async with transaction(pool, now) as tx:
        await block.approve(tx, made["bor"], [row.uuid for row in rows], "measuring", now)
    start = time.perf_counter()
    answer = await http.get(path, params={"since": since})
    took = (time.perf_counter() - start) * 1000
    assert answer.text.count("\n+") == 1000
    return {"poll_ms": poll, "difference_ms": took, "difference_bytes": len(answer.content),
            "whole_bytes": size, "served_s": served}  # fmt: skip


def report(result: dict[str, Any]) -> int:
    """Print the table."""
    print(f"lists of {result['names']:,} names with those below; peak of this process "
          f"{result['peak_mb']:.0f} MB")  # fmt: skip
    for one in result["lists"]:
        print(f"  {one['format']:<9} {one['s']:6.1f} s ({one['cpu_s']:.1f} CPU)  {one['mb']:7.1f} MB"
              f"  gzip {one['packed_mb']:6.1f} MB  +{one['grew_mb']:4.0f} MB memory"
              f"  copy {one['copy_s']:.2f} s = x{one['s'] / one['copy_s']:.0f}")  # fmt: skip
    print(f"  the list txt served again from its file in {result['served_s']:.2f} s")
    print(f"  poll that finds nothing new {result['poll_ms']:.1f} ms; difference of 1,000 names "
          f"{result['difference_ms']:.0f} ms, {result['difference_bytes']:,} of "
          f"{result['whole_bytes']:,} octets")  # fmt: skip
    return 0


def main() -> int:
    """Measure and print; `--json` keeps every value."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    folder = Path(tempfile.mkdtemp(prefix="zvon-bench-"))
    folder.chmod(0o755)
    try:
        result = asyncio.run(measure(given.names, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if given.json:
        given.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return report(result)


if __name__ == "__main__":
    sys.exit(main())
