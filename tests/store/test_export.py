"""What a feed lists: the merged zones, the pages, and the same through a view."""

from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from tests import pages
from tests.blocks import People, people_of, propose, publish
from tests.feeds import view_feed
from zvon.access.viewer import Viewer
from zvon.formats.blocklist import Entry, Kind
from zvon.model.scope import Scope
from zvon.store import block, export, url_rule
from zvon.store.transaction import Pool, ZoneOp, transaction

TEST = "test.si.zvon.example"


@pytest_asyncio.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def listed(pool: Pool, feed: str = "si") -> dict[str, Entry]:
    found = {}
    async for batch in export.edition(pool, feed):
        if not isinstance(batch, export.State):
            found.update({entry.value: entry for entry in batch})
    return found


async def difference(pool: Pool, since: int, feed: str = "si") -> export.Difference:
    async with pool.connection() as db:
        return await export.names(db, feed, since=since)


async def seq(pool: Pool, feed: str = "si") -> int:
    async with pool.connection() as db:
        return (await export.state(db, feed)).seq


async def zone_id(pool: Pool, name: str) -> int:
    async with pool.connection() as db:
        row = await (await db.execute("select id from zone where name = %s", (name,))).fetchone()
    assert row
    return int(row[0])


async def to_cold(pool: Pool, now: datetime, *owners: str) -> None:
    """Move rules into the cold zone, as compaction does."""
    hot, cold = await zone_id(pool, "hot.si.zvon"), await zone_id(pool, "cold.si.zvon")
    async with transaction(pool, now) as tx:
        for owner in owners:
            row = await (
                await tx.execute(
                    "select rdata, block_id from zone_rule where zone_id = %s and owner = %s",
                    (hot, owner),
                )
            ).fetchone()
            assert row
            tx.zone_ops += [
                ZoneOp(zone_id=cold, op="add", owner=owner, rdata=row[0], block_id=row[1]),
                ZoneOp(zone_id=hot, op="del", owner=owner, rdata=row[0], block_id=row[1]),
            ]


async def test_a_block_is_listed_with_what_is_known_of_it(
    pool: Pool, people: People, now: datetime
) -> None:
    rows = await publish(pool, people, now, "lure.example", scope=Scope.HOST_SUB)
    found = await listed(pool)
    assert set(found) == {"lure.example", TEST}
    one = found["lure.example"]
    assert (one.kind, one.scope, one.action) == (Kind.NAME, Scope.HOST_SUB, "nxdomain")
    assert (one.reference, one.category) == (rows[0].number, "phishing")
    assert (one.added_at, one.expires_at) == (now, rows[0].expires_at)
    assert found[TEST].category == "test"


async def test_where_a_rule_lies_makes_no_difference(
    pool: Pool, people: People, now: datetime
) -> None:
    await publish(pool, people, now, "a.example", "b.example", scope=Scope.HOST_SUB)
    before = await listed(pool)
    await to_cold(pool, now, "a.example", "*.a.example")
    assert await listed(pool) == before


async def test_a_name_that_is_let_pass_is_not_listed(
    pool: Pool, people: People, now: datetime
) -> None:
    rows = await publish(pool, people, now, "a.example", scope=Scope.HOST_SUB)
    await to_cold(pool, now, "a.example", "*.a.example")
    async with transaction(pool, now) as tx:
        await block.lift(tx, people["bor"], [rows[0].uuid], "wrong", now)
    assert set(await listed(pool)) == {TEST}


async def test_the_edition_changes_exactly_when_the_feed_does(
    pool: Pool, people: People, now: datetime
) -> None:
    async def edition() -> str:
        async with pool.connection() as db:
            return (await export.state(db, "si")).edition

    first = await edition()
    await propose(pool, people["ana"], now, "waits.example")
    await pages.propose(pool, people["ana"], now, pages.PAGE)
    assert await edition() == first
    await publish(pool, people, now, "lure.example")
    second = await edition()
    assert second != first
    rows = await pages.publish(pool, people, now, pages.PAGE + "x")
    third = await edition()
    assert third != second
    async with transaction(pool, now) as tx:
        await url_rule.lift(tx, people["bor"], [rows[0].uuid], "gone", now)
    assert await edition() not in {second, third}


async def test_a_difference_applied_to_an_old_copy_gives_the_new_list(
    pool: Pool, people: People, now: datetime
) -> None:
    """Whatever happens in between, in any order, and also when it is applied twice."""
    rows = await publish(pool, people, now, "a.example", "b.example", scope=Scope.HOST_SUB)
    copy, since = set(await listed(pool)), await seq(pool)
    await to_cold(pool, now, "a.example", "*.a.example")
    async with transaction(pool, now) as tx:
        await block.lift(tx, people["bor"], [rows[0].uuid], "wrong", now)
    await publish(pool, people, now, "c.example", "a.example")
    await pages.publish(pool, people, now, pages.PAGE)
    for _ in range(2):
        found = await difference(pool, since)
        copy = copy - {value for _, value in found.removed} | {e.value for e in found.added}
        assert copy == set(await listed(pool))
    assert found.seq == await seq(pool)
    nothing = await difference(pool, found.seq)
    assert (nothing.added, nothing.removed) == ((), ())


async def test_a_block_that_came_and_went_in_between_is_named_as_gone(
    pool: Pool, people: People, now: datetime
) -> None:
    since = await seq(pool)
    rows = await publish(pool, people, now, "short.example")
    async with transaction(pool, now) as tx:
        await block.lift(tx, people["bor"], [rows[0].uuid], "wrong", now)
    found = await difference(pool, since)
    assert found.added == ()
    assert (Kind.NAME, "short.example") in found.removed


@pytest.mark.parametrize("since", [10_000_000, -1])
async def test_a_place_of_another_history_is_refused(
    pool: Pool, people: People, since: int
) -> None:
    with pytest.raises(export.TooOld):
        await difference(pool, since)


async def test_a_view_lists_the_pages_that_it_takes(
    pool: Pool, people: People, now: datetime
) -> None:
    await pages.publish(pool, people, now, pages.PAGE)
    await view_feed(pool, people["ada"], now, "all")
    await view_feed(pool, people["ada"], now, "shops", categories=("fake_shop",))
    assert pages.PAGE in await listed(pool, "all")
    assert pages.PAGE not in await listed(pool, "shops")
    since = await seq(pool, "all")
    await pages.publish(pool, people, now, pages.PAGE + "2")
    found = await difference(pool, since, "all")
    assert {e.value for e in found.added} == {pages.PAGE, pages.PAGE + "2"}
    told = await difference(pool, await seq(pool, "shops"), "shops")
    assert {value for _, value in told.removed} >= {pages.PAGE, pages.PAGE + "2"}
    assert told.added == ()


async def test_a_stranger_and_a_feed_that_is_not_there_look_the_same(
    pool: Pool, people: People
) -> None:
    stranger = Viewer(
        person_id=10**6, login="x", name="x", party_id=10**6, party_own=False, country="HR",
        roles=(), permissions=people["ana"].permissions, tlp_ceiling=people["ana"].tlp_ceiling,
    )  # fmt: skip
    async with pool.connection() as db:
        assert await export.permitted(db, people["ana"], "si") is None
        for who, feed in ((stranger, "si"), (stranger, "no"), (people["ana"], "no")):
            with pytest.raises(export.NoSuchFeed):
                await export.permitted(db, who, feed)


async def test_reading_does_not_mix_two_states(pool: Pool, people: People, now: datetime) -> None:
    """A block that is approved while a list is being read is in the next list, not in half of it."""
    await publish(pool, people, now, "a.example")
    reader = export.edition(pool, "si")
    state = await anext(reader)
    await publish(pool, people, now + timedelta(minutes=20), "b.example")
    found = {e.value async for batch in reader if not isinstance(batch, export.State)
             for e in batch}  # fmt: skip
    assert isinstance(state, export.State)
    assert found == {"a.example", TEST}
