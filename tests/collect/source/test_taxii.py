"""Collections are read page by page, and from where we stopped."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.collect.site import Answer, page, site
from tests.collect.source.sources import desk
from zvon.store.transaction import Pool

TYPE = "Content-Type: application/taxii+json;version=2.1"
ROOT = "/api"
COLLECTION = "/api/collections/c1/objects/"
TIMES = [f"2026-11-22T08:00:{n:02d}.000Z" for n in range(60)]


def asked_of(head: str) -> dict[str, str]:
    target = head.split(" ")[1]
    return {key: values[0] for key, values in parse_qs(urlsplit(target).query).items()}


def server_of(count: int, answered: list[dict[str, str]]) -> Answer:
    """A collection of `count` objects, two of them added in each second."""

    async def answer(head: str, writer: asyncio.StreamWriter) -> None:
        asked = asked_of(head)
        answered.append(asked)
        after = asked.get("added_after", "")
        numbers = [n for n in range(count) if TIMES[n // 2] > after]
        start, limit = int(asked.get("next", 0)), int(asked["limit"])
        here = numbers[start : start + limit]
        said: dict[str, object] = {"more": start + limit < len(numbers)}
        if here:
            said["objects"] = [{"type": "indicator", "id": f"indicator--{n}"} for n in here]
        if said["more"]:
            said["next"] = str(start + limit)
        headers = [f"X-TAXII-Date-Added-Last: {TIMES[here[-1] // 2]}"] if here else []
        writer.write(page(json.dumps(said), TYPE, *headers))
        await writer.drain()

    return answer


async def test_pages_are_followed_by_next_and_a_later_reading_asks_for_what_is_new(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    answered: list[dict[str, str]] = []
    answers = {COLLECTION: server_of(7, answered)}
    async with site(answers) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        settings = {"url": server.url(ROOT), "collection": "c1", "limit": 3}
        source = await node.add("taxii", settings, secret="key")
        after = await node.read(source)
        bodies = await node.bodies(source)
        found = [o["id"] for body in bodies for o in json.loads(body)["objects"]]
        assert found == [f"indicator--{n}" for n in range(7)]
        assert [a.get("next") for a in answered] == [None, "3", "6"]
        assert after.cursor == {"collections": {"c1": {"added_after": TIMES[3]}}}
        answers[COLLECTION] = server_of(9, answered)
        await node.read(source)
        bodies = await node.bodies(source)
    assert answered[-1]["added_after"] == TIMES[3]
    assert [o["id"] for o in json.loads(bodies[-1])["objects"]] == ["indicator--8"]
    assert "accept: application/taxii+json;version=2.1" in server.asked[0].lower()


async def test_a_server_that_gives_one_next_twice_is_not_asked_for_ever(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    body = json.dumps({"more": True, "next": "a", "objects": [{"id": "x"}]})
    async with site({COLLECTION: page(body, TYPE)}) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        source = await node.add("taxii", {"url": server.url(ROOT), "collection": "c1"})
        after = await node.read(source)
    assert len(server.asked) == 2
    assert "twice" in after.problem


async def test_without_a_name_every_collection_that_may_be_read_is_read(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    listed = {"collections": [{"id": "c1", "title": "a", "can_read": True},
                              {"id": "c2", "title": "b", "can_read": False}]}  # fmt: skip
    answers: dict[str, Answer] = {
        "/api/collections/": page(json.dumps(listed), TYPE),
        COLLECTION: server_of(1, []),
    }
    async with site(answers) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        source = await node.add("taxii", {"url": server.url(ROOT)})
        await node.read(source)
        assert len(await node.deliveries(source)) == 1
    assert all("c2" not in path for path in server.paths())


async def test_an_answer_that_is_no_page_fails_with_a_reason(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    answers: dict[str, Answer] = {}
    bad = [
        page("not json", TYPE), page("[1]", TYPE), page("{}", TYPE, status="401 Unauthorized"),
        page('{"objects": 7}', TYPE), page("[" * 5000, TYPE),
    ]  # fmt: skip
    async with site(answers) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        source = await node.add("taxii", {"url": server.url(ROOT), "collection": "c1"})
        for failures, answer in enumerate(bad, start=1):
            answers[COLLECTION] = answer
            after = await node.read(source)
            assert (after.failures, bool(after.problem)) == (failures, True)
        assert await node.deliveries(source) == []


async def test_an_older_server_is_asked_for_ranges(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async def answer(head: str, writer: asyncio.StreamWriter) -> None:
        [line] = [each for each in head.splitlines() if each.lower().startswith("range:")]
        first, last = map(int, line.partition("items ")[2].split("-"))
        objects = [{"type": "tool", "id": f"tool--{n}"} for n in range(5)][first : last + 1]
        writer.write(page(
            json.dumps({"type": "bundle", "objects": objects}),
            f"Content-Range: items {first}-{first + len(objects) - 1}/5",
            "X-TAXII-Date-Added-Last: 2026-11-22T08:00:00Z", status="206 Partial Content",
        ))  # fmt: skip
        await writer.drain()

    async with site({COLLECTION: answer}) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        settings = {"url": server.url(ROOT), "collection": "c1", "version": "2.0", "limit": 2}
        source = await node.add("taxii", settings)
        after = await node.read(source)
        found = [o["id"] for b in await node.bodies(source) for o in json.loads(b)["objects"]]
    assert found == [f"tool--{n}" for n in range(5)]
    assert after.cursor["collections"]["c1"] == {"added_after": "2026-11-22T08:00:00Z"}
