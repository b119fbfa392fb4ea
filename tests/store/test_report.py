"""Reports in the store: pages, marking, the moves of a status, and raw bytes."""

import os
from datetime import datetime

import pytest

from tests.collect.intake import hand_in
from tests.store.world import own_party, somebody
from zvon.access.permission import Denied
from zvon.model.marking import Tlp
from zvon.model.report import Channel, Message
from zvon.store import raw, report
from zvon.store.report_page import BadCursor
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read


async def test_pages_run_from_the_newest_to_the_oldest_and_lose_none(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    numbers = [(await hand_in(pool, b"Hej %d" % n, now)).report for n in range(7)]
    seen: list[str] = []
    after = None
    async with read(pool, ana) as db:
        while True:
            page = await report.page(db, ana, after=after, limit=3)
            seen += [row.number for row in page.rows]
            if page.next is None:
                break
            after = page.next
        for wrong in ("x", "ZZZZ", "-", "č", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
            with pytest.raises(BadCursor):
                await report.page(db, ana, after=wrong)
    assert seen == numbers[::-1]


async def test_a_red_report_is_on_no_page_and_under_no_address(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    receipt = await hand_in(pool, b"Hej", now)
    async with transaction(pool, now) as tx:
        await tx.execute("update record set tlp = %s where uuid = %s", (int(Tlp.RED), receipt.uuid))
    async with read(pool, ana) as db:
        assert (await report.page(db, ana)).rows == []
        with pytest.raises(report.NoReport):
            await report.get(db, ana, receipt.uuid)
    async with read(pool, SYSTEM) as db:
        assert (await report.by_token(db, receipt.token)).number == receipt.report


async def test_reading_needs_its_permission(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    citizen = await somebody(pool, now, home, "cene", roles=("reporter",))
    receipt = await hand_in(pool, b"Hej", now)
    async with read(pool, citizen) as db:
        with pytest.raises(Denied):
            await report.page(db, citizen)
        with pytest.raises(Denied):
            await report.get(db, citizen, receipt.uuid)


async def test_only_one_of_two_jobs_moves_a_report_on(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    receipt = await hand_in(pool, b"Hej", now)
    async with read(pool, ana) as db:
        found = await report.get(db, ana, receipt.uuid)
    async with transaction(pool, now) as tx:
        waiting = await report.pending(tx.db, found.id)
        assert waiting is not None
        message = Message(channel=Channel.WHATSAPP, text="Hej")
        assert await report.decoded(tx, waiting, message, now)
        assert not await report.decoded(tx, waiting, message, now)
        assert not await report.quarantined(tx, waiting, now)
        assert await report.pending(tx.db, found.id) is None
        assert [(c.kind, c.op.value) for c in tx.changes] == [("report", "edit")]
    async with read(pool, ana) as db:
        found = await report.get(db, ana, receipt.uuid)
    assert (found.status, found.channel, found.message) == ("decoded", "whatsapp", message)


@pytest.mark.parametrize("size", [0, 1, raw.IN_PLACE + 1, 3_000_000])
async def test_bytes_come_back_as_they_went_in(pool: Pool, now: datetime, size: int) -> None:
    body = os.urandom(size)
    async with transaction(pool, now) as tx:
        sha = await raw.put(tx, body, "application/octet-stream", now)
        assert await raw.put(tx, body, "text/plain", now) == sha
        assert await raw.get(tx.db, sha) == body
        with pytest.raises(raw.NoRaw):
            await raw.get(tx.db, b"x" * 32)
