"""One report through `assess.report`: verdict, campaign, incident and answer together."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.assess.message import message
from tests.assess.stored import context, row, stored
from tests.store.world import own_party
from zvon.assess import jobs
from zvon.assess.jobs import assess
from zvon.cli.demo.world import World
from zvon.collect.enrich import enrich
from zvon.model.advice import NameAdvice
from zvon.model.scope import Scope
from zvon.model.verdict import Verdict, VerdictWord
from zvon.respond.fixtures import world
from zvon.store import answer, brand, verdict
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

AT = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
LURE = (
    "DARS: vaša vinjeta je neveljavna, plačajte 8,10 EUR v 24 urah: https://evinjeta-placilo.{}/p"
)


async def judged(pool: Pool, text: str, w: World, *, remark: str = "") -> int:
    job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url)
    record_id = await stored(pool, AT, message(text, remark=remark))
    await enrich(job, {"record_id": record_id})
    await assess(job, {"record_id": record_id})
    return record_id


async def latest(pool: Pool, record_id: int) -> tuple[Verdict, tuple[NameAdvice, ...]]:
    async with read(pool, SYSTEM) as db:
        found = await verdict.latest(db, record_id)
    assert found is not None
    return found


async def test_a_lure_gets_verdict_campaign_incident_and_answer(pool: Pool) -> None:
    await own_party(pool, AT)
    async with World(world(), lambda: AT) as w:
        url = LURE.format("hitri.edavki-vracilo.example")
        record_id = await judged(pool, url, w, remark="Kodo sem že vpisala.")
    found, (advice,) = await latest(pool, record_id)
    assert found.word is VerdictWord.MALICIOUS
    assert found.brand == "si.dars"
    assert (advice.name, advice.scope) == ("edavki-vracilo.example", Scope.REGISTRABLE_SUB)
    status, kind, addons, campaign, incident = await row(
        pool,
        "select status, answer, answer_addons, campaign_id, incident_id from report"
        " where record_id = %s",
        record_id,
    )
    assert (status, kind, addons) == ("answered", "dangerous", ["code"])
    assert campaign is not None
    assert incident is not None


async def test_the_same_job_twice_judges_once(pool: Pool) -> None:
    await own_party(pool, AT)
    async with World(world(), lambda: AT) as w:
        record_id = await judged(pool, LURE.format("example"), w)
        await assess(context(pool, lambda: AT), {"record_id": record_id})
    assert (await row(pool, "select count(*) from verdict where record_id = %s", record_id))[0] == 1


async def test_an_official_link_is_answered_and_makes_no_incident(pool: Pool) -> None:
    await own_party(pool, AT)
    async with transaction(pool, AT) as tx:
        await brand.verify(tx, "si.nlb", "desk@nlb", AT)
    record_id = await stored(pool, AT, message("NLB: novosti na https://www.nlb.si/novice"))
    await assess(context(pool, lambda: AT), {"record_id": record_id})
    kind, incident = await row(
        pool, "select answer, incident_id from report where record_id = %s", record_id
    )
    assert (kind, incident) == ("official", None)


async def test_a_wave_assessed_at_once_is_one_campaign_and_one_incident(pool: Pool) -> None:
    await own_party(pool, AT)
    async with World(world(), lambda: AT) as w:
        texts = list(w.kit_reports("parcels", 18, 3))
        job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url)
        ids = []
        for text in texts:
            _, _, body = text.partition(") ")
            ids.append(await stored(pool, AT, message(body)))
            await enrich(job, {"record_id": ids[-1]})
        for start in range(0, len(ids), 5):
            await asyncio.gather(
                *(assess(job, {"record_id": each}) for each in ids[start : start + 5])
            )
    campaigns, incidents = await row(
        pool, "select count(distinct campaign_id), count(distinct incident_id) from report"
    )
    assert (campaigns, incidents) == (1, 1)
    (names,) = await row(
        pool,
        "select count(*) from incident_name n where scope <> 'none'"
        " and incident_id = (select max(incident_id) from report)",
    )
    assert names == 6


async def test_nothing_is_written_when_the_answer_cannot_be(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own_party(pool, AT)
    record_id = await stored(pool, AT, message(LURE.format("example")))

    async def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(answer, "give", broken)
    with pytest.raises(RuntimeError):
        await jobs.assess(context(pool, lambda: AT), {"record_id": record_id})
    assert (await row(pool, "select count(*) from verdict"))[0] == 0
    assert (await row(pool, "select count(*) from campaign"))[0] == 0
