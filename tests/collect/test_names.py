"""Sources are read when their time has come; what is found and how far we are is one thing."""

import asyncio
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.collect.intake import context_of, waiting_jobs
from tests.ct_log import HANGS, Log, Reply, serve
from tests.store.world import new_uuid, own_party, somebody
from zvon.access.viewer import Viewer
from zvon.collect.names import read_source, tick
from zvon.config import Settings
from zvon.jobs import Context
from zvon.store import name_source, watch, watch_rule
from zvon.store.name_source import NewSource, Source
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

BAIT = ("posta-si-pack.lat",)


def entries(count: int, bait_at: int) -> list[tuple[str, ...]]:
    return [BAIT if n == bait_at else (f"n{n % 16}.example",) for n in range(count)]


@pytest.fixture
async def ana(pool: Pool, now: datetime) -> Viewer:
    return await somebody(pool, now, await own_party(pool, now), "ana")


async def added(pool: Pool, who: Viewer, now: datetime, **given: Any) -> Source:
    async with transaction(pool, now) as tx:
        new = NewSource(**({"name": "log", "kind": "static-ct", "operator": "Primer"} | given))
        return await name_source.add(tx, who, new, now, new_uuid(now).bytes[:10])


async def put_cursor(pool: Pool, source: Source, **cursor: Any) -> None:
    async with pool.connection() as db:
        await db.execute("update name_source set cursor = %s::jsonb where id = %s",
                         (msgspec.json.encode(cursor).decode(), source.id))  # fmt: skip


def worker(pool: Pool, now: datetime, *urls: str) -> Context:
    places = ",".join(url.removeprefix("http://") for url in urls)
    return msgspec.structs.replace(context_of(pool, now), settings=Settings(name_caches=places))


async def source_now(pool: Pool, source: Source) -> Source:
    async with read(pool, SYSTEM) as db:
        return await name_source.get(db, source.id)


async def found(pool: Pool, who: Viewer) -> list[watch.Item]:
    async with read(pool, who) as db:
        return await watch.page(db, who, watch.Filter(), 100)


async def test_a_log_is_read_and_its_bait_is_watched(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    async with serve(Log(entries(600, 300))) as log:
        source = await added(pool, ana, now, url=log.url, key=log.key)
        await put_cursor(pool, source, next=256)
        await read_source(worker(pool, now, log.url), {"id": source.id})
        [item] = await found(pool, ana)
        assert (item.name, item.brand, item.source) == (BAIT[0], "si.posta", "ct:log")
        assert item.seen == {"certificate": now.isoformat()}
        after = await source_now(pool, source)
        assert (after.cursor["next"], after.names, after.lag) == (512, 256, 88)


async def test_what_hostile_certificates_call_a_name_does_not_stop_the_reading(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    hostile = [("posta-si\x00pack.lat",), ("posta-si pack.lat",), ("nlb-klik.top\x1b",), BAIT]
    names = [{"Timestamp": 1, "DNS": names} for names in [*hostile, *[()] * 252]]
    tile = b"\n".join(map(msgspec.json.encode, names))
    async with serve(Log(entries(256, 0))) as log:
        log.answer = lambda path: (200, {}, tile) if path == "/tile/names/000" else None
        source = await added(pool, ana, now, url=log.url)
        await put_cursor(pool, source, next=0)
        await read_source(worker(pool, now, log.url), {"id": source.id})
        assert (await source_now(pool, source)).cursor["next"] == 256
        assert [item.name for item in await found(pool, ana)] == [*BAIT]


async def test_a_list_with_bytes_that_no_text_has_is_read_with_bad_lines(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    async with serve(Log([])) as log:
        log.answer = lambda _path: (200, {}, b"a\x00b.example\n\xff\xfe\nposta-si-pack.lat\n")
        source = await added(pool, ana, now, url=log.url, kind="list", format="text")
        await read_source(worker(pool, now, log.url), {"id": source.id})
        after = await source_now(pool, source)
        assert (after.names, after.bad, after.problem) == (1, 2, "")


async def test_what_failed_halfway_is_read_again_without_gap_or_double(
    pool: Pool, ana: Viewer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(Log(entries(512, 10))) as log:
        source = await added(pool, ana, now, url=log.url)
        await put_cursor(pool, source, next=0)
        put = watch.put_all

        async def cut(*_: Any, **__: Any) -> int:
            raise RuntimeError("the worker died")

        monkeypatch.setattr(watch, "put_all", cut)
        with pytest.raises(RuntimeError):
            await read_source(worker(pool, now, log.url), {"id": source.id})
        assert (await source_now(pool, source)).cursor == {"next": 0}
        monkeypatch.setattr(watch, "put_all", put)
        await read_source(worker(pool, now, log.url), {"id": source.id})
        assert [item.name for item in await found(pool, ana)] == [*BAIT]
        after = await source_now(pool, source)
        assert (after.cursor["next"], after.names) == (512, 512)


KILLED = """
import asyncio, os, sys
from datetime import UTC, datetime
from zvon.collect.names import read_source
from zvon.config import Settings
from zvon.jobs import Context
from zvon.store.pool import open_pool

async def main(dsn, place, source):
    async with open_pool(dsn, size=3) as pool:
        context = Context(pool, Settings(name_caches=place), None, lambda: datetime.now(UTC), os.urandom)
        await read_source(context, {"id": int(source)})

asyncio.run(main(*sys.argv[1:]))
"""


async def test_kill_minus_nine_mid_tile_leaves_no_gap_and_no_double(
    pool: Pool, dsn: str, ana: Viewer, now: datetime
) -> None:
    async with serve(Log(entries(768, 500))) as log:
        source = await added(pool, ana, now, url=log.url)
        await put_cursor(pool, source, next=0, no_names=True)
        reached = asyncio.Event()

        def hang(path: str) -> Reply | None:
            if path != "/tile/data/001":
                return None
            reached.set()
            return HANGS, {}, b""

        log.answer = hang
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, dsn, log.url.removeprefix("http://"), str(source.id)
        )
        await asyncio.wait_for(reached.wait(), 60)
        child.send_signal(signal.SIGKILL)
        await child.wait()
        assert (await source_now(pool, source)).cursor["next"] == 0
        log.answer = lambda _path: None
        await read_source(worker(pool, now, log.url), {"id": source.id})
        after = await source_now(pool, source)
        assert (after.cursor["next"], after.names) == (768, 768)
        assert [item.name for item in await found(pool, ana)] == [*BAIT]


async def test_two_workers_with_one_log_leave_what_one_would(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    async with serve(Log(entries(512, 10))) as log:
        source = await added(pool, ana, now, url=log.url)
        await put_cursor(pool, source, next=0)
        job = worker(pool, now, log.url)
        await asyncio.gather(*(read_source(job, {"id": source.id}) for _ in range(2)))
        after = await source_now(pool, source)
        assert (after.cursor["next"], after.names) == (512, 512)
        assert len(await found(pool, ana)) == 1


async def test_a_log_that_asks_for_rest_gets_it_for_all_of_its_operator(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    async with serve(Log([])) as log:
        log.answer = lambda _path: (429, {"Retry-After": "300"}, b"")
        asked = await added(pool, ana, now, url=log.url)
        sister = await added(pool, ana, now, url="https://b.example", name="sister")
        other = await added(pool, ana, now, url="https://c.example", name="other", operator="Drugi")
        await read_source(worker(pool, now, log.url), {"id": asked.id})
        until = now + timedelta(seconds=300)
        assert (await source_now(pool, asked)).next_at == until
        assert (await source_now(pool, sister)).next_at == until
        assert (await source_now(pool, other)).next_at == now
        assert "429" in (await source_now(pool, asked)).problem


async def test_a_log_that_is_gone_is_no_longer_read_and_says_so(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    async with serve(Log([])) as log:
        log.answer = lambda _path: (404, {}, b"")
        source = await added(pool, ana, now, url=log.url)
        for _ in range(3):
            assert (await source_now(pool, source)).enabled
            await read_source(worker(pool, now, log.url), {"id": source.id})
        after = await source_now(pool, source)
        assert not after.enabled
        assert "gone" in after.problem
        log.asked.clear()
        await read_source(worker(pool, now, log.url), {"id": source.id})
        assert log.asked == []


async def test_a_forged_head_is_a_problem_and_nothing_is_read(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    async with serve(Log(entries(300, 1))) as log:
        source = await added(pool, ana, now, url=log.url, key=log.key[:-1] + b"x")
        await read_source(worker(pool, now, log.url), {"id": source.id})
        after = await source_now(pool, source)
        assert "signed" in after.problem
        assert not any("tile" in path for path in log.asked)


def page(body: str, **headers: str) -> Callable[[str], Reply]:
    return lambda _path: (200, headers, body.encode())


async def test_a_list_is_read_with_its_bad_lines_and_asked_for_again_only_when_new(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    async with serve(Log([])) as log:
        log.answer = page("posta-si-pack.lat\nno name here\nb.example\n", ETag='"one"')
        source = await added(pool, ana, now, url=log.url, kind="list", format="text")
        job = worker(pool, now, log.url)
        await read_source(job, {"id": source.id})
        after = await source_now(pool, source)
        assert (after.names, after.bad) == (2, 1)
        assert after.bad_last[0]["position"] == 2
        assert after.cursor == {"etag": '"one"'}
        assert after.next_at == now + timedelta(seconds=3600)
        log.answer = lambda _path: (304, {}, b"")
        await read_source(job, {"id": source.id})
        again = await source_now(pool, source)
        assert (again.names, again.cursor, again.problem) == (2, after.cursor, "")
        assert [item.source for item in await found(pool, ana)] == ["list:log"]


async def test_a_list_without_names_is_a_problem(pool: Pool, ana: Viewer, now: datetime) -> None:
    async with serve(Log([])) as log:
        log.answer = page("<html>sorry</html>", ETag="x")
        source = await added(pool, ana, now, url=log.url, kind="feed", format="json")
        await read_source(worker(pool, now, log.url), {"id": source.id})
        after = await source_now(pool, source)
        assert "no name" in after.problem
        assert after.cursor == {}, "it must be read again"


async def test_a_listed_name_ranks_higher_than_the_same_of_a_plain_list(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    async with serve(Log([])) as log:
        job = worker(pool, now, log.url)
        scores = []
        for kind, name in (("list", "posta-si-dostava.top"), ("feed", "posta-si-dostave.top")):
            log.answer = page(name)
            source = await added(pool, ana, now, url=log.url, kind=kind, format="text", name=kind)
            await read_source(job, {"id": source.id})
            [item] = [i for i in await found(pool, ana) if i.name == name]
            scores.append({r.code for r in item.reasons})
        assert scores[1] - scores[0] >= {"WATCH_FEED"}


async def test_names_that_fit_a_rule_are_found_though_no_brand_is_in_them(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    async with serve(Log([])) as log:
        log.answer = page("dostavnik-7.example\ndostavnik-x.example\ndostavnik-8.test\n")
        async with transaction(pool, now) as tx:
            rule = await watch_rule.add(
                tx, ana,
                watch_rule.NewRule(brand="si.posta", pattern="dostavnik-{#}", tlds=["example"],
                                   reason="seen twice", expires_at=now + timedelta(days=9)),
                now, new_uuid(now).bytes[:10],
            )  # fmt: skip
        source = await added(pool, ana, now, url=log.url, kind="list", format="text")
        await read_source(worker(pool, now, log.url), {"id": source.id})
        [item] = await found(pool, ana)
        assert (item.name, item.technique) == ("dostavnik-7.example", "rule")
        assert item.source == f"rule:{rule.id}"
        async with read(pool, ana) as db:
            [again] = await watch_rule.list_all(db, ana, now)
        assert again.found == 1
        late = worker(pool, now + timedelta(days=10), log.url)
        log.answer = page("dostavnik-9.example\n")
        await read_source(late, {"id": source.id})
        assert len(await found(pool, ana)) == 1, "the rule has expired"


async def test_only_sources_that_are_due_get_a_job_and_one_each(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    source = await added(pool, ana, now, url="https://a.example")
    off = await added(pool, ana, now, url="https://b.example", name="off")
    async with transaction(pool, now) as tx:
        await name_source.set_enabled(tx, ana, off.uuid, now, enabled=False)
    for _ in range(2):
        await tick(context_of(pool, now), {})
    await tick(context_of(pool, now - timedelta(seconds=1)), {})
    assert await waiting_jobs(pool) == [("collect.source", {"id": source.id})]
