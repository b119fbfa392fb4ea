"""A source that is wrong rests alone; the others are read as if it were not there."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.collect.site import page, site
from tests.collect.source.sources import Desk, desk
from zvon.collect.source import pull
from zvon.collect.source.http import HTTP
from zvon.collect.source.kind import Reading
from zvon.collect.source.kinds import kinds
from zvon.store import source_change, source_reading
from zvon.store.transaction import Pool, transaction


async def waiting(node: Desk, name: str = "collect.pull_one") -> int:
    async with node.pool.connection() as db:
        row = await (
            await db.execute("select count(*) from pgqueuer where entrypoint = %s", (name,))
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_each_due_source_is_a_job_of_its_own_and_none_is_asked_for_twice(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    node = await desk(pool, now, tmp_path)
    for n in range(3):
        await node.add("http", {"url": "https://a.example/l"}, name=f"s{n}")
    await node.add("webhook", {}, name="hook", secret="x", every_s=None)
    await pull.tick(node.context, {})
    assert await waiting(node) == 3
    await pull.tick(node.context, {})
    assert await waiting(node) == 3


async def test_a_source_that_hangs_is_given_up_and_the_others_are_read_meanwhile(
    pool: Pool, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "LIMIT_S", 1.0)
    hangs = asyncio.Event()

    async def never(_head: str, _writer: asyncio.StreamWriter) -> None:
        await hangs.wait()

    async with site({"/bad": never, "/good": page("bad.example\n")}) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        bad = await node.add("http", {"url": server.url("/bad")}, name="bad")
        good = await node.add("http", {"url": server.url("/good")}, name="good")
        reading = asyncio.create_task(node.read(bad))
        after = await node.read(good)
        assert not reading.done()
        assert (after.problem, len(await node.deliveries(good))) == ("", 1)
        failed = await reading
        hangs.set()
    assert "not done within" in failed.problem
    assert (failed.failures, await node.deliveries(bad)) == (1, [])


async def test_a_source_whose_kind_or_settings_are_gone_says_so(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    node = await desk(pool, now, tmp_path)
    unknown = await node.add("carrier-pigeon", {}, name="pigeon")
    assert "expected one of" in (await node.read(unknown)).problem
    broken = await node.add("http", {"url": "ftp://a.example"}, name="ftp")
    assert "http" in (await node.read(broken)).problem


async def test_a_kind_that_raises_something_else_rests_like_any_other_source(
    pool: Pool, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wrong(_reading: Reading) -> bool:
        raise ZeroDivisionError

    strange = msgspec.structs.replace(HTTP, name="strange", read=wrong)
    monkeypatch.setitem(kinds(), "strange", strange)
    node = await desk(pool, now, tmp_path)
    made = await node.add("strange", {"url": "https://a.example/l"})
    after = await node.read(made)
    assert (after.failures, after.problem) == (1, "an error of ours: ZeroDivisionError")


async def test_a_paused_a_removed_and_an_unknown_source_are_not_read(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with site({"/l": page("a.example\n")}) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        made = await node.add("http", {"url": server.url("/l")})
        async with transaction(pool, now) as tx:
            await source_change.pause(tx, node.ada, made.uuid)
        await node.read(made)
        async with transaction(pool, now) as tx:
            await source_change.remove(tx, node.ada, made.uuid, now)
        await pull.pull_one(node.context, {"id": made.id})
        await pull.pull_one(node.context, {"id": 999_999})
    assert server.asked == []


async def test_a_reading_that_was_killed_is_begun_again_when_its_time_is_over(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    node = await desk(pool, now, tmp_path)
    await node.add("http", {"url": "https://a.example/l"})
    await pull.tick(node.context, {})  # and nobody does the job
    async with pool.connection() as db:
        await db.execute("delete from pgqueuer")
    await pull.tick(node.context, {})
    assert await waiting(node) == 0
    node.forward(timedelta(seconds=pull.LIMIT_S) + pull.SPARE)
    await pull.tick(node.context, {})
    assert await waiting(node) == 1


async def test_servers_that_hang_leave_room_for_those_that_answer(
    pool: Pool, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_reading, "AT_ONCE", 5)
    monkeypatch.setattr(source_reading, "FAILING_AT_ONCE", 2)
    node = await desk(pool, now, tmp_path)
    url = {"url": "https://a.example/l"}
    bad = [await node.add("http", url, name=f"bad{n}") for n in range(4)]
    async with pool.connection() as db:
        await db.execute("update source_setup set failures = 3, next_at = %s", (now,))
    await pull.tick(node.context, {})
    assert await waiting(node) == 2
    good = [await node.add("http", url, name=f"good{n}") for n in range(4)]
    await pull.tick(node.context, {})
    assert await waiting(node) == 5
    async with pool.connection() as db:
        rows = await (
            await db.execute("select convert_from(payload, 'UTF8') from pgqueuer")
        ).fetchall()
    due = {int(json.loads(row[0])["id"]) for row in rows}
    assert (len(due & {s.id for s in bad}), len(due & {s.id for s in good})) == (2, 3)
    async with pool.connection() as db:
        await db.execute("update pgqueuer set status = 'failed'")  # held for a person
    node.forward(timedelta(seconds=pull.LIMIT_S) + pull.SPARE)
    await pull.tick(node.context, {})
    assert await waiting(node) == 10
