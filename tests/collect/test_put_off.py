"""Too many slow jobs at once come back later, and leave places to others."""

from datetime import UTC, datetime

import msgspec

from tests.assess.stored import context, row
from zvon.collect.put_off import Places
from zvon.store.transaction import Pool

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


async def test_what_finds_no_place_is_put_back_and_rests_longer_each_time(pool: Pool) -> None:
    job, places = context(pool, lambda: AT), Places(1)
    async with places.one(job, "collect.fetch", {"record_id": 1}) as first:
        async with places.one(job, "collect.fetch", {"record_id": 2}) as second:
            assert (first, second) == (True, False)
        assert (await row(pool, "select count(*) from pgqueuer"))[0] == 1
        async with places.one(job, "collect.fetch", {"record_id": 2, "turn": 30}) as third:
            assert not third
    async with places.one(job, "collect.fetch", {"record_id": 3}) as later:
        assert later
    found = await row(
        pool, "select array_agg(convert_from(payload, 'utf8') order by id),"
        " array_agg(extract(epoch from execute_after - created)::int order by id) from pgqueuer",
    )  # fmt: skip
    assert [msgspec.json.decode(each) for each in found[0]] == [
        {"record_id": 2, "turn": 1}, {"record_id": 2, "turn": 31}]  # fmt: skip
    assert found[1] == [3, 60]
