"""Ingest of observables through the real `store.ingest`, beside what the machine itself can do.

Run `python -m bench.ingest [--observables N] [--dsn DSN]`. Records, values, occurrences and
change rows are written and committed with fsync on, 10,000 values a transaction, once with 10,000
values a record and once with one value a record. The yardsticks of the same run: COPY and upsert
of one bare table in batches of 10,000, and single commits (the fsync rate).
"""

import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from zvon.model.ids import uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store import party
from zvon.store.cluster import Cluster
from zvon.store.ingest import SAID, RecordIn, Sighted, ingest
from zvon.store.migrate import migrate
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, transaction

BATCH = 10_000
KNOWN = 0.2
GOALS = {10_000: 45_000, 1: 8_000}
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@contextmanager
def server(dsn: str | None) -> Iterator[str]:
    """An empty migrated database: on the server given, else on one of our own."""
    if dsn is not None:
        name = f"bench_{os.getpid()}"
        with psycopg.connect(dsn, autocommit=True) as db:
            db.execute(f"create database {name}".encode())
        try:
            made = psycopg.conninfo.make_conninfo(dsn, dbname=name)
            migrate(made)
            yield made
        finally:
            with psycopg.connect(dsn, autocommit=True) as db:
                db.execute(f"drop database {name} with (force)".encode())
        return
    folder = Path(tempfile.mkdtemp(prefix="zvon-bench-"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "node")
    try:
        cluster.start()
        migrate(cluster.dsn())
        yield cluster.dsn()
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def values(count: int, seed: int) -> list[str]:
    """Names of which one in five was there before, in random order."""
    draw = random.Random(seed)
    fresh = int(count * (1 - KNOWN))
    names = [f"{draw.getrandbits(40):010x}.paketi-{seed}.example" for _ in range(fresh)]
    names += draw.choices(names, k=count - fresh)
    draw.shuffle(names)
    return names


def records(names: list[str], each: int, home: int) -> Iterator[list[RecordIn]]:
    """Batches of records with `each` values, `BATCH` values a batch."""
    for start in range(0, len(names), BATCH):
        yield [
            RecordIn(
                uuid=uuid7(NOW, os.urandom(10)),
                kind="event",
                created_at=NOW,
                modified_at=NOW,
                tlp=Tlp.AMBER,
                pap=Pap.GREEN,
                payload={"info": "bench", "n": at},
                org_id=home,
                orgc_id=home,
                observables=[
                    Sighted(Observable(ObservableType.DOMAIN, name), SAID, NOW)
                    for name in names[at : at + each]
                ],
            )
            for at in range(start, min(start + BATCH, len(names)), each)
        ]


async def real(pool: Pool, count: int, each: int, home: int) -> tuple[float, float]:
    """Values a second in all, and for the last tenth, when the tables are largest."""
    names = values(count, each)
    spent: list[tuple[int, float]] = []
    for batch in records(names, each, home):
        began = time.perf_counter()
        async with transaction(pool, NOW) as tx:
            await ingest(tx, batch, NOW)
        spent.append((sum(len(r.observables) for r in batch), time.perf_counter() - began))
    last = spent[-max(1, len(spent) // 10) :]
    return rate(spent), rate(last)


def rate(spent: list[tuple[int, float]]) -> float:
    return sum(n for n, _ in spent) / sum(s for _, s in spent)


def bare(dsn: str, count: int) -> float:
    """COPY and upsert of one table with a unique value, rows a second."""
    names = values(count, 0)
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("create table bare (id bigint generated always as identity, kind smallint,"
                   " value text, unique (kind, value))")  # fmt: skip
        db.execute("create temporary table bare_stage (kind smallint, value text)")
        began = time.perf_counter()
        for start in range(0, count, BATCH):
            with db.transaction():
                db.execute("truncate bare_stage")
                with db.cursor().copy("copy bare_stage from stdin (format binary)") as copy:
                    copy.set_types(["int2", "text"])
                    for name in names[start : start + BATCH]:
                        copy.write_row((2, name))
                db.execute("insert into bare (kind, value) select kind, value from bare_stage"
                           " group by kind, value order by kind, value"
                           " on conflict (kind, value) do update set kind = excluded.kind")  # fmt: skip
        return count / (time.perf_counter() - began)


def commits(dsn: str, seconds: float = 2.0) -> float:
    """Single-row commits a second: what the disk's fsync allows."""
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("create table single (n bigint)")
        began, n = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            db.execute("insert into single values (1)")
            n += 1
        return n / (time.perf_counter() - began)


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--observables", type=int, default=1_000_000)
    arguments.add_argument("--singles", type=int, default=1_000_000)
    arguments.add_argument("--dsn", help="an owner's DSN of a server to use")
    given = arguments.parse_args()
    with server(given.dsn) as dsn:
        fsync = commits(dsn)
        limit = bare(dsn, min(given.observables, 500_000))
        result: dict[str, object] = {"fsync_commits_s": round(fsync), "bare_upsert_s": round(limit)}
        print(
            f"machine: {fsync:,.0f} single commits/s, {limit:,.0f} rows/s COPY + upsert of one bare table"
        )
        async with open_pool(dsn, size=2) as pool:
            async with transaction(pool, NOW) as tx:
                home = await party.put(tx, uuid=uuid7(NOW, os.urandom(10)), name="bench",
                                       kind="csirt", country="SI", own=True)  # fmt: skip
            for each, count in ((BATCH, given.observables), (1, given.singles)):
                whole, end = await real(pool, count, each, home.id)
                result[f"per_record_{each}"] = {
                    "observables": count, "per_s": round(whole), "last_tenth_per_s": round(end),
                    "goal": GOALS[each], "of_bare": round(whole / limit, 3),
                }  # fmt: skip
                print(f"{each:>6} values a record: {whole:,.0f}/s over {count:,} (last tenth {end:,.0f}/s)"
                      f" · goal {GOALS[each]:,} · {whole / limit:.0%} of the bare table")  # fmt: skip
    result["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main())
