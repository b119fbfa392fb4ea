"""The blind sample of the bottom: drawn once, shown to nobody, and the only key to closing alone."""

from datetime import datetime, timedelta

import msgspec
import pytest

from tests.store.test_incident_rank import ranked, rows
from tests.store.world import own_party, reported, somebody
from zvon.model.rate import rate
from zvon.respond import decide
from zvon.respond.queue_sample import gate, shipped
from zvon.store import incident, queue_sample
from zvon.store.queue_sample import Z_ONE_SIDED, Miss
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting


async def draw(pool: Pool, now: datetime, share: float = 1.0) -> int:
    async with transaction(pool, now) as tx:
        return await queue_sample.draw(
            tx, salt=await queue_sample.salt(tx, bytes, now), share=share, below=20.0,
            first_place=1, last_place=2, since=now - timedelta(days=30), now=now,
        )  # fmt: skip


async def test_the_bottom_is_fed_in_among_the_top_and_its_reasons_stay(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    for number in range(3):
        await reported(pool, now, home, rank=90.0 + number)
    low = await reported(pool, now, home, rank=3.0)
    await ranked(pool, now)
    assert await draw(pool, now, share=0.0) == 0
    assert await draw(pool, now) == 1
    assert await draw(pool, now) == 0
    await ranked(pool, now)
    [(rank, terms)] = (await rows(pool))[3:]
    assert rank in {91.0, 92.0}
    assert [term["weight"] for term in terms] == [3.0]
    async with read(pool, ana) as db:
        shown = await incident.queue(db, ana)
        assert low.incident_id in [row.id for row in shown.rows[:3]]
        drawn = await (await db.execute("select count(*) from queue_sample")).fetchone()
    assert drawn == (0,)  # nobody sees who was drawn
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.verdict(tx, ana, low.incident_uuid, "malicious", version=1, now=now)
    async with read(pool, SYSTEM) as db:
        found = await queue_sample.missed(db)
    assert (found.rate.hits, found.rate.of, found.waiting) == (1, 1, 0)


@pytest.mark.parametrize(("missed", "of", "safe"), [
    (0, 0, False), (0, 2000, False), (0, 3000, True), (1, 3000, False), (1, 10_000, True),
])  # fmt: skip
def test_closing_alone_waits_for_the_bound_and_stops_at_it(
    missed: int, of: int, safe: bool
) -> None:
    found = Miss(rate=rate(missed, of), bound_high=rate(missed, of, z=Z_ONE_SIDED).high, waiting=0)
    wanted = msgspec.structs.replace(shipped(), auto_close=True)
    assert gate(wanted, found).on is safe
    assert gate(shipped(), found).on is False


async def test_only_what_nobody_touched_is_closed_and_it_can_be_opened_again(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    made = [await reported(pool, now, home, rank=rank) for rank in (3.0, 4.0, 5.0, 50.0)]
    await ranked(pool, now)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.verdict(tx, ana, made[1].incident_uuid, "undetermined", version=1, now=now)
        await tx.execute("update incident set severity = 4 where id = %s", (made[2].incident_id,))
    later = now + timedelta(days=20)

    async def close() -> int:
        async with transaction(pool, later) as tx:
            return await queue_sample.close_bottom(
                tx, below=10.0, waited=timedelta(days=14), now=later
            )

    assert (await close(), await close()) == (1, 0)
    assert [row[0] for row in await rows(pool, "state")] == ["rejected", "triage", "new", "new"]
    async with transaction(pool, later, viewer=viewer_setting(ana)) as tx:
        await decide.verdict(tx, ana, made[0].incident_uuid, "malicious", version=2, now=later)
    assert (await rows(pool, "state"))[0] == ("open",)
