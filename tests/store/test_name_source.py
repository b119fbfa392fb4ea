"""Sources are the operator's own business, and a reading that was overtaken leaves nothing."""

from datetime import datetime, timedelta

import pytest

from tests.store.world import new_uuid, other_party, own_party, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.store import name_source
from zvon.store.name_source import (
    BAD_KEPT,
    Moved,
    NewSource,
    NoSource,
    Reading,
    Source,
    SourceTaken,
)
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

LIST = NewSource(name="list", kind="list", url="https://a.example/list", format="text")


@pytest.fixture
async def ana(pool: Pool, now: datetime) -> Viewer:
    return await somebody(pool, now, await own_party(pool, now), "ana")


async def add(pool: Pool, who: Viewer, now: datetime, new: NewSource = LIST) -> Source:
    async with transaction(pool, now) as tx:
        return await name_source.add(tx, who, new, now, new_uuid(now).bytes[:10])


async def get(pool: Pool, source: Source) -> Source:
    async with read(pool, SYSTEM) as db:
        return await name_source.get(db, source.id)


async def test_two_sources_cannot_have_one_name(pool: Pool, ana: Viewer, now: datetime) -> None:
    await add(pool, ana, now)
    with pytest.raises(SourceTaken):
        await add(pool, ana, now)


async def test_a_reading_that_was_overtaken_leaves_nothing(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    source = await add(pool, ana, now)
    first = Reading(cursor={"next": 5}, next_at=now, names=5)
    async with transaction(pool, now) as tx:
        await name_source.advance(tx, source, first, now)
    with pytest.raises(Moved):
        async with transaction(pool, now) as tx:
            await name_source.advance(tx, source, first, now)
    assert (await get(pool, source)).names == 5


async def test_only_the_newest_bad_lines_are_kept_and_all_are_counted(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    source = await add(pool, ana, now)
    for turn in range(3):
        bad = [{"position": turn * 100 + n, "reason": "x", "text": ""} for n in range(40)]
        reading = Reading(cursor={"n": turn}, next_at=now, bad=40, bad_last=bad)
        async with transaction(pool, now) as tx:
            await name_source.advance(tx, await get(pool, source), reading, now)
    after = await get(pool, source)
    assert (after.bad, len(after.bad_last)) == (120, BAD_KEPT)
    assert [b["position"] for b in after.bad_last[:41]] == [*range(200, 240), 100]


async def test_failures_in_a_row_make_the_rest_longer_until_it_answers(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    source = await add(pool, ana, now)
    rests = []
    for _ in range(3):
        async with transaction(pool, now) as tx:
            await name_source.failed(tx, await get(pool, source), "no answer", now)
        rests.append((await get(pool, source)).next_at - now)
    assert rests == sorted(set(rests))
    reading = Reading(cursor={}, next_at=now + timedelta(hours=1))
    async with transaction(pool, now) as tx:
        await name_source.advance(tx, await get(pool, source), reading, now)
    after = await get(pool, source)
    assert (after.failures, after.problem) == (0, "")


async def test_logs_that_a_list_calls_retired_are_read_no_longer(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    log = NewSource(name="log", kind="rfc6962", url="https://log.example")
    source = await add(pool, ana, now, log)
    async with transaction(pool, now) as tx:
        assert await name_source.retire(tx, ["https://log.example"], "retired", now) == ["log"]
        assert await name_source.retire(tx, ["https://log.example"], "retired", now) == []
    assert not (await get(pool, source)).enabled
    async with transaction(pool, now) as tx:
        again = await name_source.set_enabled(tx, ana, source.uuid, now, enabled=True)
    assert (again.enabled, again.problem) == (True, "")


async def test_what_is_removed_is_gone(pool: Pool, ana: Viewer, now: datetime) -> None:
    source = await add(pool, ana, now)
    async with transaction(pool, now) as tx:
        await name_source.remove(tx, ana, source.uuid)
        with pytest.raises(NoSource):
            await name_source.remove(tx, ana, source.uuid)
    with pytest.raises(NoSource):
        await get(pool, source)


async def test_other_organisations_see_and_change_no_sources(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    stranger = await somebody(pool, now, await other_party(pool, now), "stranger")
    source = await add(pool, ana, now)
    async with transaction(pool, now) as tx:
        with pytest.raises(Denied):
            await name_source.list_all(tx.db, stranger)
        with pytest.raises(Denied):
            await name_source.remove(tx, stranger, source.uuid)
        with pytest.raises(Denied):
            await name_source.set_enabled(tx, stranger, source.uuid, now, enabled=False)
    with pytest.raises(Denied):
        await add(pool, stranger, now)
