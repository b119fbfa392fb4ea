"""Events of a MISP feed: the new and the changed ones, each once; one that is gone stops nobody."""

import json
from datetime import datetime
from pathlib import Path

from tests.collect.site import Answer, page, site
from tests.collect.source.sources import desk
from zvon.store.transaction import Pool

UUIDS = [f"5f0b2c1e-0000-4000-8000-00000000000{n}" for n in range(4)]


def manifest(**times: int) -> bytes:
    return page(json.dumps({UUIDS[int(k[1:])]: {"timestamp": str(t), "info": k}
                            for k, t in times.items()}))  # fmt: skip


def event(number: int, time: int) -> bytes:
    return page(json.dumps({"Event": {"uuid": UUIDS[number], "timestamp": str(time)}}))


async def test_new_and_changed_events_come_oldest_first_and_one_that_is_gone_stops_no_other(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    answers: dict[str, Answer] = {
        "/feed/manifest.json": manifest(e0=300, e1=100, e2=200),
        f"/feed/{UUIDS[0]}.json": event(0, 300),
        f"/feed/{UUIDS[1]}.json": event(1, 100),
    }
    async with site(answers) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        source = await node.add("misp-feed", {"url": server.url("/feed/")})
        first = await node.read(source)
        names = [d.name for d in await node.deliveries(source)]
        assert names == [f"{UUIDS[1]}.json", f"{UUIDS[0]}.json"]
        assert UUIDS[2] in first.problem
        assert first.failures == 0
        answers["/feed/manifest.json"] = manifest(e0=300, e1=400)
        answers[f"/feed/{UUIDS[1]}.json"] = event(1, 400)
        server.asked.clear()
        await node.read(source)
        assert server.paths() == ["/feed/manifest.json", f"/feed/{UUIDS[1]}.json"]
        assert len(await node.deliveries(source)) == 3


async def test_a_manifest_with_strange_entries_gives_the_others(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    said = {"../../etc/passwd": {"timestamp": "1"}, UUIDS[0]: {"timestamp": "x"}, UUIDS[1]: 7,
            UUIDS[2]: {"timestamp": 5}}  # fmt: skip
    answers: dict[str, Answer] = {
        "/manifest.json": page(json.dumps(said)), f"/{UUIDS[2]}.json": event(2, 5),
    }  # fmt: skip
    async with site(answers) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        source = await node.add("misp-feed", {"url": server.url("/")})
        await node.read(source)
        assert server.paths() == ["/manifest.json", f"/{UUIDS[2]}.json"]


async def test_what_is_no_manifest_fails(pool: Pool, now: datetime, tmp_path: Path) -> None:
    async with site({"/manifest.json": page("<html>")}) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        source = await node.add("misp-feed", {"url": server.url("/")})
        assert "manifest" in (await node.read(source)).problem
