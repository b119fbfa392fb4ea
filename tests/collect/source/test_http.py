"""A file at an address is fetched once, and again only when it is another one."""

import asyncio
import base64
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.collect.site import Answer, moved, page, site
from tests.collect.source.sources import Desk, desk
from zvon.store.transaction import Pool

LIST = "bad.example\nworse.example\n"


async def test_a_list_that_did_not_change_is_not_read_again(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async def answer(head: str, writer: asyncio.StreamWriter) -> None:
        same = 'if-none-match: "v1"' in head.lower()
        writer.write(page("", status="304 Not Modified") if same
                     else page(LIST, 'ETag: "v1"', "Content-Type: text/plain"))  # fmt: skip
        await writer.drain()

    async with site({"/list.txt": answer}) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        feed = await node.add("http", {"url": server.url("/list.txt")})
        first = await node.read(feed)
        again = await node.read(feed)
        [came] = await node.deliveries(feed)
        assert await node.bodies(feed) == [LIST.encode()]
    assert (came.name, came.media_type, came.again) == ("list.txt", "text/plain", 0)
    assert first.cursor["etag"] == '"v1"'
    assert (again.problem, again.read_at, again.next_at) == ("", now, now + timedelta(hours=1))
    assert len(server.asked) == 2


async def test_the_same_bytes_without_a_mark_are_one_delivery_that_came_twice(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with site({"/l": page(LIST)}) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        feed = await node.add("http", {"url": server.url("/l")})
        for _ in range(2):
            await node.read(feed)
        [came] = await node.deliveries(feed)
    assert came.again == 1


async def test_a_server_that_fails_rests_longer_each_time_and_one_that_asks_for_rest_gets_it(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    answers = {"/l": page("", status="500 Oops")}
    async with site(answers) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        feed = await node.add("http", {"url": server.url("/l")})
        first = await node.read(feed)
        second = await node.read(feed)
        answers["/l"] = page("", "Retry-After: 7200", status="429 Too Many Requests")
        asked = await node.read(feed)
        answers["/l"] = page(
            "", "Date: Sun, 22 Nov 2026 09:00:00 GMT", "Retry-After: Sun, 22 Nov 2026 12:00:00 GMT",
            status="503 Busy",
        )  # fmt: skip
        dated = await node.read(feed)
    assert first.next_at is not None
    assert second.next_at is not None
    assert asked.next_at is not None
    assert dated.next_at is not None
    assert first.next_at <= now + timedelta(minutes=1)
    assert now + timedelta(minutes=1) <= second.next_at <= now + timedelta(minutes=2)
    assert asked.next_at >= now + timedelta(hours=2)
    assert dated.next_at >= now + timedelta(hours=3)
    assert (dated.failures, "503" in dated.problem) == (4, True)


@pytest.mark.parametrize(
    ("settings", "secret", "header"),
    [
        ({"user": "zvon"}, "pass", "Basic " + base64.b64encode(b"zvon:pass").decode()),
        ({}, "token", "Bearer token"),
    ],
)
async def test_the_secret_is_shown_to_the_server_that_was_named_and_to_no_other(
    pool: Pool, now: datetime, tmp_path: Path, settings: dict[str, str], secret: str, header: str
) -> None:
    answers: dict[str, Answer] = {}
    async with site({"/there": page(LIST)}) as other, site(answers) as server:
        answers["/here"] = moved(other.url("/there"))
        hosts = f"127.0.0.1:{server.port},127.0.0.1:{other.port}"
        node = await desk(pool, now, tmp_path, hosts)
        feed = await node.add("http", {"url": server.url("/here"), **settings}, secret=secret)
        await node.read(feed)
        assert await node.bodies(feed) == [LIST.encode()]
    assert f"Authorization: {header}" in server.asked[0]
    assert "authorization" not in other.asked[0].lower()


async def test_a_server_inside_the_network_that_nobody_named_is_not_asked(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with site({"/l": page(LIST)}) as server:
        node = await desk(pool, now, tmp_path)
        feed = await node.add("http", {"url": server.url("/l")})
        after = await node.read(feed)
    assert server.asked == []
    assert after.failures == 1


async def test_an_answer_over_the_limit_or_without_a_body_leaves_no_delivery_and_a_reason(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    answers = {"/l": page(b"x" * (2 << 20))}
    async with site(answers) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        feed = await node.add("http", {"url": server.url("/l"), "most_mb": 1})
        large = await node.read(feed)
        answers["/l"] = page("")
        empty = await node.read(feed)
        assert await node.deliveries(feed) == []
    assert "more than 1048576 bytes" in large.problem
    assert "empty" in empty.problem


async def test_another_address_is_not_asked_with_the_marks_of_the_old_one(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with site({"/a": page(LIST, 'ETag: "a"'), "/b": page(LIST + "x.example\n")}) as server:
        node: Desk = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        feed = await node.add("http", {"url": server.url("/a")})
        await node.read(feed)
        async with pool.connection() as db:
            await db.execute(
                "update source_setup set settings = jsonb_set(settings, '{url}', to_jsonb(%s::text))",
                (server.url("/b"),),
            )
        await node.read(feed)
        assert len(await node.deliveries(feed)) == 2
    assert "if-none-match" not in server.asked[1].lower()
