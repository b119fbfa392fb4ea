"""A flood with known truth comes to lie in about as many campaigns as there are gangs."""

import os
from datetime import UTC, datetime
from typing import Any, cast

from bench.campaign import figures, seat, stored
from bench.campaign_world import Seen, b_cubed, flood
from tests.assess.message import AT, message, registered
from tests.store.world import own_party
from zvon.assess.recluster import recluster
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Lang
from zvon.store import campaign
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read


def context_of(pool: Pool) -> Context:
    return Context(pool=pool, settings=Settings(), node=cast(Any, None),
                   clock=lambda: datetime.now(UTC), random=os.urandom)  # fmt: skip


async def seated(pool: Pool, now: datetime, seen: list[Seen]) -> list[int]:
    """The record ids of reports that were judged and seated, twenty at a time."""
    home = await own_party(pool, now)
    ids = await stored(pool, seen, home.id)
    rows = list(zip(ids, seen, strict=True))
    for start in range(0, len(rows), 20):
        await seat(context_of(pool), rows[start : start + 20])
    return ids


def looked_at(text: str, url: str, lang: Lang, *rows: tuple[EvidenceCode, str]) -> Seen:
    """A report whose page was seen."""
    about = Observable(ObservableType.URL, url)
    evidence = [
        Evidence(observable=about, code=code, value=value, source="test", seen_at=AT, stage=3,
                 params={"nodes": 90})
        for code, value in rows
    ]  # fmt: skip
    name = url.split("/")[2]
    return Seen(truth=lang.value, message=message(f"{text} {url}", lang=lang), at=AT,
                evidence=(*evidence, *registered(name, 2, registrar=lang.value)))  # fmt: skip


async def test_a_flood_is_few_cards_and_a_review_changes_nothing(pool: Pool, now: datetime) -> None:
    seen = flood(282, seed=11)
    ids = await seated(pool, now, seen)
    found = await figures(pool, seen, ids)
    assert found["reports_per_card"] >= 30
    assert found["b3_f1"] >= 0.9
    await recluster(context_of(pool), {})
    assert await figures(pool, seen, ids) == found


async def test_slovene_and_croatian_skins_of_one_kit_are_one_campaign_and_parking_is_none(
    pool: Pool, now: datetime
) -> None:
    kit = [(EvidenceCode.SKELETON, "kit"), (EvidenceCode.FORM, "card")]
    parking = [(EvidenceCode.SKELETON, "park"), (EvidenceCode.FAVICON, "1")]
    seen = [
        looked_at("Pošta Slovenije: paket čaka, uredite dostavo še danes in plačajte 0,27 EUR",
                  "https://posta-si-paket.example/i", Lang.SL, *kit),
        looked_at("Hrvatska pošta: pošiljka stoji u sortirnici, dopunite adresu u roku 24 sata",
                  "https://hp-posiljka-adresa.example/a", Lang.HR, *kit),
        *(looked_at(f"Zanima me {n}, ali je stran v redu", f"https://posta-si-{n}.example/",
                    Lang.SL, *parking) for n in ("ena", "dva", "tri")),
    ]  # fmt: skip
    ids = await seated(pool, now, seen)
    async with read(pool, SYSTEM) as db:
        rows = await db.execute(
            "select campaign_id, count(*) from report where record_id = any(%s) group by 1"
            " order by 2 desc",
            (ids,),
        )
        (first, largest), *others = await rows.fetchall()
        assert largest == 2
        assert [n for _, n in others] == [1, 1, 1]
        assert (await campaign.get(db, first)).reports == 2


def test_b_cubed_is_that_of_the_paper() -> None:
    assert b_cubed(["a", "a", "b"], [1, 1, 2]) == (1.0, 1.0, 1.0)
    precision, recall, _ = b_cubed(["a", "a", "b", "b"], [1, 1, 1, 1])
    assert (precision, recall) == (0.5, 1.0)
    precision, recall, _ = b_cubed(["a", "a", "b", "b"], [1, 2, 3, 4])
    assert (precision, recall) == (1.0, 0.5)
