"""A log is read on from where we stopped, whole tiles first, whatever manners it has."""

from datetime import datetime, timedelta

import pytest

from tests.ct_log import Log, serve
from zvon.collect.ask import Asker, Busy, Failed, asking
from zvon.collect.ct.log import Cursor, Step, Unread, head, step
from zvon.collect.ct.seen import Seen
from zvon.config import Settings
from zvon.formats.ct_entry import Entry
from zvon.formats.ct_tile import BadHead


def many(count: int, start: int = 0) -> list[tuple[str, ...]]:
    """Few different certificates, so that making them costs no time; each says where it is."""
    return [(f"n{n % 16}.example",) for n in range(start, start + count)]


def cache(log: Log) -> Settings:
    return Settings(name_caches=log.url.removeprefix("http://"))


def names(found: Step) -> list[str]:
    return [name for entry in found.entries for name in entry.names]


async def read_on(
    asker: Asker, log: Log, cursor: Cursor, now: datetime, kind: str = "static-ct"
) -> Step:
    size = (await head(asker, kind, log.url, log.key)).size
    return await step(asker, kind, log.url, cursor, size, now)


async def test_a_new_log_is_read_from_its_end_and_then_tile_by_tile(now: datetime) -> None:
    async with serve(Log(many(300))) as log, asking(cache(log)) as asker:
        first = await read_on(asker, log, Cursor(), now)
        assert (first.cursor.next, list(first.entries)) == (256, [])
        log.entries += many(400, 300)  # 700: two whole tiles, and a part
        second = await read_on(asker, log, first.cursor, now)
        assert second.cursor.next == 512
        assert names(second) == [n for e in log.entries[256:512] for n in e]
        assert not second.more
        assert second.lag == 188


async def test_a_partial_tile_is_read_only_when_it_is_old_and_each_entry_once(
    now: datetime,
) -> None:
    async with serve(Log(many(5))) as log, asking(cache(log)) as asker:
        cursor = Cursor(size=0, next=0)
        waits = await read_on(asker, log, cursor, now)
        assert (waits.cursor.next, waits.cursor.partial_at) == (0, now)
        early = await read_on(asker, log, waits.cursor, now + timedelta(seconds=59))
        assert early.cursor == waits.cursor
        assert not any("tile" in path for path in log.asked)
        first = await read_on(asker, log, waits.cursor, now + timedelta(seconds=60))
        assert names(first) == [n for e in log.entries for n in e]
        log.entries += many(3, 5)
        later = now + timedelta(seconds=61)
        again = await read_on(asker, log, first.cursor, later)
        rest = await read_on(asker, log, again.cursor, later + timedelta(seconds=60))
        assert names(rest) == [n for e in log.entries[5:] for n in e]


async def test_a_partial_tile_that_vanished_is_read_from_the_whole_one(now: datetime) -> None:
    async with serve(Log(many(256))) as log, asking(cache(log)) as asker:
        log.partial_tiles = False
        size = 10  # what an older head said
        old = Cursor(size=size, next=4, partial_at=now - timedelta(minutes=5))
        found = await step(asker, "static-ct", log.url, old, size, now)
        assert found.cursor.next == 256
        assert names(found) == [n for e in log.entries[4:] for n in e]


@pytest.mark.parametrize("zipped", [False, True])
async def test_tiles_may_come_packed_unasked(now: datetime, zipped: bool) -> None:
    async with serve(Log(many(256))) as log, asking(cache(log)) as asker:
        log.zip = zipped
        found = await read_on(asker, log, Cursor(next=0), now)
        assert len(found.entries) == 256


async def test_tiles_of_names_are_taken_where_there_are_some(now: datetime) -> None:
    async with serve(Log(many(256))) as log, asking(cache(log)) as asker:
        log.names_tiles = True
        found = await read_on(asker, log, Cursor(next=0), now)
        assert names(found) == [n for e in log.entries for n in e]
        assert not any("/data/" in path for path in log.asked)


async def test_a_log_without_tiles_of_names_is_asked_for_them_once(now: datetime) -> None:
    async with serve(Log(many(512))) as log, asking(cache(log)) as asker:
        found = await read_on(asker, log, Cursor(next=0, size=0), now)
        assert found.cursor.no_names
        log.entries += many(256, 512)
        log.asked.clear()
        await read_on(asker, log, found.cursor, now)
        assert not any("/names/" in path for path in log.asked)


async def test_the_old_interface_gives_fewer_than_asked_and_is_asked_again(now: datetime) -> None:
    async with serve(Log(many(250))) as log, asking(cache(log)) as asker:
        cursor, seen = Cursor(next=0), []
        while True:
            found = await read_on(asker, log, cursor, now, "rfc6962")
            seen += names(found)
            cursor = found.cursor
            if not found.more:
                break
        assert seen == [n for e in log.entries for n in e]
        assert found.lag == 0


async def test_a_garbled_tile_is_tried_three_times_and_then_left_out_with_its_number(
    now: datetime,
) -> None:
    async with serve(Log(many(512))) as log, asking(cache(log)) as asker:
        log.answer = lambda path: (200, {}, b"garbled") if path == "/tile/data/000" else None
        cursor = Cursor(next=0, no_names=True)
        with pytest.raises(Unread) as told:
            await read_on(asker, log, cursor, now)
        assert told.value.garbled
        last = Cursor(next=0, no_names=True, failed=2)
        found = await read_on(asker, log, last, now)
        assert [bad["position"] for bad in found.bad] == ["tile 0"]
        assert names(found) == [n for e in log.entries[256:] for n in e]


async def test_a_later_tile_that_fails_ends_the_step_before_it(now: datetime) -> None:
    async with serve(Log(many(768))) as log, asking(cache(log)) as asker:
        log.answer = lambda path: (500, {}, b"") if path == "/tile/data/001" else None
        found = await read_on(asker, log, Cursor(next=0, no_names=True), now)
        assert found.cursor.next == 256
        assert found.more


async def test_a_log_that_asks_for_rest_says_how_long(now: datetime) -> None:
    async with serve(Log(many(256))) as log, asking(cache(log)) as asker:
        log.answer = lambda _path: (429, {"Retry-After": "120"}, b"")
        with pytest.raises(Busy) as told:
            await head(asker, "static-ct", log.url, None)
        assert told.value.rest == timedelta(seconds=120)


async def test_a_head_that_the_log_did_not_sign_is_not_followed() -> None:
    async with serve(Log(many(3))) as log, asking(cache(log)) as asker:
        for kind in ("static-ct", "rfc6962"):
            with pytest.raises(BadHead):
                await head(asker, kind, log.url, log.key[:-1] + b"x")


async def test_without_the_operators_word_nobody_asks_inside_the_network() -> None:
    async with serve(Log(many(3))) as log, asking(Settings()) as asker:
        with pytest.raises(Failed):
            await head(asker, "static-ct", log.url, None)
        assert log.asked == []


async def test_a_redirect_leads_to_no_other_place_inside_the_network() -> None:
    async with serve(Log(many(3))) as log, serve(Log([])) as cached, asking(cache(cached)) as asker:
        cached.answer = lambda _path: (302, {"Location": f"{log.url}/checkpoint"}, b"")
        with pytest.raises(Failed):
            await asker.get(f"{cached.url}/checkpoint", most=1000)
        assert log.asked == []


async def test_an_answer_that_unpacks_without_end_is_cut_off() -> None:
    import gzip

    async with serve(Log([])) as log, asking(cache(log)) as asker:
        log.answer = lambda _path: (200, {}, gzip.compress(bytes(10_000_000)))
        with pytest.raises(Failed, match="more than"):
            await asker.get(f"{log.url}/x", most=100_000)


async def test_two_members_of_gzip_are_both_unpacked() -> None:
    import gzip

    async with serve(Log([])) as log, asking(cache(log)) as asker:
        log.answer = lambda _path: (200, {}, gzip.compress(b"one ") + gzip.compress(b"two"))
        assert await asker.get(f"{log.url}/x", most=1000) == b"one two"


def test_sets_of_names_are_remembered_only_when_they_are_kept() -> None:
    seen = Seen(most=2)
    one, same, two = (
        Entry(at_ms=n, names=names) for n, names in enumerate([("a",), ("a",), ("b",)])
    )
    assert seen.fresh([one, same, two]) == [one, two]
    assert seen.fresh([same]) == [same], "nothing was kept yet"
    seen.remember([one])
    assert seen.fresh([same, two]) == [two]
    seen.remember([two, Entry(at_ms=3, names=("c",))])
    assert seen.fresh([one]) == [one], "the oldest is forgotten"
