"""Bytes become a message and its values, or are set aside with the reason; nothing is lost."""

import asyncio
import random
from datetime import datetime

import pytest

from tests.collect.intake import context_of, decode_all, hand_in, waiting_jobs
from tests.collect.open.papers import locked, packed, png, qr
from tests.store.world import own_party, somebody
from zvon.collect.decode import decode
from zvon.collect.jobs import JOBS
from zvon.collect.replay import NotWaiting, replay
from zvon.model.observable import ObservableType as T
from zvon.model.report import Channel, Receipt
from zvon.respond.fixtures import fixture
from zvon.store import party, quarantine, raw, report
from zvon.store.ingest import NEAR, REPORTER, SAID, SHOWN
from zvon.store.party import Party
from zvon.store.report import ReportDetail
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

LURE = "Vaš paket čaka: https://paket.lipa.example/a?t=8KX21P\n\nPrijavitelj: Jan, 040 000 199"


async def detail(pool: Pool, now: datetime, receipt: Receipt, login: str = "ana") -> ReportDetail:
    viewer = await somebody(pool, now, await own_party_again(pool), login)
    async with read(pool, viewer) as db:
        return await report.get(db, viewer, receipt.uuid)


async def own_party_again(pool: Pool) -> Party:
    async with pool.connection() as db:
        return await party.own(db)


async def test_a_decoded_report_has_its_message_and_its_values_by_side(
    pool: Pool, now: datetime
) -> None:
    await own_party(pool, now)
    receipt = await hand_in(pool, LURE.encode(), now)
    await decode_all(pool, now)
    found = await detail(pool, now, receipt)
    assert found.status == "decoded"
    assert found.message is not None
    assert found.message.text == "Vaš paket čaka: https://paket.lipa.example/a?t=8KX21P"
    assert found.message.remark == "Prijavitelj: Jan, 040 000 199"
    assert {(v.type, v.value, v.role) for v in found.observables} == {
        (T.URL, "https://paket.lipa.example/a?t=8KX21P", SAID),
        (T.DOMAIN, "paket.lipa.example", SAID),
        (T.REGISTERED, "lipa.example", NEAR),
        (T.PHONE, "+38640000199", REPORTER),
    }
    assert [name for name, _ in await waiting_jobs(pool)] == ["collect.decode", "collect.enrich"]


async def test_a_job_that_runs_twice_changes_nothing_more(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    await hand_in(pool, LURE.encode(), now)
    await decode_all(pool, now)
    before = await waiting_jobs(pool)
    await decode_all(pool, now)
    assert await waiting_jobs(pool) == before


async def test_the_shown_name_of_a_link_is_kept_apart_from_its_target(
    pool: Pool, now: datetime
) -> None:
    await own_party(pool, now)
    mail = fixture("R03")
    receipt = await hand_in(pool, mail.body, now, media_type=mail.media_type, channel=Channel.EMAIL)
    await decode_all(pool, now)
    roles = {(v.type, v.value): v.role for v in (await detail(pool, now, receipt)).observables}
    assert roles[T.URL, "https://www.posta.si/placilo"] == SHOWN
    assert (T.DOMAIN, "www.posta.si") not in roles
    assert (T.REGISTERED, "posta.si") not in roles
    assert roles[T.DOMAIN, "moj-racun.posta-slo.example"] == SAID
    assert roles[T.REGISTERED, "posta-slo.example"] == NEAR
    assert roles[T.IPV4, "203.0.113.25"] == SAID
    assert roles[T.IPV4, "10.20.30.41"] == REPORTER
    assert roles[T.EMAIL, "janez.kovac@lipa.example"] == REPORTER


async def test_a_card_number_is_not_even_in_the_bytes_that_are_kept(
    pool: Pool, now: datetime
) -> None:
    await own_party(pool, now)
    body = b"Kartica 4111 1111 1111 1111 in 4111111111111111, https://a.lipa.example/"
    receipt = await hand_in(pool, body, now)
    await decode_all(pool, now)
    viewer = await somebody(pool, now, await own_party_again(pool), "ana")
    async with read(pool, viewer) as db:
        rows = await (
            await db.execute(
                "select payload::text from record union all select value from observable"
            )
        ).fetchall()
        found = await report.get(db, viewer, receipt.uuid)
        kept = await raw.get(db, found.raw_sha256)
    assert kept == b"Kartica **** **** **** 1111 in ************1111, https://a.lipa.example/"
    assert found.message is not None
    assert "card-masked" in found.message.warnings
    stored = " ".join(row[0] for row in rows)
    assert "4111 1111" not in stored
    assert "41111111" not in stored
    assert "**** **** **** 1111" in stored


@pytest.mark.parametrize(
    ("body", "media_type", "reason"),
    [
        (random.Random(7).randbytes(4096), "text/plain", "binary"),
        (random.Random(7).randbytes(4096), "message/rfc822", "binary"),
        (b"%PDF-1.7\n" + b"a" * 100, "application/pdf", "PDF"),
        (b"Content-Type: multipart/mixed; boundary=a\n\n" * 400, "message/rfc822", "parts"),
        (b"Content-Type: message/rfc822\n\n" * 50 + b"Hej", "message/rfc822", "deeper"),
        (b"\n" * 2_000_000 + b"a", "message/rfc822", "lines"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_set_aside_and_its_sender_is_answered(
    pool: Pool, now: datetime, body: bytes, media_type: str, reason: str
) -> None:
    await own_party(pool, now)
    receipt = await hand_in(pool, body, now, media_type=media_type)
    await decode_all(pool, now)
    found = await detail(pool, now, receipt)
    assert (found.status, found.answer) == ("quarantined", "looking")
    assert found.quarantine is not None
    assert reason in found.quarantine
    assert [name for name, _ in await waiting_jobs(pool)] == ["collect.decode"]
    viewer = await somebody(pool, now, await own_party_again(pool), "ida")
    async with read(pool, viewer) as db:
        assert await raw.get(db, found.raw_sha256) == body


async def test_ten_megabytes_of_text_are_read_to_the_limit_and_kept_whole(
    pool: Pool, now: datetime
) -> None:
    await own_party(pool, now)
    body = b"https://paket.lipa.example/a " + b"Vas paket caka. " * 655_000
    receipt = await hand_in(pool, body, now)
    await decode_all(pool, now)
    found = await detail(pool, now, receipt)
    assert found.status == "decoded"
    assert found.message is not None
    assert "text-cut" in found.message.warnings
    assert len(found.message.text) <= 500_000
    assert (T.URL, "https://paket.lipa.example/a") in {(v.type, v.value) for v in found.observables}


async def test_a_quarantined_report_is_read_again_when_we_have_learned_to(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own_party(pool, now)
    receipt = await hand_in(pool, b"\x00\x01\x02\x03 https://a.lipa.example/", now)
    await decode_all(pool, now)
    viewer = await somebody(pool, now, await own_party_again(pool), "ana")
    async with read(pool, viewer) as db:
        [row] = await quarantine.waiting(db, viewer)
    monkeypatch.setattr("zvon.formats.decode.MAX_CONTROL", 1.0)
    record_id = await replay(pool, viewer, row.id, now)
    await decode(context_of(pool, now), {"record_id": record_id})
    assert (await detail(pool, now, receipt, "ida")).status == "decoded"
    async with read(pool, viewer) as db:
        assert await quarantine.waiting(db, viewer) == []
    with pytest.raises(NotWaiting):
        await replay(pool, viewer, row.id, now)


def test_both_jobs_of_the_way_are_registered() -> None:
    assert {"collect.decode", "collect.enrich"} <= set(JOBS)


@pytest.mark.slow
async def test_the_same_report_a_thousand_times_is_a_thousand_reports_and_one_input(
    pool: Pool, now: datetime
) -> None:
    await own_party(pool, now)
    gate = asyncio.Semaphore(6)

    async def through() -> str:
        async with gate:
            return (await hand_in(pool, LURE.encode(), now)).report

    numbers = await asyncio.gather(*(through() for _ in range(1000)))
    assert len(set(numbers)) == 1000

    async def decoded(payload: dict[str, object]) -> None:
        async with gate:
            await decode(context_of(pool, now), payload)

    await asyncio.gather(*(decoded(payload) for _, payload in await waiting_jobs(pool)))
    async with read(pool, SYSTEM) as db:
        row = await (
            await db.execute(
                """
                select (select count(*) from report where status = 'decoded'),
                       (select count(*) from raw_input), (select count(*) from observable),
                       (select count(*) from occurrence),
                       (select count(*) from pgqueuer where entrypoint = 'collect.enrich')
                """
            )
        ).fetchone()
    assert row == (1000, 1, 4, 4000, 1000)


async def test_after_bombs_the_next_report_is_read(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    bombs = [png(60_000, 60_000), packed({"a.txt": b"0" * 30_000_000}), b"%PDF-1.7\n%%EOF",
             locked("a.txt", b"skrivnost"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(900)]  # fmt: skip
    receipts = [await hand_in(pool, bomb, now, media_type="image/png") for bomb in bombs]
    last = await hand_in(pool, qr("https://paket.lipa.example/a"), now, media_type="image/png")
    await decode_all(pool, now)
    async with read(pool, SYSTEM) as db:
        rows = await (
            await db.execute(
                "select r.number, r.status, r.answer, q.reason from report r"
                " left join quarantine q on q.record_id = r.record_id order by r.record_id"
            )
        ).fetchall()
    assert [row[:3] for row in rows[:-1]] == [
        (r.report, "quarantined", "looking") for r in receipts
    ]
    assert all(row[3] for row in rows[:-1])
    assert rows[-1][:2] == (last.report, "decoded")
