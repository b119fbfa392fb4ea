"""A report that was acknowledged is there: bytes, record, number and job, or nothing of it."""

import asyncio
import os
from datetime import datetime

import pytest

from tests.collect.intake import hand_in, report_in, waiting_jobs
from tests.store.world import other_party, own_party, somebody
from zvon.collect.submit import Empty, TooLarge, submit
from zvon.model.report import MAX_REPORT_BYTES, Door
from zvon.store import raw, report
from zvon.store.party import NoOwnParty
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

BODY = "Vaš paket čaka: https://paket.lipa.example/a".encode()


async def count(pool: Pool, table: str) -> int:
    async with read(pool, SYSTEM) as db:
        row = await (await db.execute(f"select count(*) from {table}")).fetchone()
    assert row is not None
    return int(row[0])


async def test_the_bytes_the_number_and_the_job_are_there_together(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    receipt = await hand_in(pool, BODY, now)
    assert receipt.report == "Z-26-000001"
    assert receipt.status == "received"
    viewer = await somebody(pool, now, home, "ana")
    async with read(pool, viewer) as db:
        detail = await report.get(db, viewer, receipt.uuid)
        assert await raw.get(db, detail.raw_sha256) == BODY
    assert (detail.status, detail.message, detail.channel) == ("received", None, "sms")
    [(name, payload)] = await waiting_jobs(pool)
    assert (name, payload) == ("collect.decode", {"record_id": detail.id})


async def test_without_an_operator_nothing_is_half_taken(pool: Pool, now: datetime) -> None:
    with pytest.raises(NoOwnParty):
        await hand_in(pool, BODY, now)
    assert await count(pool, "raw_input") == 0


async def test_what_is_empty_or_too_large_is_refused(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    with pytest.raises(Empty):
        await hand_in(pool, b" \n", now)
    with pytest.raises(TooLarge):
        await hand_in(pool, b"a" * (MAX_REPORT_BYTES + 1), now)
    assert await count(pool, "report") == 0


async def test_the_receipt_opens_the_receipt_and_no_other(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    first, second = await hand_in(pool, BODY, now), await hand_in(pool, BODY, now)
    async with read(pool, SYSTEM) as db:
        view = await report.by_token(db, first.token)
        assert view.number == first.report != second.report
        assert (view.status, view.answer, view.lang) == ("received", None, "sl")
        for wrong in ("", first.token[:-1], first.report, str(first.uuid), "\ud800"):
            with pytest.raises(report.NoReceipt):
                await report.by_token(db, wrong)
    stored = await stored_text(pool)
    assert first.token not in stored


async def stored_text(pool: Pool) -> str:
    async with read(pool, SYSTEM) as db:
        rows = await (
            await db.execute(
                "select to_jsonb(r)::text || to_jsonb(c)::text from report r join record c on c.id = r.record_id"
            )
        ).fetchall()
    return "".join(row[0] for row in rows)


async def test_a_repeated_request_is_one_report_and_each_receipt_opens_it(
    pool: Pool, now: datetime
) -> None:
    await own_party(pool, now)
    receipts = await asyncio.gather(*(hand_in(pool, BODY, now, key="k-1") for _ in range(5)))
    assert {r.report for r in receipts} == {"Z-26-000001"}
    assert len({r.token for r in receipts}) == 5
    async with read(pool, SYSTEM) as db:
        assert {(await report.by_token(db, r.token)).number for r in receipts} == {"Z-26-000001"}
    assert len(await waiting_jobs(pool)) == 1


async def test_a_key_that_two_strangers_chose_costs_neither_their_report(
    pool: Pool, now: datetime
) -> None:
    await own_party(pool, now)
    bank = await other_party(pool, now)
    receipts = [
        await hand_in(pool, BODY, now, key="1"),
        await hand_in(pool, BODY + b"?", now, key="1"),
        await hand_in(pool, BODY, now, key="1", door=Door.FORM),
        await hand_in(pool, BODY, now, key="1", party_id=bank.id),
        await hand_in(pool, BODY, now, key="2"),
    ]
    assert len({r.report for r in receipts}) == 5


async def test_the_same_bytes_a_hundred_times_are_kept_once(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    await asyncio.gather(*(hand_in(pool, BODY, now) for _ in range(100)))
    assert await count(pool, "report") == 100
    assert await count(pool, "raw_input") == 1
    assert await count(pool, "source") == 1


async def test_a_report_of_a_party_is_seen_by_its_people(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    bank = await other_party(pool, now)
    shop = await other_party(pool, now, "Trgovina")
    clerk = await somebody(pool, now, bank, "klara")
    stranger = await somebody(pool, now, shop, "stane")
    receipt = await submit(pool, report_in(BODY, now, party_id=bank.id), now=now, random=os.urandom)
    await hand_in(pool, BODY, now)
    async with read(pool, clerk) as db:
        assert [r.uuid for r in (await report.page(db, clerk)).rows] == [receipt.uuid]
    async with read(pool, stranger) as db:
        assert (await report.page(db, stranger)).rows == []
        with pytest.raises(report.NoReport):
            await report.get(db, stranger, receipt.uuid)
