"""Second looks at blocks that end, and the clocks that people are held to."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from tests.blocks import People, people_of, proposal
from tests.justifications import justified
from tests.respond.test_jobs import context
from tests.store.world import reported
from zvon.collect.look import look
from zvon.jobs import Context
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.retest import Advice, RetestFacts, advise
from zvon.respond.jobs import JOBS
from zvon.store import appeal, block, evidence, observable, party, subscriber
from zvon.store.block import BlockRow
from zvon.store.observable import code_of, digest
from zvon.store.transaction import Pool, transaction

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = datetime.fromisoformat("2026-11-22T09:00:00+00:00")


@pytest.fixture
async def running(pool: Pool, now: datetime, tmp_path: Path) -> Context:
    return await context(pool, now, tmp_path)


@pytest.fixture
async def people(pool: Pool, running: Context, now: datetime) -> People:
    return await people_of(pool, now)


def at(running: Context, when: datetime) -> Context:
    return structs.replace(running, clock=lambda: when)


async def live(
    pool: Pool, people: People, now: datetime, name: str = "evil.example", **more: object
) -> BlockRow:
    async with transaction(pool, now) as tx:
        found = await party.own(tx.db)
    incident = await reported(pool, now, found)
    wanted = structs.replace(
        proposal(now, name), expires_at=None, incident_uuid=incident.incident_uuid, **more
    )
    async with transaction(pool, now) as tx:
        rows = await block.propose(tx, people["ana"], wanted, now, os.urandom)
        (row,) = await block.approve(tx, people["bor"], [r.uuid for r in rows], "seen", now)
    return row


async def seen(pool: Pool, people: People, row: BlockRow) -> BlockRow:
    async with transaction(pool, NOW) as tx:
        return (await block.get(tx.db, people["ana"], row.uuid)).block


async def say(pool: Pool, name: str, code: EvidenceCode, value: str, when: datetime) -> None:
    """DNS said something of a name."""
    about = Observable(ObservableType.DOMAIN, name)
    async with transaction(pool, when) as tx:
        await observable.known_ids(
            tx, [(digest(code_of(about), name.encode()), code_of(about), name)]
        )
        fact = Evidence(observable=about, code=code, value=value, source="dns", seen_at=when)
        await evidence.put(tx, None, [fact])


async def story(pool: Pool) -> list[str]:
    async with transaction(pool, NOW) as tx:
        rows = await (
            await tx.execute("select code from timeline where code like '%RETEST%' or code like"
                             " '%OVERDUE' order by id")
        ).fetchall()  # fmt: skip
    return [row[0] for row in rows]


async def queued(pool: Pool, name: str) -> int:
    async with pool.connection() as db:
        row = await (
            await db.execute("select count(*) from pgqueuer where entrypoint = %s", (name,))
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_day_before_its_end_a_person_is_asked(
    pool: Pool, running: Context, people: People, now: datetime
) -> None:
    row = await live(pool, people, now)
    early = now + 13 * DAY - HOUR
    await JOBS["respond.retest"](at(running, early), {})
    assert (await seen(pool, people, row)).advice is None
    late = now + 13 * DAY
    await JOBS["respond.retest"](at(running, late), {})
    assert (await seen(pool, people, row)).advice == "look"
    assert await queued(pool, "collect.look") == 1
    await JOBS["respond.retest"](at(running, late), {})  # once is enough
    assert await queued(pool, "collect.look") == 1
    await say(pool, row.name, EvidenceCode.ADDRESSES, "203.0.113.9", late)
    async with transaction(pool, late) as tx:
        await tx.execute("update incident set last_at = %s", (late - DAY,))
    for _ in range(2):
        await JOBS["respond.advise"](at(running, late), {"blocks": [str(row.uuid)]})
    after = await seen(pool, people, row)
    assert (after.advice, after.advised_at, after.state) == ("renew", late, "published")
    assert await story(pool) == ["BLOCK_RETEST_LOOK", "BLOCK_RETEST_RENEW"]
    async with transaction(pool, late) as tx:
        page = await block.board(tx.db, people["ana"], advised=True)
        assert [one.block.uuid for one in page.rows] == [row.uuid]
        (kept,) = await block.renew(tx, people["bor"], [row.uuid], late + 14 * DAY, "alive", late)
    assert (kept.advice, kept.retest_at) == (None, late + 13 * DAY)


async def test_a_compromised_site_is_looked_at_every_ten_minutes(
    pool: Pool, running: Context, people: People, now: datetime
) -> None:
    row = await live(pool, people, now, "shop.example", category="compromised_site")
    for minutes in (10, 15, 20):
        await JOBS["respond.retest"](at(running, now + timedelta(minutes=minutes)), {})
    assert await queued(pool, "collect.look") == 2
    late = now + HOUR
    await say(pool, row.name, EvidenceCode.ADDRESSES, "203.0.113.9", late)
    await JOBS["respond.advise"](at(running, late), {"blocks": [str(row.uuid)]})
    assert (await seen(pool, people, row)).advice == "look"  # DNS says nothing of one page


async def test_a_resolver_that_applies_our_blocks_is_no_witness(
    pool: Pool, running: Context, people: People, now: datetime
) -> None:
    row = await live(pool, people, now)
    late = now + 13 * DAY
    await say(pool, row.name, EvidenceCode.ABSENT, "NXDOMAIN", late)
    await justified(pool, people["ada"], people["bor"], now)
    async with transaction(pool, now) as tx:
        await subscriber.add(
            tx, people["ada"], name="t2", brand="bind", address="192.0.2.7", feeds=("si",),
            notify_address="192.0.2.7:53", probe_address="192.0.2.7:53", mode="enforce", now=now,
            random=os.urandom, key=bytes(32),
        )  # fmt: skip
    for resolver, advice in (("192.0.2.7:53", "look"), (None, "look"), ("192.0.2.99:53", "lift")):
        asking = structs.replace(
            at(running, late), settings=running.settings.model_copy(update={"resolver": resolver})
        )
        await JOBS["respond.advise"](asking, {"blocks": [str(row.uuid)]})
        assert (await seen(pool, people, row)).advice == advice, resolver


async def test_looking_without_a_network_hands_on_all_the_same(
    pool: Pool, running: Context, people: People, now: datetime
) -> None:
    row = await live(pool, people, now)
    nowhere = running.settings.model_copy(update={"resolver": "127.0.0.1:9", "rdap_url": ""})
    asked = {"names": [row.name, "\x00bad"], "blocks": [str(row.uuid)], "then": "respond.advise"}
    await look(structs.replace(running, settings=nowhere), asked)
    assert await queued(pool, "respond.advise") == 1


async def test_what_is_overdue_alarms_in_the_story(
    pool: Pool, running: Context, people: People, now: datetime
) -> None:
    row = await live(pool, people, now)
    async with transaction(pool, now) as tx:
        await appeal.file(tx, name=row.name, text="mine", contact="", lang="sl", now=now,
                          random=os.urandom, key=bytes(32))  # fmt: skip
    for hours in (23, 24, 25):
        await JOBS["respond.appeal"](at(running, now + hours * HOUR), {})
    assert await story(pool) == ["APPEAL_OVERDUE"]


@pytest.mark.parametrize(
    ("facts", "advice"),
    [
        (RetestFacts(), Advice.LOOK),
        (RetestFacts(resolves_at=NOW), Advice.LOOK),
        (RetestFacts(resolves_at=NOW, hits=3), Advice.RENEW),
        (RetestFacts(resolves_at=NOW, reported_at=NOW - 6 * DAY), Advice.RENEW),
        (RetestFacts(resolves_at=NOW, reported_at=NOW - 8 * DAY, hits=0), Advice.LOOK),
        (RetestFacts(resolves_at=NOW - 2 * DAY, hits=3), Advice.LOOK),
        (RetestFacts(absent_at=NOW), Advice.LIFT),
        (RetestFacts(absent_at=NOW, hits=1), Advice.LOOK),
        (RetestFacts(absent_at=NOW, reported_at=NOW), Advice.LOOK),
        (RetestFacts(absent_at=NOW - 2 * DAY), Advice.LOOK),
        (RetestFacts(absent_at=NOW, resolves_at=NOW - HOUR), Advice.LIFT),
        (RetestFacts(absent_at=NOW - HOUR, resolves_at=NOW, hits=1), Advice.RENEW),
        (RetestFacts(resolves_at=NOW, hits=9, compromised=True), Advice.LOOK),
        (RetestFacts(absent_at=NOW, compromised=True), Advice.LIFT),
    ],
)
def test_the_first_rule_that_applies_decides(facts: RetestFacts, advice: Advice) -> None:
    assert advise(facts, NOW) is advice
