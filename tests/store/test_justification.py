"""Feeds are justified before anybody blocks by them: two people, whole, and looked at again."""

import os
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from msgspec import structs

from tests.blocks import People, people_of
from tests.justifications import justified, written
from zvon.access.permission import Denied
from zvon.access.refusal import Refused
from zvon.store import justification, subscriber, zone
from zvon.store.justification import (
    BadJustification,
    NeedsJustification,
    NoJustification,
    NotInState,
)
from zvon.store.transaction import Pool, Tx, transaction

DAY = timedelta(days=1)


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def test_two_people_justify_a_feed_and_the_next_one_replaces_it(
    pool: Pool, people: People, now: datetime
) -> None:
    first = await justified(pool, people["ada"], people["bor"], now)
    assert (first.holds, first.proposer, first.approver) == (True, "ada", "bor")
    assert first.measured == {"blocks": 0, "lifted": 0, "appeals": 0, "subscribers": 0}
    second = await justified(pool, people["ada"], people["bor"], now + DAY)
    async with pool.connection() as db:
        assert [row.holds for row in await justification.list_all(db, people["ana"])] == [
            True,
            False,
        ]
    with pytest.raises(NotInState):
        async with transaction(pool, now) as tx:
            await justification.approve(tx, people["bor"], second.uuid, now)
    async with transaction(pool, now) as tx:
        over = await justification.end(tx, people["ada"], second.uuid, "law changed", now)
    assert not over.holds


async def test_nobody_agrees_to_their_own_words(pool: Pool, people: People, now: datetime) -> None:
    both = structs.replace(
        people["ada"], permissions=people["ada"].permissions | people["bor"].permissions
    )
    async with transaction(pool, now) as tx:
        made = await justification.propose(tx, both, "si", written(now), now, os.urandom)
    with pytest.raises(Refused, match="another person"):
        async with transaction(pool, now) as tx:
            await justification.approve(tx, both, made.uuid, now)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(pool, now) as tx:
            await tx.execute(
                "update feed_justification set approver_id = proposer_id, approved_at = %s", (now,)
            )
    with pytest.raises(Denied):
        async with transaction(pool, now) as tx:
            await justification.approve(tx, people["ana"], made.uuid, now)


async def test_the_database_keeps_a_subscriber_from_blocking_whoever_writes(
    pool: Pool, people: People, now: datetime
) -> None:
    query = """
        with p as (select id from party limit 1), f as (select id from feed limit 1),
        s as (insert into subscriber (uuid, name, party_id, brand, address, known_by, notify_address,
                feed_id, created_at)
              select gen_random_uuid(), 't9', p.id, 'bind', '192.0.2.9', 'tsig', '192.0.2.9:53',
                     f.id, now() from p, f returning id)
        insert into subscription select s.id, f.id, 1 from s, f
    """
    async with transaction(pool, now) as tx:
        await tx.execute(query)
    with pytest.raises(psycopg.DatabaseError, match="no justification of the feed si"):
        async with transaction(pool, now) as tx:
            await tx.execute("update subscriber set mode = 'enforce' where name = 't9'")
    await justified(pool, people["ada"], people["bor"], now)
    async with transaction(pool, now) as tx:
        done = await tx.execute("update subscriber set mode = 'enforce' where name = 't9'")
    assert done.rowcount == 1


async def test_one_that_shall_block_from_the_start_needs_it_too(
    pool: Pool, people: People, now: datetime
) -> None:
    async def made(tx: Tx) -> str:
        one, _ = await subscriber.add(
            tx, people["ada"], name="t7", brand="bind", address="192.0.2.7", feeds=("si",),
            notify_address="192.0.2.7:53", mode="enforce", now=now, random=os.urandom, key=bytes(32),
        )  # fmt: skip
        return one.mode

    query = """
        with p as (select id from party limit 1), f as (select id from feed limit 1),
        s as (insert into subscriber (uuid, name, party_id, brand, address, known_by, notify_address,
                feed_id, mode, created_at)
              select gen_random_uuid(), 't8', p.id, 'bind', '192.0.2.8', 'tsig', '192.0.2.8:53',
                     f.id, 'enforce', now() from p, f returning id)
        insert into subscription select s.id, f.id, 1 from s, f
    """
    with pytest.raises(NeedsJustification, match="si"):
        async with transaction(pool, now) as tx:
            await made(tx)
    with pytest.raises(psycopg.DatabaseError, match="t8: no justification of the feed si"):
        async with transaction(pool, now) as tx:
            await tx.execute(query)
    async with pool.connection() as db:
        assert await subscriber.list_all(db) == [], "nothing is half done"
    await justified(pool, people["ada"], people["bor"], now)
    async with transaction(pool, now) as tx:
        assert await made(tx) == "enforce"
        await tx.execute(query)


async def test_one_that_blocks_takes_no_further_feed_without_it_and_keeps_those_it_has(
    pool: Pool, people: People, now: datetime
) -> None:
    async def take(*feeds: str) -> tuple[str, ...]:
        async with transaction(pool, now) as tx:
            return (await subscriber.set_feeds(tx, people["ada"], one.uuid, feeds, now)).feeds

    ended = await justified(pool, people["ada"], people["bor"], now)
    async with transaction(pool, now) as tx:
        await zone.ensure_feed(tx, "post", "SI")
        one, _ = await subscriber.add(
            tx, people["ada"], name="t6", brand="bind", address="192.0.2.6", feeds=("si",),
            notify_address="192.0.2.6:53", mode="enforce", now=now, random=os.urandom, key=bytes(32),
        )  # fmt: skip
    async with transaction(pool, now) as tx:
        await justification.end(tx, people["ada"], ended.uuid, "its time is over", now)
    with pytest.raises(NeedsJustification, match="post"):
        await take("post", "si")
    with pytest.raises(psycopg.DatabaseError, match="t6: no justification of the feed post"):
        async with transaction(pool, now) as tx:
            await tx.execute(
                "insert into subscription select %s, id, 2 from feed where name = 'post'", (one.id,)
            )
    assert await take("si") == ("si",)
    await justified(pool, people["ada"], people["bor"], now, feed="post")
    assert await take("post", "si") == ("post", "si")
    assert await take("si") == ("si",)


async def test_an_empty_reason_or_a_far_review_is_refused(
    pool: Pool, people: People, now: datetime
) -> None:
    bad: list[dict[str, Any]] = [
        {"threat": " " * 30}, {"scope": "a\x00b"}, {"duration": "\ud800\ud800\ud800"},
        {"review_on": now.date()}, {"review_on": (now + 400 * DAY).date()},
    ]  # fmt: skip
    for more in bad:
        with pytest.raises(BadJustification):
            async with transaction(pool, now) as tx:
                await justification.propose(
                    tx, people["ada"], "si", written(now, **more), now, os.urandom
                )
    with pytest.raises(NoJustification):
        async with transaction(pool, now) as tx:
            await justification.propose(tx, people["ada"], "xx", written(now), now, os.urandom)
