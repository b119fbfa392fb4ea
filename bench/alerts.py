"""Alerts into groups and incidents through the real store: the stream, a storm, one address on all.

    python -m bench.alerts [--alerts N] [--data FOLDER] [--dsn DSN]     (or ZVON_DATA)

Three loads, each into an empty database: `stream` (a scenario of the AIT Alert Data Set where
`incidents/ait_ads` is in FOLDER, else made up: 400 rules on 200 machines), `storm` (100,000
identical alerts in a minute), `address` (one NAT address in 10,000 groups). Given is how many
alerts a second are stored as records, how many the job counts and joins, and both together on one
connection; the sum of the groups must be what came. Commits are durable.
"""

import argparse
import asyncio
import csv
import io
import lzma
import os
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from bench.ingest import server
from zvon.assess.alerts import assess
from zvon.cli.models_text import data_folder
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.ids import uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store import alert_page, party
from zvon.store.ingest import REPORTER, SAID, RecordIn, Sighted, ingest
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BATCH = 2_000
GOAL = 1_000
_T = ObservableType


def record(home: int, at: datetime, rule: str, host: str, actor: str) -> RecordIn:
    """One alert as the intake stores it."""
    return RecordIn(
        uuid=uuid7(at, os.urandom(10)), kind="alert", created_at=at, modified_at=at, tlp=Tlp.AMBER,
        pap=Pap.AMBER, org_id=home, orgc_id=home,
        payload={"format": "aminer", "position": "line 1", "title": rule,
                 "said": {"rule": rule, "host": host, "src": actor}},
        observables=[Sighted(Observable(_T.HOSTNAME, host), REPORTER, at),
                     Sighted(Observable(_T.IPV4, actor), SAID, at)],
    )  # fmt: skip


def scenario(folder: Path, home: int) -> Iterator[RecordIn]:
    """The alerts of one scenario, in the order of their times."""
    file = min((folder / "incidents" / "ait_ads").glob("*.csv.xz"), key=lambda f: f.stat().st_size)
    with lzma.open(file) as raw:
        rows = csv.DictReader(io.TextIOWrapper(raw, "utf-8"))
        found = sorted((int(row["time"]), row["name"], row["host"], row["ip"]) for row in rows)
    for at, name, host, address in found:
        yield record(home, datetime.fromtimestamp(at, UTC), name, host, address)


def made_up(home: int, count: int) -> Iterator[RecordIn]:
    """Alerts over three days: few rules fire all the time, many seldom."""
    draw = random.Random(7)
    for n in range(count):
        at = NOW - timedelta(days=3) + n * timedelta(days=3) / count
        rule = min(int(draw.paretovariate(0.6)), 400)
        yield record(home, at, f"rule {rule}", f"host-{draw.randrange(200)}",
                     f"203.0.{draw.randrange(4)}.{draw.randrange(250)}")  # fmt: skip


def storm(home: int, count: int) -> Iterator[RecordIn]:
    """The same alert over and over within a minute."""
    for n in range(count):
        yield record(home, NOW - timedelta(minutes=1) + n * timedelta(minutes=1) / count,
                     "the same rule", "host-1", "203.0.113.9")  # fmt: skip


def one_address(home: int, count: int) -> Iterator[RecordIn]:
    """One address behind which many sit: each alert is a group of its own."""
    for n in range(count):
        yield record(home, NOW - timedelta(hours=20) + n * timedelta(hours=20) / count,
                     f"rule {n % 100}", f"host-{n}", "203.0.113.77")  # fmt: skip


async def run(dsn: str, name: str, load: str, count: int, folder: Path | None) -> float:
    """One load into one empty database; alerts per second through the whole."""
    nobody: Any = None
    async with open_pool(dsn, size=4) as pool:
        async with transaction(pool, NOW) as tx:
            home = await party.put(tx, uuid=uuid7(NOW, os.urandom(10)), name=name, kind="csirt",
                                   country="SI", own=True)  # fmt: skip
        context = Context(pool=pool, settings=Settings(), node=nobody, clock=lambda: NOW,
                          random=os.urandom)  # fmt: skip
        source = {
            "stream": lambda: scenario(folder, home.id) if folder else made_up(home.id, count),
            "storm": lambda: storm(home.id, count),
            "address": lambda: one_address(home.id, count),
        }[load]()
        stored, counted, total = 0.0, 0.0, 0
        while batch := list(islice(source, BATCH)):
            stored += await _timed(_store(pool, batch))
            counted += await _timed(assess(context, {}))
            total += len(batch)
            if total >= count:
                break
        async with read(pool, SYSTEM) as db:
            sums = await alert_page.sums(db)
            row = await (
                await db.execute(
                    "select count(*), coalesce(max(group_count), 0),"
                    " (select count(*) from alert_hub) from incident"
                )
            ).fetchone()
    assert row is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{load:<8} {total:>8,} alerts: stored {total / stored:>7,.0f}/s, counted and joined "
        f"{total / counted:>7,.0f}/s, whole {total / (stored + counted):>6,.0f}/s; "
        f"{sums.groups:,} groups, {row[0]:,} incidents (largest {row[1]:,} groups), {row[2]} hubs; "
        f"sum {'right' if sums.equal and sums.accepted == total else 'WRONG'}; {peak:,.0f} MiB"
    )
    if not sums.equal or sums.accepted != total:
        raise SystemExit("the sum of the groups is not what came")
    return total / (stored + counted)


async def _store(pool: Pool, batch: Sequence[RecordIn]) -> None:
    async with transaction(pool, NOW) as tx:
        await ingest(tx, batch, NOW)


async def _timed(work: Any) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


def main() -> int:
    """Run the loads; 1 when the stream is below the goal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--dsn")
    parser.add_argument("--only", choices=("stream", "storm", "address"))
    given = parser.parse_args()
    folder = data_folder(given.data)
    if folder is not None and not (folder / "incidents" / "ait_ads").is_dir():
        folder = None
    rates = {}
    for load, count in (("stream", given.alerts), ("storm", given.alerts),
                        ("address", min(given.alerts, 10_000))):  # fmt: skip
        if given.only in (None, load):
            with server(given.dsn) as dsn:
                rates[load] = asyncio.run(run(dsn, "bench", load, count, folder))
    return 0 if min(rates.values()) >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
