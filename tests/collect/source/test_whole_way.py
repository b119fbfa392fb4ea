"""From a server that nobody here wrote to values that can be searched: all jobs, one by one."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.collect.site import Answer, page, site
from tests.collect.source.sources import Desk, desk
from zvon.collect import intake
from zvon.collect.source import pull
from zvon.store import source_day
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

EVENT = "5f0b2c1e-0000-4000-8000-000000000001"


async def work(node: Desk) -> None:
    """Do what is due and what follows from it."""
    await pull.tick(node.context, {})
    for name, job in (("collect.pull_one", pull.pull_one), ("collect.intake", intake.intake)):
        async with node.pool.connection() as db:
            rows = await (
                await db.execute(
                    "delete from pgqueuer where entrypoint = %s returning payload", (name,)
                )
            ).fetchall()
        for row in rows:
            await job(node.context, json.loads(bytes(row[0])))


async def values(node: Desk) -> dict[str, int]:
    """Every value that was said, and in how many records."""
    async with read(node.pool, SYSTEM) as db:
        rows = await (
            await db.execute(
                "select o.value, count(*) from observable o"
                " join occurrence c on c.observable_id = o.id where c.role = 1 group by 1"
            )
        ).fetchall()
    return dict(rows)


def event(*domains: str) -> bytes:
    attributes: list[dict[str, Any]] = [
        {"uuid": f"5f0b2c1e-0000-4000-8000-{n:012d}", "type": "domain", "to_ids": True,
         "category": "Network activity", "value": domain, "timestamp": "1700000000"}
        for n, domain in enumerate(domains, start=100)
    ]  # fmt: skip
    return page(json.dumps({"Event": {
        "uuid": EVENT, "info": "test", "date": "2026-11-20", "timestamp": "1700000000",
        "Attribute": attributes,
    }}))  # fmt: skip


async def test_a_list_and_a_feed_become_values_that_are_counted_once(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    answers: dict[str, Answer] = {
        "/list.txt": page("# list\nbad.example\nworse.example\nnot a name at all !!\n",
                          "Content-Type: text/plain"),
        "/feed/manifest.json": page(json.dumps({EVENT: {"timestamp": "1"}})),
        f"/feed/{EVENT}.json": event("bad.example", "evil.example"),
    }  # fmt: skip
    async with site(answers) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        plain = await node.add("http", {"url": server.url("/list.txt")}, name="list")
        await node.add("misp-feed", {"url": server.url("/feed")}, name="feed")
        await work(node)
        assert await values(node) == {"bad.example": 2, "worse.example": 1, "evil.example": 1}
        answers["/list.txt"] = page("# list\nbad.example\nnew.example\n")
        answers["/feed/manifest.json"] = page(json.dumps({EVENT: {"timestamp": "2"}}))
        answers[f"/feed/{EVENT}.json"] = event("bad.example", "other.example")
        node.forward(timedelta(hours=1))
        await work(node)
        found = await values(node)
    assert (found["bad.example"], found["new.example"], found["other.example"]) == (2, 1, 1)
    async with read(pool, SYSTEM) as db:
        [day] = await source_day.days(db, plain.id, now)
    assert (day.deliveries, day.fresh) == (2, 3)
