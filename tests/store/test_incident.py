"""Incidents: one for each campaign, taking up reports, folding together, taken back by a peer."""

import asyncio
from datetime import datetime, timedelta

import pytest
from psycopg import DatabaseError

from tests.store.world import (
    ADVICE,
    Reported,
    campaign,
    new_uuid,
    other_party,
    own_party,
    reported,
    somebody,
    verdict,
)
from zvon.access.viewer import Viewer
from zvon.model.advice import Action, NameAdvice
from zvon.model.lifecycle import BLOCK_MOVES, INCIDENT_MOVES
from zvon.model.marking import Pap, Tlp
from zvon.model.scope import Scope
from zvon.model.task import TASK_MOVES
from zvon.model.verdict import VerdictWord
from zvon.store import incident
from zvon.store.incident import IncidentDetail, NotFound
from zvon.store.ingest import RecordIn, ingest
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read


async def detail(pool: Pool, viewer: Viewer, found: Reported) -> IncidentDetail:
    async with read(pool, viewer) as db:
        return await incident.get(db, viewer, found.incident_uuid)


async def test_reports_of_one_campaign_share_an_incident(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    first = await reported(pool, now, home, judged=verdict(0.6, VerdictWord.SUSPICIOUS))
    later = now + timedelta(hours=1)
    second = await reported(
        pool, later, home, campaign_id=first.campaign_id, judged=verdict(0.9), rank=4.0
    )
    assert second.incident_id == first.incident_id
    seen = await detail(pool, ana, first)
    assert (seen.state, seen.verdict, seen.probability, seen.report_count) == (
        "new",
        "malicious",
        0.9,
        2,
    )
    assert (seen.first_at, seen.last_at, seen.rank) == (now, later, 4.0)
    assert [(n.name, n.scope, n.reports) for n in seen.names] == [
        (ADVICE.name, "registrable_sub", 2)
    ]
    assert [r.uuid for r in seen.reports] == [second.uuid, first.uuid]
    assert [r.code for r in seen.reasons] == ["BRAND_NOT_OFFICIAL"]
    assert [line.code for line in seen.timeline] == [
        "INCIDENT_CREATED",
        "REPORT_JOINED",
        "REPORT_JOINED",
    ]
    assert seen.tlp == Tlp.AMBER


async def test_a_milder_verdict_of_a_machine_does_not_replace_a_stricter_one(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    first = await reported(pool, now, home, judged=verdict(0.9))
    await reported(
        pool,
        now,
        home,
        campaign_id=first.campaign_id,
        judged=verdict(0.3, VerdictWord.UNDETERMINED),
    )
    assert (await detail(pool, ana, first)).verdict == "malicious"


async def test_the_same_report_twice_counts_once(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    first = await reported(pool, now, home)
    async with transaction(pool, now) as tx:
        again = await incident.for_campaign(
            tx, campaign_id=first.campaign_id, report_record_id=first.record_id, verdict=verdict(),
            title_code="TITLE_PHISHING", title_params={}, names=[ADVICE], rank=1.0, rank_reasons=[],
            now=now,
        )  # fmt: skip
    seen = await detail(pool, ana, first)
    assert again == first.incident_id
    assert (seen.report_count, seen.names[0].reports, len(seen.timeline)) == (1, 1, 2)


async def test_two_first_reports_at_once_make_one_incident(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    async with transaction(pool, now) as tx:
        shared = await campaign(tx, now)
    made = await asyncio.gather(*(reported(pool, now, home, campaign_id=shared) for _ in range(4)))
    assert len({m.incident_id for m in made}) == 1


async def test_incidents_of_merged_campaigns_fold_into_one(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    first = await reported(pool, now, home)
    second = await reported(pool, now, home)
    third = await reported(
        pool, now, home, campaign_id=first.campaign_id, merged=[second.campaign_id]
    )
    assert third.incident_id == first.incident_id
    seen, gone = await detail(pool, ana, first), await detail(pool, ana, second)
    assert (seen.report_count, {r.uuid for r in seen.reports}) == (
        3,
        {first.uuid, second.uuid, third.uuid},
    )
    assert (gone.state, gone.duplicate_uuid) == ("merged", first.incident_uuid)
    assert "INCIDENT_ABSORBED" in [line.code for line in seen.timeline]


async def test_a_red_report_never_joins_an_incident_that_others_see(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    bor = await somebody(pool, now, home, "bor")
    open_one = await reported(pool, now, home)
    red = await reported(
        pool, now, home, campaign_id=open_one.campaign_id, tlp=Tlp.RED, audience=[bor.person_id]
    )
    assert red.incident_id != open_one.incident_id
    assert (await detail(pool, ana, open_one)).report_count == 1
    assert (await detail(pool, bor, red)).tlp == Tlp.RED
    with pytest.raises(NotFound):
        await detail(pool, ana, red)


async def test_an_event_of_a_partner_makes_an_incident_with_the_partners_marking(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    partner = await other_party(pool, now, "HR-CERT")
    machine = await somebody(pool, now, partner, "peer:hr", roles=())
    async with transaction(pool, now) as tx:
        (event,) = await ingest(
            tx,
            [RecordIn(uuid=new_uuid(now), kind="event", created_at=now, modified_at=now,
                      tlp=Tlp.GREEN, pap=Pap.GREEN, payload={}, org_id=home.id,
                      orgc_id=partner.id)],
            now,
        )  # fmt: skip
        made, uuid = await incident.from_peer(
            tx, record_id=event, peer_person_id=machine.person_id, verdict=verdict(),
            title_code="TITLE_PHISHING", title_params={}, names=[ADVICE], now=now,
        )  # fmt: skip
    async with read(pool, ana) as db:
        seen = await incident.get(db, ana, uuid)
    assert (seen.origin, seen.made_by, seen.tlp, seen.state) == (
        "peer",
        "HR-CERT",
        Tlp.GREEN,
        "new",
    )
    assert seen.verdicts[0].person == "peer:hr"
    for _ in range(2):
        async with transaction(pool, now) as tx:
            await incident.withdrawn(tx, made, actor="peer:hr", reason="our error", now=now)
    async with read(pool, ana) as db:
        seen = await incident.get(db, ana, uuid)
    assert seen.state == "rejected"
    assert [line.code for line in seen.timeline].count("EVENT_REVOKED") == 1


async def test_the_database_knows_the_moves_of_the_model_and_no_other(pool: Pool) -> None:
    async with read(pool, SYSTEM) as db:
        rows = await (await db.execute("select kind, old, new from transition")).fetchall()
    expected = {("incident", a.value, b.value) for a, to in INCIDENT_MOVES.items() for b in to}
    expected |= {("block", a.value, b.value) for a, to in BLOCK_MOVES.items() for b in to}
    expected |= {("task", a.value, b.value) for a, to in TASK_MOVES.items() for b in to}
    assert {row for row in rows if row[0] in {"incident", "block", "task"}} == expected


@pytest.mark.parametrize("state", ["closed", "contained", "nonsense"])
async def test_the_database_refuses_a_move_that_the_table_has_not(
    pool: Pool, now: datetime, state: str
) -> None:
    home = await own_party(pool, now)
    found = await reported(pool, now, home)
    with pytest.raises(DatabaseError) as refused:
        async with transaction(pool, now) as tx:
            await tx.execute(
                "update incident set state = %s where id = %s", (state, found.incident_id)
            )
    assert refused.value.sqlstate == "ZV006"


async def test_an_incident_has_the_marking_of_its_record(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    found = await reported(pool, now, home)
    async with transaction(pool, now) as tx:
        await tx.execute("update incident set tlp = 0 where id = %s", (found.incident_id,))
        row = await (await tx.execute("select tlp from incident")).fetchone()
        assert row == (2,)
        await tx.execute(
            "update record set tlp = 3 where id = (select record_id from incident where id = %s)",
            (found.incident_id,),
        )
        row = await (await tx.execute("select tlp from incident")).fetchone()
        assert row == (3,)


async def test_names_that_a_wider_block_covers_fold_into_it(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")

    def advise(name: str, scope: Scope, action: Action = Action.PROPOSE_BLOCK) -> NameAdvice:
        return NameAdvice(name=name, scope=scope, reason="x", action=action)

    narrow = [advise("a.kit.example", Scope.HOST), advise("b.kit.example", Scope.HOST_SUB)]
    kept = [advise("notkit.example", Scope.HOST), advise("shop.kit.example", Scope.HOST, Action.WARN),
            advise("cdn.kit.example", Scope.NONE, Action.NONE)]  # fmt: skip
    wide = advise("kit.example", Scope.REGISTRABLE_SUB)
    first = await reported(pool, now, home, names=[*narrow, *kept])
    await reported(pool, now, home, campaign_id=first.campaign_id, names=[narrow[0], wide])
    await reported(pool, now, home, campaign_id=first.campaign_id, names=[narrow[1]])
    seen = {n.name: n.reports for n in (await detail(pool, ana, first)).names}
    assert seen == {
        "kit.example": 4,
        "notkit.example": 1,
        "shop.kit.example": 1,
        "cdn.kit.example": 1,
    }


async def test_one_more_report_of_a_flood_makes_nobody_late(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    first = await reported(pool, now, home, judged=verdict(0.9))
    seen = (await detail(pool, ana, first)).version
    await reported(pool, now, home, campaign_id=first.campaign_id, judged=verdict(0.9))
    assert (await detail(pool, ana, first)).version == seen
    worse = verdict(0.95, VerdictWord.SUSPICIOUS)
    await reported(pool, now, home, campaign_id=first.campaign_id, judged=worse)
    assert (await detail(pool, ana, first)).version == seen + 1
