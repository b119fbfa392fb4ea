"""The only way past the gate: two people, a day, few names, and never what is official."""

import os
from datetime import datetime, timedelta

import pytest

from tests.blocks import People, people_of, propose, publish, refusals
from zvon.access.permission import Denied
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.store import neverblock_change as changes
from zvon.store.block import GuardRefused
from zvon.store.neverblock_change import BadChange, Change, NoChange
from zvon.store.transaction import Pool, transaction

POPULAR = "sofascore.com"


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def ask(pool: Pool, who: Viewer, name: str, now: datetime, op: str = "remove") -> Change:
    async with transaction(pool, now) as tx:
        return await changes.propose(tx, who, name, op, "a reason", now, os.urandom)  # type: ignore[arg-type]


async def agree(pool: Pool, who: Viewer, change: Change, now: datetime) -> Change:
    async with transaction(pool, now) as tx:
        return (await changes.approve(tx, who, change.uuid, now))[0]


async def state(pool: Pool, name: str) -> str:
    async with pool.connection() as db:
        row = await (
            await db.execute("select state from block where name = %s", (name,))
        ).fetchone()
    assert row is not None
    return str(row[0])


async def test_a_name_taken_out_can_be_blocked_for_a_day_and_is_lifted_after_it(
    pool: Pool, now: datetime, people: People
) -> None:
    change = await ask(pool, people["ana"], POPULAR, now)
    with pytest.raises(GuardRefused):
        await propose(pool, people["ana"], now, POPULAR)
    assert (await agree(pool, people["bor"], change, now)).works(now)
    await publish(pool, people, now, POPULAR)
    assert await state(pool, POPULAR) == "published"
    later = now + changes.DAY
    async with transaction(pool, later - timedelta(seconds=1)) as tx:
        assert await changes.expire(tx, later - timedelta(seconds=1)) == []
    async with transaction(pool, later) as tx:
        assert [one.name for one in await changes.expire(tx, later)] == [POPULAR]
    assert await state(pool, POPULAR) == "lifted"
    with pytest.raises(GuardRefused):
        await propose(pool, people["ana"], later, POPULAR)


async def test_a_name_that_becomes_protected_loses_its_block_at_once(
    pool: Pool, now: datetime, people: People
) -> None:
    await publish(pool, people, now, "www.pekarna.example", "evil.example")
    change = await ask(pool, people["ana"], "pekarna.example", now, "add")
    await agree(pool, people["bor"], change, now)
    assert await state(pool, "www.pekarna.example") == "lifted"
    assert await state(pool, "evil.example") == "published"
    with pytest.raises(GuardRefused):
        await propose(pool, people["ana"], now, "a.pekarna.example")
    async with transaction(pool, now) as tx:
        await changes.end(tx, people["bor"], change.uuid, "a mistake", now)
    await propose(pool, people["ana"], now, "a.pekarna.example")


@pytest.mark.parametrize(
    ("name", "rule"),
    [("gov.si", "constituency"), ("www.nlb.si", "official"), ("posta.hr", "official"),
     ("letsencrypt.org", "infrastructure"), ("google.com", "control_name")],
)  # fmt: skip
async def test_what_is_official_or_must_resolve_can_never_be_taken_out(
    pool: Pool, now: datetime, people: People, name: str, rule: str
) -> None:
    for who in ("ana", "ada"):
        with pytest.raises(Refused):
            await ask(pool, people[who], name, now)
    found = {(action, of) for _, action, of in await refusals(pool)}
    assert found <= {("neverblock:propose", each) for each in (rule, "brand")}
    assert found


async def test_one_person_alone_or_two_of_one_role_change_nothing(
    pool: Pool, now: datetime, people: People
) -> None:
    change = await ask(pool, people["both"], POPULAR, now)
    with pytest.raises(Refused, match="another person"):
        await agree(pool, people["both"], change, now)
    with pytest.raises(Refused, match="another role"):
        await agree(pool, people["bor"], change, now)
    with pytest.raises(Denied):
        await agree(pool, people["ana"], change, now)
    with pytest.raises(GuardRefused):
        await propose(pool, people["ana"], now, POPULAR)
    assert {rule for _, _, rule in await refusals(pool)} >= {"four_eyes", "same_role"}


async def test_only_a_few_names_can_be_out_at_one_time(
    pool: Pool, now: datetime, people: People
) -> None:
    names = ["sofascore.com", "flashscore.com", "livescore.com", "accuweather.com", "windy.com"]
    for name in names:
        await ask(pool, people["ana"], name, now)
    with pytest.raises(Refused, match="end one first"):
        await ask(pool, people["ada"], "transfermarkt.com", now)
    await ask(pool, people["ada"], "transfermarkt.com", now + changes.DAY)


@pytest.mark.parametrize("name", ["evil.example", "www.sofascore.com", "", "a..b", "1.2.3.4"])
async def test_what_is_on_no_list_cannot_be_taken_out(
    pool: Pool, now: datetime, people: People, name: str
) -> None:
    with pytest.raises(BadChange):
        await ask(pool, people["ana"], name, now)


async def test_a_change_works_once(pool: Pool, now: datetime, people: People) -> None:
    change = await ask(pool, people["ana"], POPULAR, now)
    with pytest.raises(NoChange):
        await agree(pool, people["bor"], change, now + changes.DAY)
    await agree(pool, people["bor"], change, now)
    with pytest.raises(NoChange):
        await agree(pool, people["bor"], change, now)
    async with pool.connection() as db:
        assert [c.name for c in await changes.list_all(db, people["bor"], now=now)] == [POPULAR]
