"""Putting off: out of sight, back in time, earlier when it gets worse."""

from datetime import datetime, timedelta

import pytest

from tests.store.world import Reported, own_party, reported, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.store import incident, incident_rank, snooze
from zvon.store.incident_decision import Stale
from zvon.store.incident_filter import Tab
from zvon.store.snooze import BadSnooze, NotWaiting
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import read, viewer_setting

DAY = timedelta(days=1)


async def put_off(pool: Pool, now: datetime) -> tuple[Viewer, Reported]:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    made = await reported(pool, now, home)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await snooze.snooze(tx, ana, made.incident_uuid, now + DAY, "after the weekend", now=now)
    return ana, made


async def tabs(pool: Pool, who: Viewer) -> tuple[int, int, int]:
    """Rows in the queue, rows put off, and what the counter says waits."""
    async with read(pool, who) as db:
        waits = await incident.queue(db, who)
        sleeps = await incident.queue(db, who, tab=Tab.SNOOZED)
    assert waits.counts.snoozed == len(sleeps.rows)
    return len(waits.rows), len(sleeps.rows), waits.counts.all


async def test_it_leaves_the_queue_and_comes_back_in_time(pool: Pool, now: datetime) -> None:
    ana, _ = await put_off(pool, now)
    assert await tabs(pool, ana) == (0, 1, 0)
    async with transaction(pool, now + DAY - timedelta(seconds=1)) as tx:
        assert await snooze.wake_due(tx, now + DAY - timedelta(seconds=1)) == 0
    async with transaction(pool, now + DAY) as tx:
        assert await snooze.wake_due(tx, now + DAY) == 1
    assert await tabs(pool, ana) == (1, 0, 1)
    async with read(pool, ana) as db:
        told = await (await db.execute("select code from timeline order by id desc")).fetchall()
        ended = await (await db.execute("select ended_at from snooze")).fetchall()
    assert [row[0] for row in told[:2]] == ["WOKEN", "SNOOZED"]
    assert ended == [(now + DAY,)]


async def test_what_gets_worse_comes_back_at_once(pool: Pool, now: datetime) -> None:
    ana, made = await put_off(pool, now)
    async with transaction(pool, now) as tx:
        await tx.execute("update incident set report_count = report_count + 1")
    assert await tabs(pool, ana) == (0, 1, 0)
    async with transaction(pool, now) as tx:
        await tx.execute("update incident set severity = 3")
    assert await tabs(pool, ana) == (1, 0, 1)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await snooze.snooze(tx, ana, made.incident_uuid, now + DAY, "again", now=now)
        await incident_rank.escalate(tx, ana, made.incident_uuid, "the phone rings", now)
    assert await tabs(pool, ana) == (1, 0, 1)


async def test_a_person_brings_it_back(pool: Pool, now: datetime) -> None:
    ana, made = await put_off(pool, now)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await snooze.wake(tx, ana, made.incident_uuid, now=now)
        with pytest.raises(NotWaiting):
            await snooze.wake(tx, ana, made.incident_uuid, now=now)
    assert await tabs(pool, ana) == (1, 0, 1)


@pytest.mark.parametrize(("ahead", "reason"), [
    (timedelta(0), "later"), (-DAY, "later"), (91 * DAY, "later"), (DAY, "x"), (DAY, " \t "),
    (DAY, "x" * 501), (DAY, "a\x00b"), (DAY, "two\nlines"),
])  # fmt: skip
async def test_a_bad_time_or_reason_is_refused(
    pool: Pool, now: datetime, ahead: timedelta, reason: str
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    made = await reported(pool, now, home)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        with pytest.raises(BadSnooze):
            await snooze.snooze(tx, ana, made.incident_uuid, now + ahead, reason, now=now)


async def test_only_who_decides_and_only_what_waits(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    aud = await somebody(pool, now, home, "aud", roles=["auditor"])
    made = await reported(pool, now, home)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        with pytest.raises(Denied):
            await snooze.snooze(tx, aud, made.incident_uuid, now + DAY, "later", now=now)
        with pytest.raises(Stale):
            await snooze.snooze(tx, ana, made.incident_uuid, now + DAY, "later", version=9, now=now)
        await tx.execute("update incident set state = 'rejected'")
        with pytest.raises(NotWaiting):
            await snooze.snooze(tx, ana, made.incident_uuid, now + DAY, "later", now=now)
