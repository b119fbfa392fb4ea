"""A night later: what only a common key held together falls apart, what belongs comes together."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.store.campaigns import came, domain, page, rejoin, state, text
from tests.store.world import new_uuid, own_party, report, somebody
from zvon.store import campaign, campaign_recluster, campaign_step
from zvon.store.campaign import Joined, Joining, Key
from zvon.store.campaign_board import SUPPRESSED
from zvon.store.party import Party
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read


async def flood(
    pool: Pool, now: datetime, home: Party, rows: Sequence[Sequence[Key]]
) -> list[Joined]:
    """Reports in one batch, without incidents."""
    async with transaction(pool, now) as tx:
        batch = []
        for keys in rows:
            record_id, _ = await report(tx, now, home)
            batch.append(Joining(record_id=record_id, keys=tuple(keys), at=now, uuid=new_uuid(now)))
        await campaign.note_keys(tx, batch)
        return await campaign.join_all(tx, batch, now)


async def night(pool: Pool, now: datetime) -> tuple[int, int]:
    """What the job does; how many campaigns were made and how many went into others."""
    async with transaction(pool, now) as tx:
        await campaign_recluster.mark(tx, now)
    async with read(pool, SYSTEM) as db:
        doubtful = await campaign_recluster.doubtful(db, now)
    made = 0
    for each in doubtful:
        async with transaction(pool, now) as tx:
            made += await campaign_recluster.split(tx, each, now, os.urandom)
    async with transaction(pool, now) as tx:
        return made, await campaign_recluster.join(tx, now)


async def campaigns(pool: Pool) -> list[int]:
    """How many reports each living campaign has."""
    async with read(pool, SYSTEM) as db:
        rows = await db.execute(
            "select count(*) from report group by campaign_id order by count(*) desc, campaign_id"
        )
        return [row[0] for row in await rows.fetchall()]


async def test_a_page_of_many_surroundings_holds_nothing_together(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    many = SUPPRESSED + 1
    rows = [[domain(f"d{n}.example"), page("default", f"d{n}")] for n in range(many)]
    await flood(pool, now, home, [*rows, rows[0], rows[0]])
    assert await campaigns(pool) == [many + 2]
    assert await night(pool, now) == (many - 1, 0)
    assert await campaigns(pool) == [3, *[1] * (many - 1)]
    assert await night(pool, now) == (0, 0)
    (late,) = await flood(pool, now, home, [[domain("late.example"), page("default", "late")]])
    assert late.created


async def test_a_kit_on_many_domains_of_one_wave_stays_one_campaign(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    rows = [[domain(f"d{n}.example"), page("kit", "text-1")] for n in range(SUPPRESSED + 5)]
    await flood(pool, now, home, rows)
    assert await night(pool, now) == (0, 0)
    assert await campaigns(pool) == [SUPPRESSED + 5]


async def test_the_largest_part_keeps_the_campaign_and_the_incident_follows(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    small = await came(pool, now, home, domain("s.example"), page("both", "s"), name="s.example")
    large = [
        await came(pool, now, home, domain("l.example"), page("both", "l"), name="l.example")
        for _ in range(2)
    ]
    fine = await came(pool, now, home, domain("fine.example"), name="fine.example")
    await rejoin(pool, now, fine, page("both", "x"))
    assert len(await campaigns(pool)) == 1
    async with transaction(pool, now) as tx:  # a person finds that the page is nobody's fault
        made = await campaign_step.part(tx, ana, small.joined.uuid, [fine.uuid], "benign", now,
                                        os.urandom)  # fmt: skip
        await tx.execute(
            "update incident set verdict = 'benign', verdict_by = %s where campaign_id = %s",
            (ana.person_id, made.id),
        )
    assert await night(pool, now) == (1, 0)
    async with read(pool, SYSTEM) as db:
        old = await campaign.get(db, small.joined.campaign_id)
        assert old.reports == 2
        rows = await db.execute(
            "select i.names, i.report_count from incident i join report r on r.incident_id = i.id"
            " where r.record_id = any(%s) order by i.id",
            ([small.record_id, large[0].record_id],),
        )
        assert await rows.fetchall() == [(["l.example"], 2), (["s.example"], 1)]
    assert await night(pool, now) == (0, 0)


async def test_what_a_person_joined_is_left_alone(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    one, two = [
        await came(pool, now, home, domain(f"{n}.example"), page("p", n), text(n)) for n in "ab"
    ]
    assert one.joined.campaign_id == two.joined.campaign_id
    three = await came(pool, now, home, domain("c.example"))
    async with transaction(pool, now) as tx:
        await campaign_step.merge(tx, ana, one.joined.uuid, three.joined.uuid, "one", now)
        await tx.execute(
            "insert into campaign_key_common select id, 'benign', %s from observable"
            " where value = 'p'",
            (now,),
        )
    assert await night(pool, now) == (0, 0)
    assert await campaigns(pool) == [3]


async def test_campaigns_that_share_a_strong_key_by_now_become_the_older_one(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    one = await came(pool, now, home, domain("a.example"))
    two = await came(pool, now, home, domain("b.example"))
    before = await state(pool, [one.joined.campaign_id])
    async with transaction(pool, now) as tx:  # a key that came while it was held to be common
        for each in (one, two):
            await tx.execute(
                """
                with k as (select id from observable where value = 'a.example'),
                new as (insert into report_key (record_id, observable_id, code, strong)
                        select %(r)s, id, 'SAME_DOMAIN', true from k on conflict do nothing)
                insert into campaign_key (observable_id, campaign_id) select id, %(c)s from k
                on conflict do nothing
                """,
                {"r": each.record_id, "c": each.joined.campaign_id},
            )
    assert await night(pool, now + timedelta(days=1)) == (0, 1)
    async with read(pool, SYSTEM) as db:
        assert (await campaign.get(db, one.joined.campaign_id)).reports == 2
        merged = await campaign.get(db, two.joined.campaign_id)
        assert merged.merged_into == one.joined.campaign_id
    assert await state(pool, [one.joined.campaign_id]) != before
    assert await night(pool, now + timedelta(days=1)) == (0, 0)
