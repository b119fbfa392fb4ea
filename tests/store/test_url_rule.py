"""Who may list a page, which pages never, and that a rule always ends."""

import os
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from msgspec.structs import replace
from psycopg.errors import CheckViolation

from tests.blocks import People, people_of, refusals
from tests.pages import PAGE, propose, publish
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.formats.blocklist import Kind
from zvon.model.neverblock import key
from zvon.store import export, url_row, url_rule
from zvon.store.block import AlreadyBlocked, BadProposal, GuardRefused, OwnProposal
from zvon.store.block_gate import Frozen
from zvon.store.transaction import Pool, transaction


@pytest_asyncio.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def listed(pool: Pool) -> set[str]:
    found = set()
    async for batch in export.edition(pool, "si"):
        if not isinstance(batch, export.State):
            found |= {entry.value for entry in batch if entry.kind is Kind.URL}
    return found


async def test_a_page_is_listed_after_a_second_persons_yes(
    pool: Pool, people: People, now: datetime
) -> None:
    rows = await propose(pool, people["ana"], now, PAGE)
    assert (rows[0].state, rows[0].number[:2]) == ("proposed", "U-")
    assert await listed(pool) == set()
    with pytest.raises(OwnProposal):
        async with transaction(pool, now) as tx:
            await url_rule.approve(tx, _both(people), [rows[0].uuid], "me too", now)
    async with transaction(pool, now) as tx:
        done = await url_rule.approve(tx, people["bor"], [rows[0].uuid], "seen it", now)
    assert (done[0].state, done[0].approver) == ("published", "bor")
    assert await listed(pool) == {PAGE}


def _both(people: People) -> Viewer:
    """Ana with Bor's rights: the rule is about the person, not about what they may."""
    return replace(people["ana"], permissions=people["both"].permissions)


async def test_the_database_refuses_one_person_in_both_roles(
    pool: Pool, people: People, now: datetime
) -> None:
    await propose(pool, people["ana"], now, PAGE)
    for sql in ("update url_rule set approver_id = proposer_id",
                "update url_rule set state = 'published'"):  # fmt: skip
        with pytest.raises(CheckViolation):
            async with transaction(pool, now) as tx:
                await tx.db.execute(sql.encode())


@pytest.mark.parametrize("who", ["bor", "ada"])
async def test_who_may_not_propose_is_refused(
    pool: Pool, people: People, now: datetime, who: str
) -> None:
    with pytest.raises(Denied):
        await propose(pool, people[who], now, PAGE)


async def test_an_analyst_can_neither_approve_nor_lift_what_others_proposed(
    pool: Pool, people: People, now: datetime
) -> None:
    rows = await publish(pool, people, now, PAGE)
    with pytest.raises(Denied):
        async with transaction(pool, now) as tx:
            await url_rule.approve(tx, people["ana"], [rows[0].uuid], "yes yes", now)
    with pytest.raises(Denied):
        async with transaction(pool, now) as tx:
            await url_rule.lift(tx, people["ada"], [rows[0].uuid], "no more", now)


@pytest.mark.parametrize("address", [
    "https://nlb.si/", "https://www.posta.si/?utm_source=x", "https://posta.si/index.html",
    "https://gov.si/a", "https://evil.example/", "https://evil.example", "http://10.0.0.1/x",
    "https://ocsp.digicert.com/x/y/z", "https://google.com/", "ftp://evil.example/x",
])  # fmt: skip
async def test_a_protected_front_page_refuses_the_whole_list_and_is_written_down(
    pool: Pool, people: People, now: datetime, address: str
) -> None:
    with pytest.raises(GuardRefused):
        await propose(pool, people["ana"], now, PAGE, address)
    async with pool.connection() as db:
        assert await url_row.select(db, "true", {}) == []
    assert [(actor, action) for actor, action, _ in await refusals(pool)] == [
        ("ana", "block:propose")
    ]


async def test_without_fresh_lists_nothing_is_listed(
    pool: Pool, people: People, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        await tx.execute("delete from neverblock_list where list = 'official'")
    with pytest.raises(GuardRefused, match="official"):
        await propose(pool, people["ana"], now, PAGE)


async def test_the_gate_looks_again_at_approval(pool: Pool, people: People, now: datetime) -> None:
    rows = await propose(pool, people["ana"], now, "https://bakery.example/shop")
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into neverblock (name, list, reason, version, key)"
            " select 'bakery.example', 'infrastructure', 'theirs', version, %s"
            " from neverblock_list where list = 'infrastructure'",
            (key("bakery.example"),),
        )
        await tx.execute("update neverblock_list set size = size + 1 where list = 'infrastructure'")
    with pytest.raises(GuardRefused):
        async with transaction(pool, now) as tx:
            await url_rule.approve(tx, people["bor"], [rows[0].uuid], "seen it", now)


async def test_a_victims_mark_is_not_kept(pool: Pool, people: People, now: datetime) -> None:
    rows = await propose(pool, people["ana"], now, "https://evil.example/i?t=7F3K9Q&page=2#top")
    assert rows[0].url == "https://evil.example/i?page=2"


@pytest.mark.parametrize(("urls", "days", "said"), [
    ((), 2, "at least one"), (("https://a b/x",), 2, "urls"), ((PAGE,), 0, "expires_at"),
    ((PAGE,), 91, "expires_at"), (("javascript:alert(1)",), 2, "urls"),
    (("https://" + "a" * 9000 + ".example/x",), 2, "urls"),
])  # fmt: skip
async def test_a_proposal_that_cannot_be_used_says_why(
    pool: Pool, people: People, now: datetime, urls: tuple[str, ...], days: int, said: str
) -> None:
    bad = url_rule.Proposal(urls=urls, feed="si", reason="because", legal_ground="terms",
                            expires_at=now + timedelta(days=days))  # fmt: skip
    with pytest.raises(BadProposal, match=said):
        async with transaction(pool, now) as tx:
            await url_rule.propose(tx, people["ana"], bad, now, os.urandom)


async def test_a_page_waits_or_lives_once(pool: Pool, people: People, now: datetime) -> None:
    rows = await publish(pool, people, now, PAGE)
    with pytest.raises(AlreadyBlocked):
        await propose(pool, people["ana"], now, PAGE)
    async with transaction(pool, now) as tx:
        await url_rule.lift(tx, people["bor"], [rows[0].uuid], "cleaned up", now)
    assert await listed(pool) == set()
    await propose(pool, people["ana"], now, PAGE)
    with pytest.raises(url_rule.NotInState):
        async with transaction(pool, now) as tx:
            await url_rule.lift(tx, people["bor"], [rows[0].uuid], "again", now)


async def test_one_person_cannot_list_hundreds(pool: Pool, people: People, now: datetime) -> None:
    many = [f"https://evil.example/p/{n}" for n in range(51)]
    with pytest.raises(url_rule.TooMany):
        await propose(pool, people["ana"], now, *many)
    await propose(pool, people["ana"], now, *many[:50])
    with pytest.raises(url_rule.TooMany):
        await propose(pool, people["ana"], now, many[50])


async def test_a_stopped_feed_takes_no_page(pool: Pool, people: People, now: datetime) -> None:
    rows = await propose(pool, people["ana"], now, PAGE)
    async with transaction(pool, now) as tx:
        await tx.execute("update feed set frozen_at = %s, frozen_reason = 'tripwire'", (now,))
    with pytest.raises(Frozen):
        async with transaction(pool, now) as tx:
            await url_rule.approve(tx, people["bor"], [rows[0].uuid], "seen it", now)


async def test_every_rule_ends_by_itself(pool: Pool, people: People, now: datetime) -> None:
    await publish(pool, people, now, PAGE)
    waiting = await propose(pool, people["ana"], now, PAGE + "2")
    for at, ended in ((now + timedelta(days=1), 0), (now + timedelta(days=2), 2)):
        async with transaction(pool, at) as tx:
            assert len(await url_rule.expire(tx, at)) == ended
    assert await listed(pool) == set()
    async with pool.connection() as db:
        states = {r.url: (r.state, r.lift_reason)
                  for r in await url_row.select(db, "true", {})}  # fmt: skip
    assert states == {PAGE: ("lifted", "expired"), waiting[0].url: ("rejected", "expired")}


async def test_a_difference_tells_of_pages_that_came_and_went(
    pool: Pool, people: People, now: datetime
) -> None:
    first = await publish(pool, people, now, PAGE)
    async with pool.connection() as db:
        since = (await export.state(db, "si")).seq
    await publish(pool, people, now, PAGE + "new")
    async with transaction(pool, now) as tx:
        await url_rule.lift(tx, people["bor"], [first[0].uuid], "cleaned up", now)
    async with pool.connection() as db:
        found = await export.names(db, "si", since=since)
    assert [entry.value for entry in found.added] == [PAGE + "new"]
    assert found.removed == ((Kind.URL, PAGE),)


async def test_one_takes_ones_own_proposal_back_and_others_need_the_right(
    pool: Pool, people: People, now: datetime
) -> None:
    mine = await propose(pool, people["ana"], now, PAGE)
    theirs = await propose(pool, people["both"], now, PAGE + "x")
    async with transaction(pool, now) as tx:
        done = await url_rule.reject(tx, people["ana"], [mine[0].uuid], "my mistake", now)
    assert done[0].state == "rejected"
    with pytest.raises(Denied):
        async with transaction(pool, now) as tx:
            await url_rule.reject(tx, people["ana"], [theirs[0].uuid], "not good", now)
