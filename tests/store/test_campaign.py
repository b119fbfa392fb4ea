"""Reports of one operation come together, with reasons, also when they come at once."""

import asyncio
import os
from datetime import datetime

import pytest

from tests.store.world import own_party, report
from zvon.ml.template import signature
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.observable import Observable, ObservableType
from zvon.store import campaign
from zvon.store.campaign import Joined, Joining, Key, Link, enough
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

T = ObservableType


def domain(name: str) -> Key:
    return Key(Observable(T.REGISTERED, name), True, "SAME_DOMAIN")


def text(name: str) -> Key:
    return Key(Observable(T.TEMPLATE, name), False, "SAME_TEXT")


def sender(name: str) -> Key:
    return Key(Observable(T.SENDER, name), False, "SAME_SENDER")


async def joined(pool: Pool, now: datetime, *keys: Key) -> Joined:
    async with transaction(pool, now) as tx:
        record_id, _ = await report(tx, now, await campaign_party(pool, now))
        return await campaign.join(tx, record_id, keys, now, random=os.urandom(RANDOM_BYTES))


async def campaign_party(pool: Pool, now: datetime):  # type: ignore[no-untyped-def]
    from zvon.store import party

    async with pool.connection() as db:
        try:
            return await party.own(db)
        except party.NoOwnParty:
            return await own_party(pool, now)


async def test_one_strong_key_joins_and_is_shown_with_its_count(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    first = await joined(pool, now, domain("a.example"))
    again = await joined(pool, now, domain("a.example"))
    third = await joined(pool, now, domain("a.example"), text("t1"))
    assert first.created
    assert not again.created
    assert first.campaign_id == again.campaign_id == third.campaign_id
    (link,) = third.links
    assert (link.code, link.value, link.reports) == ("SAME_DOMAIN", "a.example", 2)
    assert link.weight > 0


async def test_one_medium_key_is_not_enough_and_two_kinds_are(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    first = await joined(pool, now, text("t1"), sender("+44"))
    alone = await joined(pool, now, text("t1"), sender("+33"))
    both = await joined(pool, now, text("t1"), sender("+44"))
    assert alone.campaign_id != first.campaign_id
    assert both.campaign_id == first.campaign_id
    assert {link.code for link in both.links} == {"SAME_TEXT", "SAME_SENDER"}


async def test_a_report_that_ties_two_campaigns_merges_them(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    one = await joined(pool, now, domain("a.example"))
    two = await joined(pool, now, domain("b.example"))
    tie = await joined(pool, now, domain("a.example"), domain("b.example"))
    assert tie.campaign_id == one.campaign_id
    assert tie.merged == (two.campaign_id,)
    async with read(pool, SYSTEM) as db:
        old = await campaign.get(db, two.campaign_id)
        assert old.merged_into == one.campaign_id
        assert old.reports == 0
        assert (await campaign.by_uuid(db, two.uuid)).reports == 3
    later = await joined(pool, now, domain("b.example"))
    assert later.campaign_id == one.campaign_id


async def test_two_reports_of_one_wave_at_once_found_one_campaign(
    pool: Pool, now: datetime
) -> None:
    await own_party(pool, now)
    found = await asyncio.gather(*(joined(pool, now, domain("w.example")) for _ in range(5)))
    assert len({each.campaign_id for each in found}) == 1
    assert sum(each.created for each in found) == 1


async def test_a_batch_of_two_waves_is_two_campaigns_with_every_report_counted(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    known = await joined(pool, now, domain("a.example"))
    async with transaction(pool, now) as tx:
        batch = []
        for name in ("a.example", "b.example", "a.example", "b.example", "b.example"):
            record_id, _ = await report(tx, now, home)
            uuid = uuid7(now, os.urandom(RANDOM_BYTES))
            batch.append(Joining(record_id=record_id, keys=(domain(name),), at=now, uuid=uuid))
        await campaign.note_keys(tx, batch)
        seats = await campaign.join_all(tx, batch, now)
    assert [seat.created for seat in seats] == [False, True, False, False, False]
    assert {seats[0].campaign_id, seats[2].campaign_id} == {known.campaign_id}
    assert len({seats[n].campaign_id for n in (1, 3, 4)}) == 1
    async with read(pool, SYSTEM) as db:
        assert (await campaign.get(db, known.campaign_id)).reports == 3
        assert (await campaign.get(db, seats[1].campaign_id)).reports == 3
    next_a, next_b = [await joined(pool, now, domain(f"{n}.example")) for n in "ab"]
    assert (next_a.links[0].reports, next_b.links[0].reports) == (3, 3)


async def test_a_batch_that_ties_old_campaigns_and_new_ones_leaves_one(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    one = await joined(pool, now, domain("a.example"))
    two = await joined(pool, now, domain("b.example"))
    async with transaction(pool, now) as tx:
        batch = []
        for names in (["c.example"], ["b.example"], ["a.example", "b.example", "c.example"]):
            record_id, _ = await report(tx, now, home)
            uuid = uuid7(now, os.urandom(RANDOM_BYTES))
            found = tuple(domain(name) for name in names)
            batch.append(Joining(record_id=record_id, keys=found, at=now, uuid=uuid))
        await campaign.note_keys(tx, batch)
        seats = await campaign.join_all(tx, batch, now)
    assert {seat.campaign_id for seat in seats} == {one.campaign_id}
    assert [seat.merged for seat in seats] == [(), (), (two.campaign_id,)]
    async with read(pool, SYSTEM) as db:
        assert (await campaign.get(db, one.campaign_id)).reports == 5
        assert (await campaign.get(db, two.campaign_id)).merged_into == one.campaign_id


async def test_joining_twice_changes_nothing(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    async with transaction(pool, now) as tx:
        record_id, _ = await report(tx, now, home)
        random = os.urandom(RANDOM_BYTES)
        first = await campaign.join(tx, record_id, [domain("a.example")], now, random=random)
        second = await campaign.join(tx, record_id, [domain("a.example")], now, random=random)
        assert first.campaign_id == second.campaign_id
        assert (await campaign.get(tx.db, first.campaign_id)).reports == 1


async def test_a_key_of_too_many_campaigns_links_nothing(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    common = text("parking page")
    async with transaction(pool, now) as tx:
        for n in range(campaign.SUPPRESSED + 1):
            record_id, _ = await report(tx, now, home)
            await campaign.join(tx, record_id, [domain(f"d{n}.example"), common], now,
                                random=os.urandom(RANDOM_BYTES))  # fmt: skip
    strong = Key(common.observable, True, "SAME_TEXT")
    assert (await joined(pool, now, strong)).created


async def test_alike_texts_share_a_template_and_others_do_not(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    lure = (
        "Vaš račun bo danes zaprt, ker niste potrdili podatkov; to storite na {} še pred koncem dne"
    )
    texts = [lure.format("https://a.example/1"), lure.format("https://b.example/2"),
             "Jutri ob osmih se dobimo pred šolo, prinesi copate, malico in zvezek za matematiko"]  # fmt: skip
    names = []
    async with transaction(pool, now) as tx:
        for each in texts:
            sketch = signature(each)
            assert sketch is not None
            names.append(await campaign.family(tx, sketch))
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([("SAME_DOMAIN", True, 6.9)], True),
        ([("SAME_DOMAIN", True, 2.9)], False),
        ([("SAME_TEXT", False, 6.9)], False),
        ([("SAME_TEXT", False, 6.9), ("SAME_TEXT", False, 6.9)], False),
        ([("SAME_TEXT", False, 6.9), ("SAME_SENDER", False, 6.9)], True),
        ([("SAME_TEXT", False, 3.0), ("SAME_SENDER", False, 3.0)], False),
    ],
)
def test_what_is_enough_to_link(links: list[tuple[str, bool, float]], expected: bool) -> None:
    found = [
        (Key(Observable(T.DOMAIN, code), strong, code),
         Link(code=code, type=T.DOMAIN, value=code, reports=1, weight=weight))
        for code, strong, weight in links
    ]  # fmt: skip
    assert enough(found) is expected
