"""What a page shows ties campaigns also when it comes after the answer."""

from datetime import UTC, datetime

from tests.assess.message import message
from tests.assess.stored import context, row, stored
from tests.store.world import own_party
from zvon.assess.jobs import assess
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.store import brand, evidence
from zvon.store.transaction import Pool, transaction

AT = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
TEXTS = (
    "Vaša vinjeta je neveljavna, plačajte 8,10 EUR v 24 urah na https://cestnina-si.example/p",
    "Pošiljka stoji v sortirnici, dopunite adresu do petka https://paket-upis.example/adresa",
)


async def seen(pool: Pool, record_id: int, url: str, *rows: tuple[EvidenceCode, str]) -> None:
    about = Observable(ObservableType.URL, url)
    async with transaction(pool, AT) as tx:
        await evidence.put(
            tx, record_id,
            [Evidence(observable=about, code=code, value=value, source="test", seen_at=AT,
                      stage=3, params={"nodes": 80}) for code, value in rows],
        )  # fmt: skip


async def test_the_page_of_a_kit_ties_two_answered_reports_and_their_incidents(
    pool: Pool,
) -> None:
    await own_party(pool, AT)
    job = context(pool, lambda: AT, fetch=False, render=False)
    records = [await stored(pool, AT, message(text)) for text in TEXTS]
    for each in records:
        await assess(job, {"record_id": each})
    apart = "select count(distinct campaign_id), count(distinct incident_id) from report"
    assert await row(pool, apart) == (2, 2)
    for each, text in zip(records, TEXTS, strict=True):
        await seen(pool, each, text.split()[-1], (EvidenceCode.SKELETON, "5eed"),
                   (EvidenceCode.FORM, "card"))  # fmt: skip
        await assess(job, {"record_id": each, "again": True})
    assert await row(pool, apart) == (1, 1)
    verdicts = await row(pool, "select count(*) from verdict where record_id = any(%s)", records)
    for each in records:
        await assess(job, {"record_id": each, "again": True})
    assert await row(pool, apart) == (1, 1)
    again = await row(pool, "select count(*) from verdict where record_id = any(%s)", records)
    assert again == verdicts


async def test_what_a_good_page_looks_like_ties_nothing(pool: Pool) -> None:
    await own_party(pool, AT)
    job = context(pool, lambda: AT, fetch=False, render=False)
    good = "NLB obvestilo https://www.nlb.si/prijava/vstop"
    texts = (good, *TEXTS)
    records = [await stored(pool, AT, message(text)) for text in texts]
    async with transaction(pool, AT) as tx:
        await brand.verify(tx, "si.nlb", "desk@nlb", AT)
    for each, text in zip(records, texts, strict=True):
        await seen(pool, each, text.split()[-1], (EvidenceCode.SKELETON, "bank"),
                   (EvidenceCode.FORM, "password"))  # fmt: skip
        await assess(job, {"record_id": each})
    assert await row(pool, "select word from verdict where record_id = %s", records[0]) == (
        "benign",
    )
    assert await row(
        pool, "select count(distinct campaign_id) from report where campaign_id is not null"
    ) == (2,)
