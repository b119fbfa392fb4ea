"""People cut and join campaigns; a cut sticks, and every step can be taken back."""

import os
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.store.campaigns import Came, came, domain, lies_in, rejoin, sender, state, text
from tests.store.world import other_party, own_party, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.store import campaign, campaign_step
from zvon.store.campaign import Campaign
from zvon.store.campaign_gate import BadStep
from zvon.store.party import Party
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read


class Wave:
    """A campaign of four reports: three of one domain, one tied by text and sender."""

    def __init__(self, pool: Pool, now: datetime, home: Party, who: Viewer) -> None:
        self.pool, self.now, self.home, self.who = pool, now, home, who
        self.reports: list[Came] = []

    async def add(self, *keys: campaign.Key, name: str = "a.example") -> Came:
        one = await came(self.pool, self.now, self.home, *keys, name=name)
        self.reports.append(one)
        return one

    async def part(self, *reports: Came) -> Campaign:
        async with transaction(self.pool, self.now) as tx:
            return await campaign_step.part(
                tx, self.who, self.reports[0].joined.uuid, [r.uuid for r in reports],
                "another sender", self.now, os.urandom,
            )  # fmt: skip

    async def merge(self, into: Came, other: Came) -> Campaign:
        async with transaction(self.pool, self.now) as tx:
            return await campaign_step.merge(
                tx, self.who, into.joined.uuid, other.joined.uuid, "one gang", self.now
            )

    async def steps(self, campaign_id: int) -> list[campaign_step.Step]:
        async with read(self.pool, SYSTEM) as db:
            return await campaign_step.history(db, self.who, campaign_id)

    async def undo_last(self, campaign_id: int) -> Campaign:
        from zvon.store import campaign_undo

        step = next(s for s in await self.steps(campaign_id) if s.undone_at is None)
        async with transaction(self.pool, self.now) as tx:
            return await campaign_undo.undo(
                tx, self.who, step.uuid, self.now + timedelta(minutes=1)
            )


@pytest.fixture
async def wave(pool: Pool, now: datetime) -> Wave:
    home = await own_party(pool, now)
    made = Wave(pool, now, home, await somebody(pool, now, home, "ana"))
    await made.add(domain("a.example"), text("t"), sender("+44"))
    await made.add(domain("a.example"))
    await made.add(domain("a.example"))
    await made.add(text("t"), sender("+44"), name="b.example")
    return made


async def test_a_report_taken_out_gets_a_campaign_and_an_incident_of_its_own(wave: Wave) -> None:
    old = wave.reports[0].joined.campaign_id
    made = await wave.part(wave.reports[3])
    assert made.id != old
    assert made.reports == 1
    async with read(wave.pool, SYSTEM) as db:
        stays, gone = await lies_in(db, wave.reports[0]), await lies_in(db, wave.reports[3])
        rows = await db.execute(
            "select i.id, i.report_count, i.names, c.number from incident i"
            " join campaign c on c.id = i.campaign_id order by i.id"
        )
        cards = {row[0]: (row[1], row[2], row[3]) for row in await rows.fetchall()}
    assert gone[0] == made.id
    assert gone[1] != stays[1]
    assert cards[stays[1]][:2] == (3, ["a.example"])
    assert cards[gone[1]] == (1, ["b.example"], made.number)
    (step,) = await wave.steps(old)
    assert (step.kind, step.person, step.reason, step.reports) == (
        "part", "ana", "another sender", 1,
    )  # fmt: skip


async def test_a_cut_sticks_against_the_same_keys_and_against_a_tie(wave: Wave) -> None:
    old = wave.reports[0].joined.campaign_id
    made = await wave.part(wave.reports[3])
    again = await rejoin(wave.pool, wave.now, wave.reports[3], text("t"), sender("+44"))
    assert again.campaign_id == made.id
    tie = await wave.add(domain("a.example"), text("t"), sender("+44"))
    assert tie.joined.merged == ()
    assert tie.joined.campaign_id == old  # the stronger links
    async with read(wave.pool, SYSTEM) as db:
        assert (await campaign.get(db, made.id)).merged_into is None


async def test_undo_of_a_cut_restores_everything_and_the_keys_tie_again(wave: Wave) -> None:
    old = wave.reports[0].joined.campaign_id
    before = await state(wave.pool, [old])
    made = await wave.part(wave.reports[3])
    assert await state(wave.pool, [old]) != before
    await wave.undo_last(old)
    assert await state(wave.pool, [old]) == before
    async with read(wave.pool, SYSTEM) as db:
        assert (await campaign.by_uuid(db, made.uuid)).id == old
    tie = await wave.add(text("t"), sender("+44"))
    assert tie.joined.campaign_id == old
    (step,) = await wave.steps(old)
    assert step.undone_by == "ana"


async def test_undo_of_a_cut_takes_home_what_came_since(wave: Wave) -> None:
    old = wave.reports[0].joined.campaign_id
    made = await wave.part(wave.reports[3])
    late = await wave.add(sender("+44"), text("t"), domain("b.example"), name="b.example")
    later = await wave.add(domain("b.example"), name="b.example")
    await wave.undo_last(old)
    async with read(wave.pool, SYSTEM) as db:
        assert (await campaign.get(db, old)).reports == 6
        assert (await campaign.get(db, made.id)).reports == 0
        home = await lies_in(db, wave.reports[0])
        assert {await lies_in(db, each) for each in (late, later)} == {home}
        row = await (
            await db.execute("select report_count from incident where id = %s", (home[1],))
        ).fetchone()
    assert row == (6,)


async def test_a_split_by_a_key_takes_all_reports_that_have_it(wave: Wave) -> None:
    old = wave.reports[0].joined.campaign_id
    async with transaction(wave.pool, wave.now) as tx:
        row = await (
            await tx.execute("select id from observable where value = 'a.example'")
        ).fetchone()
        assert row is not None
        made = await campaign_step.split(
            tx, wave.who, wave.reports[0].joined.uuid, row[0], "hosting default", wave.now,
            os.urandom,
        )  # fmt: skip
        assert (made.reports, (await campaign.get(tx.db, old)).reports) == (3, 1)
        with pytest.raises(LookupError):
            await campaign_step.split(
                tx, wave.who, wave.reports[0].joined.uuid, row[0], "again", wave.now, os.urandom
            )
    later = await wave.add(domain("a.example"))
    assert later.joined.campaign_id == made.id


async def test_two_campaigns_put_together_are_one_card_and_undo_restores_both(wave: Wave) -> None:
    other = await wave.add(domain("z.example"), name="z.example")
    old, new = wave.reports[0].joined.campaign_id, other.joined.campaign_id
    before = await state(wave.pool, [old, new])
    merged = await wave.merge(wave.reports[0], other)
    assert (merged.id, merged.reports) == (old, 5)
    async with read(wave.pool, SYSTEM) as db:
        assert await lies_in(db, other) == await lies_in(db, wave.reports[0])
    await wave.undo_last(old)
    after = await state(wave.pool, [old, new])
    assert after == before


async def test_a_merge_of_people_ends_an_earlier_cut_and_its_undo_brings_the_cut_back(
    wave: Wave,
) -> None:
    old = wave.reports[0].joined.campaign_id
    made = await wave.part(wave.reports[3])
    parted = await state(wave.pool, [old, made.id])
    async with transaction(wave.pool, wave.now + timedelta(seconds=1)) as tx:
        await campaign_step.merge(tx, wave.who, wave.reports[0].joined.uuid, made.uuid,
                                  "one after all", wave.now + timedelta(seconds=1))  # fmt: skip
    assert (await state(wave.pool, [old, made.id]))["apart"] is None
    await wave.undo_last(old)
    assert await state(wave.pool, [old, made.id]) == parted


async def test_a_merge_of_the_machine_that_is_taken_back_does_not_come_again(wave: Wave) -> None:
    one = await wave.add(domain("x.example"), name="x.example")
    two = await wave.add(domain("y.example"), name="y.example")
    tie = await wave.add(domain("x.example"), domain("y.example"), name="y.example")
    assert tie.joined.merged == (two.joined.campaign_id,)
    (step,) = await wave.steps(one.joined.campaign_id)
    assert (step.kind, step.person, step.reason) == ("merge", None, "SAME_DOMAIN")
    await wave.undo_last(one.joined.campaign_id)
    async with read(wave.pool, SYSTEM) as db:
        assert (await campaign.get(db, two.joined.campaign_id)).reports == 1
        assert (await lies_in(db, two))[1] != (await lies_in(db, one))[1]
    again = await wave.add(domain("x.example"), domain("y.example"))
    assert again.joined.merged == ()


async def test_an_older_step_waits_for_the_later_one(wave: Wave) -> None:
    from zvon.store import campaign_undo

    other = await wave.add(domain("z.example"))
    old = wave.reports[0].joined.campaign_id
    await wave.merge(other, wave.reports[0])
    (step,) = await wave.steps(old)
    async with transaction(wave.pool, wave.now) as tx:
        await campaign_step.part(tx, wave.who, other.joined.uuid, [wave.reports[1].uuid], "no",
                                 wave.now, os.urandom)  # fmt: skip
        with pytest.raises(campaign_undo.NotLast):
            await campaign_undo.undo(tx, wave.who, step.uuid, wave.now)


async def test_what_makes_no_sense_is_refused(wave: Wave) -> None:
    with pytest.raises(BadStep, match="all reports"):
        await wave.part(*wave.reports)
    with pytest.raises(BadStep, match="itself"):
        await wave.merge(wave.reports[0], wave.reports[0])
    with pytest.raises(LookupError):
        await wave.part(Came(0, uuid4(), wave.reports[0].joined))


async def test_only_the_operators_people_who_decide_may(wave: Wave) -> None:
    bank = await other_party(wave.pool, wave.now)
    for who in (
        await somebody(wave.pool, wave.now, bank, "bo"),
        await somebody(wave.pool, wave.now, wave.home, "rev", roles=("auditor",)),
    ):
        wave.who = who
        with pytest.raises(Denied):
            await wave.part(wave.reports[3])
