"""A worker that is killed in the middle of a delivery: the next one goes on, nothing is stored twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime

from tests.collect.deliveries import found, rows, send, work, world
from tests.collect.intake import context_of
from zvon.collect.intake import intake
from zvon.store.transaction import Pool

LINES = 12_000
LIMIT_S = 60.0


def body() -> bytes:
    return b"".join(
        json.dumps({
            "timestamp": "2026-11-22T08:00:00.000000+0000", "event_type": "alert",
            "src_ip": "192.0.2.7", "src_port": n, "dest_ip": f"198.51.{n // 200}.{n % 200}",
            "alert": {"signature": "ET beacon", "signature_id": 2000001, "severity": 1},
        }).encode() + b"\n"
        if (n + 1) % 5000 else b"{broken\n"
        for n in range(LINES)
    )  # fmt: skip


async def test_a_killed_worker_costs_nothing_and_doubles_nothing(
    pool: Pool, dsn: str, now: datetime
) -> None:
    node = await world(pool, now)
    uuid = await send(node, body(), name="eve.json")
    told = await found(node, uuid)
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.collect.intake_process", dsn, str(told.id),
         node.now.isoformat()],
        start_new_session=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + LIMIT_S
        while not told.cursor.get("read") and worker.poll() is None:
            assert time.monotonic() < until, "it never stored a first batch"
            await asyncio.sleep(0.005)
            told = await found(node, uuid)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    told = await found(node, uuid)
    assert 1000 < told.cursor["read"] < LINES, "it was killed too late"
    assert told.state == "reading"
    assert told.records == (await rows(node, "select count(*) from record"))[0][0]
    await work(node)
    told = await found(node, uuid)
    good = LINES - 2
    assert (told.state, told.items, told.records, told.quarantined) == ("done", good, good, 2)
    assert await rows(
        node, "select count(*), count(distinct payload->>'position') from record"
    ) == [(good, good)]  # fmt: skip
    assert await rows(node, "select count(*) from change where kind = 'alert'") == [(good,)]
    assert await rows(node, "select sum(records), sum(quarantined) from source_day") == [(good, 2)]


async def test_two_workers_with_one_delivery_store_it_once(pool: Pool, now: datetime) -> None:
    node = await world(pool, now)
    uuid = await send(node, body()[:200_000], name="eve.json")
    told = await found(node, uuid)
    context = context_of(pool, node.now)
    await asyncio.gather(*(intake(context, {"delivery_id": told.id}) for _ in range(3)))
    told = await found(node, uuid)
    assert told.state == "done"
    assert told.records == (await rows(node, "select count(*) from record"))[0][0] == told.items
