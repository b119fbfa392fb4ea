"""One report through `assess.report`: verdict, campaign, incident and answer together."""

import asyncio
from collections.abc import Sequence
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
from zvon.store.transaction import Pool, Tx, transaction
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


async def test_two_waves_in_one_batch_are_two_incidents_and_a_bad_report_harms_nobody(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own_party(pool, AT)
    lures = [
        *(LURE.format("hitri.edavki-vracilo.example") for _ in range(3)),
        *(
            f"NLB: potrdite račun v 24 urah https://nlb-prijava.edavki-vracilo.example/{n}"
            for n in "ab"
        ),
        *("Mama, nova številka je +44 7700 900123, nujno rabim 800 EUR" for _ in range(2)),
    ]
    ids = [await stored(pool, AT, message(text)) for text in lures]
    bad = await stored(pool, AT, message(LURE.format("example")))
    give, batches = answer.give, list[int]()

    async def refusing(tx: Tx, answers: Sequence[answer.Given], now: datetime) -> None:
        batches.append(len(answers))
        if bad in {each.report.record_id for each in answers}:
            raise RuntimeError("bad")
        await give(tx, answers, now)

    monkeypatch.setattr(answer, "give", refusing)
    job = context(pool, lambda: AT)
    done = await asyncio.gather(
        *(assess(job, {"record_id": each}) for each in [*ids, bad]), return_exceptions=True
    )
    assert [type(each) for each in done] == [type(None)] * len(ids) + [RuntimeError]
    assert max(batches) > 1
    waves, incidents, answered, verdicts = await row(
        pool,
        """
        select count(distinct campaign_id), count(distinct incident_id),
               count(*) filter (where status = 'answered'), (select count(*) from verdict
               where record_id is not null)
        from report
        """,
    )
    assert waves == incidents > 1
    assert answered == verdicts == len(ids)
    of_first = "select incident_id from report where record_id = any(%s)"
    (together,) = await row(
        pool, f"select count(distinct incident_id) from ({of_first}) r", ids[:3]
    )
    (count,) = await row(
        pool, f"select report_count from incident where id = ({of_first})", ids[:1]
    )
    assert (together, count) == (1, 3)


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
