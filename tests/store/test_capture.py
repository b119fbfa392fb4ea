"""Looks are read back as they were taken, belong to their report, and serve others for minutes."""

import os
from datetime import datetime, timedelta

import pytest
from msgspec import structs

from tests.store.world import new_uuid, other_party, own_party, report, somebody
from zvon.model.page import Asked, Capture, Form, Hop, Outcome, PageFacts, Vantage
from zvon.store import capture, evidence_file
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

URL = "https://a.example/i"
KEY = bytes(32)


def look(
    now: datetime, url: str = URL, stage: int = 3, vantage: Vantage = Vantage.PLAIN
) -> Capture:
    return Capture(url=url, stage=stage, vantage=vantage, outcome=Outcome.UNREACHABLE,
                   reason="no_answer", at=now)  # fmt: skip


FACTS = PageFacts(
    hops=(Hop("https://k.example/x", 302, "http"), Hop(URL, 200)), status=200, title="Pošta\x00 \ud800",
    lang="sl", text="Vpišite kartico \x00 \udfff.", forms=(Form((Asked.CARD,), "b.example"),),
    skeleton="ab" * 16, nodes=50, favicon=-7, links_out={"www\x00.example": 2}, hints=("eval",),
    onward="https://c.example/", business=("firm",),
)  # fmt: skip


async def test_a_look_is_read_back_whole(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    async with transaction(pool, now) as tx:
        record_id, _ = await report(tx, now, home)
        sha = await evidence_file.put(tx, KEY, os.urandom, kind="html", media_type="text/html",
                                 body=b"<p>", now=now)  # fmt: skip
        taken = structs.replace(look(now), outcome=Outcome.SEEN, reason="", facts=FACTS, read="OCR",
                                phash=(1 << 64) - 5, html=sha.hex(), took_ms=12)  # fmt: skip
        (uuid,) = await capture.put(tx, record_id, [taken], os.urandom)
    async with read(pool, SYSTEM) as db:
        (found,) = await capture.of_record(db, record_id)
        assert await capture.one(db, uuid) == found
        assert await capture.of_url(db, URL) == [found]
        with pytest.raises(capture.NoCapture):
            await capture.one(db, new_uuid(now))
    cleaned = structs.replace(FACTS, title="Pošta ?", text="Vpišite kartico  ?.",
                              links_out={"www.example": 2})  # fmt: skip
    assert found == structs.replace(taken, uuid=uuid, facts=cleaned)


async def test_the_newest_look_of_each_vantage_is_fresh(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    soon, other = now + timedelta(minutes=3), "https://b.example/"
    async with transaction(pool, now) as tx:
        record_id, _ = await report(tx, now, home)
        await capture.put(tx, record_id, [look(now), look(soon), look(now, other)], os.urandom)
        await capture.put(
            tx, None,
            [look(now, stage=4, vantage=Vantage.PHONE), look(soon, stage=4, vantage=Vantage.DESKTOP)],
            os.urandom,
        )  # fmt: skip
        assert await capture.put(tx, record_id, [], os.urandom) == []
        three = await capture.fresh(tx.db, [URL, other], 3, now - timedelta(minutes=1))
        assert {url: [each.at for each in found] for url, found in three.items()} == {
            URL: [soon], other: [now]}  # fmt: skip
        four = await capture.fresh(tx.db, [URL], 4, now - timedelta(minutes=1))
        assert {each.vantage for each in four[URL]} == {Vantage.PHONE, Vantage.DESKTOP}
        assert list(await capture.fresh(tx.db, [URL, other], 3, now)) == [URL]
        assert len(await capture.of_url(tx.db, URL, most=3)) == 3


async def test_looks_are_seen_by_those_who_see_the_report(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    bank = await other_party(pool, now)
    analyst, teller = (
        await somebody(pool, now, home, "ana"),
        await somebody(pool, now, bank, "tina"),
    )
    async with transaction(pool, now) as tx:
        record_id, _ = await report(tx, now, home)
        (uuid,) = await capture.put(tx, record_id, [look(now)], os.urandom)
    async with read(pool, analyst) as db:
        assert len(await capture.of_record(db, record_id)) == 1
    async with read(pool, teller) as db:
        assert await capture.of_record(db, record_id) == []
        assert await capture.of_url(db, URL) == []
        with pytest.raises(capture.NoCapture):
            await capture.one(db, uuid)
