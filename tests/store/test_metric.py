"""Measures over real rows: medians, what still waits, what was entered late, what stands behind."""

from datetime import datetime, timedelta

import pytest

from tests.store.world import Reported, own_party, reported, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.model.verdict import VerdictWord
from zvon.respond import decide
from zvon.store import incident, metric, metric_count
from zvon.store.metric import Figure, Measure, Wanted
from zvon.store.metric_count import Facet
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import read, viewer_setting

HOUR = timedelta(hours=1)


def period(now: datetime) -> Wanted:
    return Wanted(since=now - timedelta(days=1), until=now + timedelta(days=1))


async def moments(
    pool: Pool, found: Reported, now: datetime, late: timedelta = timedelta(0), **at: datetime
) -> None:
    """Let these moments of an incident be; `late` after them somebody wrote them down."""
    async with transaction(pool, now) as tx:
        for what, moment in at.items():
            await tx.execute(
                "insert into incident_time (incident_id, what, at, source, set_at)"
                " values (%s, %s, %s, 'person', %s)",
                (found.incident_id, what, moment, moment + late),
            )


async def seen(pool: Pool, who: Viewer, now: datetime) -> dict[Measure, Figure]:
    async with read(pool, who) as db:
        return {f.measure: f for f in await metric.figures(db, who, period(now), now + 10 * HOUR)}


async def test_a_median_counts_what_still_waits_and_leaves_out_what_came_late(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    quick, slow, waits, late = [await reported(pool, now, home) for _ in range(4)]
    await moments(pool, quick, now, acknowledged=now + HOUR)
    await moments(pool, slow, now, acknowledged=now + 3 * HOUR)
    await moments(pool, late, now, late=timedelta(days=2), acknowledged=now + 9 * HOUR)
    found = (await seen(pool, ana, now))[Measure.ACKNOWLEDGE]
    assert (found.durations.n, found.durations.open, found.late) == (3, 1, 1)
    assert found.durations.median == 3 * 3600
    async with read(pool, ana) as db:
        rows = await metric.behind(db, ana, Measure.ACKNOWLEDGE, period(now), now + 10 * HOUR)
    assert [(r.incident, r.open) for r in rows] == [
        (waits.incident_uuid, True), (slow.incident_uuid, False), (quick.incident_uuid, False),
    ]  # fmt: skip


async def test_a_clock_that_ran_backwards_is_counted_and_never_a_duration(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    await moments(pool, await reported(pool, now, home), now, occurred=now, detected=now - HOUR)
    found = (await seen(pool, ana, now))[Measure.DETECT]
    assert (found.backwards, found.durations.n) == (1, 0)


async def test_counts_say_what_people_decided_and_took_back(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    first, _ = [await reported(pool, now, home) for _ in range(2)]
    for word in (VerdictWord.MALICIOUS, VerdictWord.BENIGN):
        async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
            found = await incident.get(tx.db, ana, first.incident_uuid)
            await decide.verdict(tx, ana, first.incident_uuid, word, version=found.version, now=now)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.undo(tx, ana, first.incident_uuid, now)
    async with read(pool, ana) as db:
        counts = await metric_count.counts(db, ana, period(now))
        kinds = await metric_count.divided(db, ana, Facet.CATEGORY, period(now))
        none = await metric_count.counts(
            db, ana, Wanted(since=now, until=now + HOUR, category="scam")
        )
    assert (counts.incidents, counts.reports, counts.decided_by_people, counts.undone) == (
        2,
        2,
        1,
        1,
    )
    assert [(k.value, k.incidents) for k in kinds] == [("phishing", 2)]
    assert none.incidents == 0


async def test_only_what_the_viewer_may_see_is_in_a_number(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    low = await somebody(pool, now, home, "low", ceiling=Tlp.GREEN)
    found = await reported(pool, now, home)
    await moments(pool, found, now, occurred=now - HOUR, detected=now)
    assert (await seen(pool, low, now))[Measure.DETECT].durations.n == 0
    desk = await somebody(pool, now, home, "desk", roles=("desk",))
    with pytest.raises(Denied):
        await seen(pool, desk, now)
