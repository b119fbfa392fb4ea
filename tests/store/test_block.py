"""Blocks through the store, on a real database: four eyes, the gate, the zones."""

import os
from datetime import datetime, timedelta

import psycopg
import pytest
from msgspec import structs

from tests.blocks import People, people_of, proposal, propose, publish, refusals, rules
from zvon.model.ids import uuid7
from zvon.model.lifecycle import BlockState, IllegalMove
from zvon.model.scope import Scope
from zvon.model.zone import test_name as feed_test_name
from zvon.store import block, block_proof, neverblock, party, zone
from zvon.store.block import AlreadyBlocked, GuardRefused, HeldBack, OwnProposal
from zvon.store.transaction import Pool, transaction


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    """Who decides, and the feed with its lists."""
    return await people_of(pool, now)


async def test_an_approved_block_is_in_the_hot_zone_with_its_serial(
    pool: Pool, people: People, now: datetime
) -> None:
    (row,) = await publish(pool, people, now, "Evil.Example.", scope=Scope.REGISTRABLE_SUB)
    assert (row.name, row.state, row.approver) == ("evil.example", BlockState.PUBLISHED, "bor")
    assert await rules(pool, "hot.si.zvon") == {"evil.example": ".", "*.evil.example": "."}
    async with pool.connection() as db:
        (hot,) = [z for z in await zone.zones(db) if z.name == "hot.si.zvon"]
        assert row.published_serial == hot.serial
        journal = await zone.edits(db, hot.id, after=hot.serial - 1, upto=hot.serial)
        assert {(e.serial, e.op, e.owner) for e in journal} == {
            (hot.serial, "add", "evil.example"), (hot.serial, "add", "*.evil.example"),
        }  # fmt: skip
        detail = await block.get(db, people["ana"], row.uuid)
    assert [step.new for step in detail.steps] == [
        "proposed", "validated", "approved", "published",
    ]  # fmt: skip


async def test_every_feed_blocks_its_test_name_from_the_start(pool: Pool, people: People) -> None:
    async with pool.connection() as db:
        (hot,) = [z for z in await zone.zones(db) if z.name == "hot.si.zvon"]
        async with db.transaction():
            found = [pair async for batch in zone.rules_in(db, hot.id) for pair in batch]
    assert found == [(feed_test_name("si"), ".")]


async def test_nobody_approves_what_they_proposed(
    pool: Pool, people: People, now: datetime
) -> None:
    (row,) = await propose(pool, people["both"], now, "evil.example")
    with pytest.raises(OwnProposal):
        async with transaction(pool, now) as tx:
            await block.approve(tx, people["both"], [row.uuid], "my own", now)
    assert await refusals(pool) == [("both", "block:approve", "four_eyes")]
    assert await rules(pool, "hot.si.zvon") == {}


async def test_the_database_itself_refuses_the_proposer_as_approver(
    pool: Pool, people: People, now: datetime
) -> None:
    (row,) = await propose(pool, people["both"], now, "evil.example")
    async with pool.connection() as db:
        with pytest.raises(psycopg.errors.CheckViolation):
            await db.execute(
                "insert into approval values (%s, %s, %s, true, 'forged', now())",
                (row.id, row.proposer_id, row.proposer_id),
            )
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            await db.execute(
                "insert into approval values (%s, %s, %s, true, 'forged', now())",
                (row.id, people["ana"].person_id, row.proposer_id),
            )
        with pytest.raises(psycopg.Error):
            await db.execute("update block set state = 'approved' where id = %s", (row.id,))
        with pytest.raises(psycopg.errors.CheckViolation):
            await db.execute(
                "insert into zone_rule select id, 'evil.example', '.', %s, 9 from zone"
                " where kind = 'hot'",
                (row.id,),
            )
        with pytest.raises(psycopg.errors.CheckViolation):
            await db.execute(
                "insert into zone_rule select id, 'evil.example', '.', null, 9 from zone"
                " where kind = 'hot'"
            )


@pytest.mark.parametrize(
    ("name", "scope", "rule"),
    [
        ("posta.si", Scope.HOST, "official"),
        ("sledenje.posta.si", Scope.HOST, "official"),
        ("www.gov.si", Scope.HOST, "constituency"),
        ("weebly.com", Scope.HOST, "public_suffix"),
        ("pages.dev", Scope.HOST_SUB, "public_suffix"),
        ("co.uk", Scope.HOST, "public_suffix"),
        ("si", Scope.HOST_SUB, "public_suffix"),
        ("google.com", Scope.REGISTRABLE_SUB, "popular"),
        ("windows.com", Scope.REGISTRABLE_SUB, "popular"),
        ("localhost", Scope.HOST, "public_suffix"),
    ],
)
async def test_a_protected_name_is_refused_whoever_asks(
    pool: Pool, people: People, now: datetime, name: str, scope: Scope, rule: str
) -> None:
    with pytest.raises(GuardRefused) as refused:
        await propose(pool, people["both"], now, "evil.example", name, scope=scope)
    assert rule in {finding.rule for finding in refused.value.findings}
    async with pool.connection() as db:
        assert (await block.board(db, people["ana"])).rows == ()
    assert [actor for actor, _, _ in await refusals(pool)] == ["both"]


async def test_the_gate_runs_again_when_it_is_published(
    pool: Pool, people: People, now: datetime
) -> None:
    (row,) = await propose(pool, people["ana"], now, "shop.example")
    async with transaction(pool, now) as tx:
        await tx.execute("insert into constituency (kind, value) values ('domain', 'shop.example')")
    with pytest.raises(GuardRefused):
        async with transaction(pool, now) as tx:
            await block.approve(tx, people["bor"], [row.uuid], "go on", now)
    assert await rules(pool, "hot.si.zvon") == {}


async def test_a_missing_list_stops_publishing(pool: Pool, people: People, now: datetime) -> None:
    (row,) = await propose(pool, people["ana"], now, "evil.example")
    async with transaction(pool, now) as tx:
        await tx.execute("delete from neverblock where name = 'google.com'")
    with pytest.raises(GuardRefused) as refused:
        async with transaction(pool, now) as tx:
            await block.approve(tx, people["bor"], [row.uuid], "go on", now)
    assert refused.value.findings[0].rule == "not_ready"


async def test_loading_the_lists_twice_changes_nothing(
    pool: Pool, people: People, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        assert await neverblock.load(tx, now) == []


async def test_a_large_batch_is_held_until_another_role_releases_it(
    pool: Pool, people: People, now: datetime
) -> None:
    rows = await propose(pool, people["ana"], now, *(f"d{n}.example" for n in range(51)))
    assert {row.state for row in rows} == {BlockState.HELD}
    assert {row.held_rule for row in rows} == {"brake_batch"}
    uuids = [row.uuid for row in rows]
    with pytest.raises(HeldBack):
        async with transaction(pool, now) as tx:
            await block.approve(tx, people["bor"], uuids, "all of them", now)
    async with transaction(pool, now) as tx:
        released = await block.release(tx, people["bor"], uuids, "a known campaign", now)
    assert {row.state for row in released} == {BlockState.VALIDATED}
    assert await rules(pool, "hot.si.zvon") == {}


async def test_many_small_batches_meet_the_same_brake(
    pool: Pool, people: People, now: datetime
) -> None:
    await propose(pool, people["ana"], now, *(f"a{n}.example" for n in range(50)))
    (row,) = await propose(pool, people["ana"], now, "one-more.example")
    assert (row.state, row.held_rule) == (BlockState.HELD, "brake_ten_minutes")
    (later,) = await propose(pool, people["ana"], now + timedelta(minutes=11), "later.example")
    assert later.state is BlockState.VALIDATED


async def test_a_name_is_blocked_once(pool: Pool, people: People, now: datetime) -> None:
    await publish(pool, people, now, "evil.example")
    with pytest.raises(AlreadyBlocked) as error:
        await propose(pool, people["ana"], now, "evil.example", "other.example")
    assert error.value.names == ("evil.example",)


async def test_a_lifted_name_leaves_the_zone_and_can_be_blocked_again(
    pool: Pool, people: People, now: datetime
) -> None:
    (row,) = await publish(pool, people, now, "evil.example")
    async with transaction(pool, now) as tx:
        (lifted,) = await block.lift(tx, people["bor"], [row.uuid], "a mistake", now)
    assert (lifted.state, lifted.lift_reason) == (BlockState.LIFTED, "a mistake")
    assert await rules(pool, "hot.si.zvon") == {}
    with pytest.raises(IllegalMove):
        async with transaction(pool, now) as tx:
            await block.lift(tx, people["bor"], [row.uuid], "once more", now)
    await publish(pool, people, now, "evil.example")
    assert await rules(pool, "hot.si.zvon") == {"evil.example": "."}


async def test_reject_and_withdraw_belong_to_different_people(
    pool: Pool, people: People, now: datetime
) -> None:
    first, second = await propose(pool, people["ana"], now, "one.example", "two.example")
    async with transaction(pool, now) as tx:
        (row,) = await block.reject(tx, people["bor"], [first.uuid], "no evidence", now)
        assert row.state is BlockState.REJECTED
    with pytest.raises(PermissionError):
        async with transaction(pool, now) as tx:
            await block.withdraw(tx, people["both"], [second.uuid], "not mine", now)
    async with transaction(pool, now) as tx:
        (row,) = await block.withdraw(tx, people["ana"], [second.uuid], "was wrong", now)
        assert row.state is BlockState.WITHDRAWN


async def test_an_expired_block_is_dropped_and_a_stale_proposal_withdrawn(
    pool: Pool, people: People, now: datetime
) -> None:
    (live,) = await publish(pool, people, now, "evil.example")
    (stale,) = await propose(pool, people["ana"], now, "waiting.example")
    async with transaction(pool, now) as tx:
        assert await block_proof.expire(tx, now + timedelta(days=13)) == []
    late = now + timedelta(days=14)
    async with transaction(pool, late) as tx:
        assert len(await block_proof.expire(tx, late)) == 2
    async with pool.connection() as db:
        done = await block.get(db, people["ana"], live.uuid)
        other = await block.get(db, people["ana"], stale.uuid)
    assert (done.block.state, done.block.lift_reason) == (BlockState.LIFTED, "expired")
    assert other.block.state is BlockState.WITHDRAWN
    assert await rules(pool, "hot.si.zvon") == {}


async def test_popular_names_from_a_list_that_is_not_ours_are_refused_whole(
    pool: Pool, people: People, now: datetime
) -> None:
    """The day in 2012 when one officer blocked 8,000 legitimate sites in Denmark, in small.

    The names are written here from memory and not taken from the shipped lists; a few of them are
    in none of these lists, and the batch is refused all the same.
    """
    popular = [
        "www.wikipedia.org",
        "en.wikipedia.org",
        "accounts.google.com",
        "www.facebook.com",
        "web.whatsapp.com",
        "login.live.com",
        "outlook.office.com",
        "www.apple.com",
        "store.steampowered.com",
        "www.bbc.co.uk",
        "www.nytimes.com",
        "news.ycombinator.com",
        "www.amazon.de",
        "www.ebay.com",
        "www.booking.com",
        "www.linkedin.com",
        "www.reddit.com",
        "duckduckgo.com",
        "www.24ur.com",
        "www.rtvslo.si",
        "www.index.hr",
        "www.jutarnji.hr",
        "www.spiegel.de",
        "www.orf.at",
        "kernel.org",
        "github.com",
        "stackoverflow.com",
    ]
    unknown = [f"small-shop-{n}.com" for n in range(20)]
    for who in ("ana", "both"):
        with pytest.raises(GuardRefused) as refused:
            await propose(pool, people[who], now, *popular, *unknown)
        missed = set(popular) - {finding.name for finding in refused.value.findings}
        assert missed <= {"news.ycombinator.com"}
    assert await rules(pool, "hot.si.zvon") == {}
    async with pool.connection() as db:
        assert (await block.board(db, people["ana"])).rows == ()
    assert len(await refusals(pool)) == 2


async def test_two_colluding_people_cannot_block_a_protected_name_either(
    pool: Pool, people: People, now: datetime
) -> None:
    rows = await propose(pool, people["ana"], now, "evil.example")
    async with transaction(pool, now) as tx:
        with pytest.raises(psycopg.errors.CheckViolation):
            async with tx.db.transaction():
                await tx.execute(
                    "update block set name = 'google.com' where id = %s", (rows[0].id,)
                )
    for scope in (Scope.HOST, Scope.REGISTRABLE_SUB):
        with pytest.raises(GuardRefused):
            await propose(pool, people["both"], now, "google.com", scope=scope)


async def test_an_incident_that_allows_no_visible_action_is_not_blocked(
    pool: Pool, people: People, now: datetime
) -> None:
    uuid = uuid7(now, os.urandom(10))
    async with transaction(pool, now) as tx:
        own = await party.own(tx.db)
        await tx.execute(
            """
            with r as (insert into record (uuid, kind, org_id, orgc_id, created_at, modified_at,
                                           tlp, pap, payload)
              values (%s, 'incident', %s, %s, %s, %s, 2, 2, '{}') returning id)
            insert into incident (uuid, number, record_id, title, first_at, last_at)
            select %s, 'I-26-000001', id, 'TITLE', %s, %s from r
            """,
            (uuid7(now, os.urandom(10)), own.id, own.id, now, now, uuid, now, now),
        )
    with pytest.raises(GuardRefused) as refused:
        async with transaction(pool, now) as tx:
            await block.propose(
                tx, people["ana"],
                structs.replace(proposal(now, "evil.example"), incident_uuid=uuid), now, os.urandom,
            )  # fmt: skip
    assert [finding.rule for finding in refused.value.findings] == ["pap"]
