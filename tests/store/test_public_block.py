"""What anybody may know of a name is what resolvers do with it, and nothing more."""

from datetime import datetime

import pytest_asyncio

from tests.blocks import People, people_of
from tests.feeds import publish, view_feed
from zvon.model.scope import Scope
from zvon.store import block, landing, public_block
from zvon.store.public_block import PublicBlock
from zvon.store.transaction import Pool, ZoneOp, transaction

EVIL = "posta-dostava.example"


@pytest_asyncio.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def standing(pool: Pool, name: str) -> list[PublicBlock]:
    async with pool.connection() as db:
        return await public_block.standing(db, name)


async def test_a_feed_with_the_landing_page_as_its_answer_leads_there(
    pool: Pool, now: datetime, people: People
) -> None:
    async with transaction(pool, now) as tx:
        await landing.put(tx, "landing.zvon.example", now)
    await view_feed(pool, people["ada"], now, "mild", action="landing", categories=("phishing",))
    (row,) = await publish(pool, people, now, EVIL, scope=Scope.HOST_SUB)
    (found,) = await standing(pool, f"www.{EVIL}")
    assert (found.number, found.owner, found.scope) == (row.number, f"*.{EVIL}", "host_sub")
    assert found.feeds == ("si", "mild")
    assert found.countries == ("SI",)
    assert found.landing


async def test_without_such_a_feed_nobody_is_led_there(
    pool: Pool, now: datetime, people: People
) -> None:
    await publish(pool, people, now, EVIL)
    (found,) = await standing(pool, EVIL)
    assert not found.landing
    assert await standing(pool, f"www.{EVIL}") == []


async def test_a_name_that_is_let_pass_in_the_hot_zone_is_not_blocked_by_the_cold_one(
    pool: Pool, now: datetime, people: People
) -> None:
    (row,) = await publish(pool, people, now, EVIL)
    async with pool.connection() as db:
        zones: dict[str, int] = dict(
            await (await db.execute("select name, id from zone")).fetchall()
        )
    hot, cold = zones["hot.si.zvon"], zones["cold.si.zvon"]
    async with transaction(pool, now) as tx:  # as compaction does it
        tx.zone_ops += [ZoneOp(zone_id=cold, op="add", owner=EVIL, rdata=".", block_id=row.id),
                        ZoneOp(zone_id=hot, op="del", owner=EVIL, rdata=".", block_id=row.id)]  # fmt: skip
    assert [one.number for one in await standing(pool, EVIL)] == [row.number]
    async with transaction(pool, now) as tx:
        await block.lift(tx, people["bor"], [row.uuid], "a mistake", now)
    assert await standing(pool, EVIL) == []


async def test_a_wider_block_speaks_below_a_narrower_one(
    pool: Pool, now: datetime, people: People
) -> None:
    (wide,) = await publish(pool, people, now, "evil.example", scope=Scope.REGISTRABLE_SUB)
    (near,) = await publish(pool, people, now, "a.evil.example", scope=Scope.HOST_SUB)
    for name, row in (("evil.example", wide), ("b.evil.example", wide), ("a.evil.example", near),
                      ("x.a.evil.example", near)):  # fmt: skip
        assert [one.number for one in await standing(pool, name)] == [row.number], name


async def test_only_numbers_that_were_public_have_a_name(
    pool: Pool, now: datetime, people: People
) -> None:
    from tests.blocks import propose

    (row,) = await publish(pool, people, now, EVIL)
    (waits,) = await propose(pool, people["ana"], now, "waits.example")
    async with pool.connection() as db:
        assert await public_block.name_of(db, row.number) == EVIL
        assert await public_block.name_of(db, waits.number) is None
        assert await public_block.name_of(db, "B-26-999999") is None
