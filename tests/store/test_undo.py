"""Ending at once all that a source or a person caused, and who has to be the second person."""

import os
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec import structs

from tests.blocks import People, people_of, proposal, propose, publish, rules
from zvon.access.permission import Denied
from zvon.model.lifecycle import BlockState
from zvon.store import audit, block, undo
from zvon.store.transaction import Pool, transaction
from zvon.store.undo import BadUndo, Caused, NothingCaused, OwnUndo, Undone

WHY = "the source sent rubbish"


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def ask(pool: Pool, people: People, who: str, now: datetime, caused: Caused) -> Undone:
    async with transaction(pool, now) as tx:
        return await undo.lift_all(tx, people[who], caused, WHY, now, os.urandom)


async def person(pool: Pool, login: str) -> UUID:
    async with pool.connection() as db:
        row = await (
            await db.execute("select uuid from person where login = %s", (login,))
        ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


async def from_source(
    pool: Pool, people: People, now: datetime, source: str, *names: str
) -> list[block.BlockRow]:
    wanted = structs.replace(proposal(now, *names), source=source)
    async with transaction(pool, now) as tx:
        return await block.propose(tx, people["ana"], wanted, now, os.urandom)


async def test_all_of_a_source_ends_in_one_action(
    pool: Pool, people: People, now: datetime
) -> None:
    await publish(pool, people, now, "ours.example")
    rows = await from_source(pool, people, now, "bad-feed", "a.example", "b.example", "c.example")
    async with transaction(pool, now) as tx:
        await block.approve(tx, people["bor"], [rows[0].uuid, rows[1].uuid], "seen", now)
        await block.dispute(tx, people["bor"], [rows[1].uuid], "is it?", now)
    caused = Caused(source="bad-feed")
    async with pool.connection() as db:
        before = await undo.preview(db, people["bor"], caused)
    assert (before.lifted, before.rejected) == (2, 1)
    assert [row.name for row in before.blocks] == ["a.example", "b.example", "c.example"]
    done = await ask(pool, people, "bor", now, caused)
    assert (done.waits_for, done.lifted, done.rejected) == (None, 2, 1)
    assert [row.state for row in done.blocks] == [
        BlockState.LIFTED, BlockState.LIFTED, BlockState.REJECTED,
    ]  # fmt: skip
    assert await rules(pool, "hot.si.zvon") == {"ours.example": "."}
    with pytest.raises(NothingCaused):
        await ask(pool, people, "bor", now, caused)
    async with pool.connection() as db:
        assert await audit.verify(db) == []


async def test_all_of_a_person_since_a_moment(pool: Pool, people: People, now: datetime) -> None:
    await publish(pool, people, now, "early.example")
    later = now + timedelta(hours=1)
    await publish(pool, people, later, "late.example")
    for login in ("ana", "bor"):  # who proposed, and who approved
        caused = Caused(person_uuid=await person(pool, login), since=later)
        async with pool.connection() as db:
            found = await undo.caused_by(db, person_uuid=caused.person_uuid, since=later)
        assert [row.name for row in found] == ["late.example"]
    await ask(pool, people, "bor", later, caused)
    assert await rules(pool, "hot.si.zvon") == {"early.example": "."}


async def test_more_than_the_brake_waits_for_another_person(
    pool: Pool, people: People, now: datetime
) -> None:
    at = now
    for batch in range(2):
        at = now + timedelta(minutes=11 * batch)
        await publish(pool, people, at, *(f"d{batch}-{n}.example" for n in range(30)))
    (waiting,) = await propose(pool, people["ana"], at + timedelta(minutes=11), "w.example")
    caused = Caused(since=now)
    asked = await ask(pool, people, "bor", at, caused)
    assert asked.waits_for is not None
    assert (asked.lifted, asked.rejected) == (60, 1)
    assert len(await rules(pool, "hot.si.zvon")) == 60
    (after,) = await publish(pool, people, at + timedelta(minutes=22), "after.example")
    async with pool.connection() as db:
        (held,) = await undo.waiting(db, people["ana"], at)
    assert (held.asked_by, held.blocks, held.reason) == ("bor", 61, WHY)
    for who, error in (("bor", OwnUndo), ("ana", Denied)):
        with pytest.raises(error):
            async with transaction(pool, at) as tx:
                await undo.release(tx, people[who], asked.waits_for, at)
    with pytest.raises(BadUndo, match="too long"):
        async with transaction(pool, at + undo.HOLDS) as tx:
            await undo.release(tx, people["both"], asked.waits_for, at + undo.HOLDS)
    async with transaction(pool, at) as tx:
        done = await undo.release(tx, people["both"], asked.waits_for, at)
    assert (done.lifted, done.rejected) == (60, 1)
    # What came since the first person looked is not ended with it.
    assert await rules(pool, "hot.si.zvon") == {after.name: "."}
    with pytest.raises(BadUndo, match="already"):
        async with transaction(pool, at) as tx:
            await undo.release(tx, people["both"], asked.waits_for, at)
    async with pool.connection() as db:
        assert await undo.waiting(db, people["ana"], at) == []
        one = (await block.get(db, people["ana"], waiting.uuid)).block
        said = await (
            await db.execute(
                "select actor, rule from audit where action = 'block:undo' and object like 'undo:%'"
                " order by seq"
            )
        ).fetchall()
    assert one.state is BlockState.REJECTED
    assert said == [("bor", "brake_lift"), ("bor", "four_eyes")]


async def test_it_has_to_be_said_whose_and_by_whom(
    pool: Pool, people: People, now: datetime
) -> None:
    with pytest.raises(BadUndo):
        await ask(pool, people, "bor", now, Caused())
    for who in ("ana", "ada"):
        with pytest.raises(Denied):
            await ask(pool, people, who, now, Caused(source="x"))
    for caused in (Caused(source="' or true --"), Caused(source="%"), Caused(since=now)):
        with pytest.raises(NothingCaused):
            await ask(pool, people, "bor", now, caused)
    with pytest.raises(LookupError):
        async with transaction(pool, now) as tx:
            await undo.release(tx, people["bor"], UUID(int=1), now)
