"""The queue: ranked, page by page, in tabs, with counts that stop."""

from datetime import datetime

import pytest

from tests.store.world import Reported, campaign, new_uuid, own_party, report, reported, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.store import incident, incident_queue
from zvon.store.incident import QueuePage, Tab
from zvon.store.incident_queue import BadCursor
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import read


async def page(
    pool: Pool, viewer: Viewer, tab: Tab = Tab.ALL, after: str | None = None, limit: int = 100
) -> QueuePage:
    async with read(pool, viewer) as db:
        return await incident.queue(db, viewer, tab=tab, after=after, limit=limit)


async def block(
    pool: Pool,
    now: datetime,
    found: Reported,
    proposer: Viewer,
    state: str,
    name: str = "a.example",
) -> None:
    """A block row in `state`, as the gate leaves it."""
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into feed (name, country) values ('si', 'SI') on conflict do nothing"
        )
        row = await (
            await tx.execute(
                "insert into block (uuid, number, name, scope, incident_id, feed_id, reason, legal_ground,"
                " proposer_id, proposed_at, expires_at, state) select %s, %s, %s, 'host_sub', %s, id, 'why', 'law',"
                " %s, %s, %s + interval '1 day', 'proposed' from feed returning id",
                (
                    new_uuid(now),
                    f"B-{new_uuid(now).hex[-8:]}",
                    name,
                    found.incident_id,
                    proposer.person_id,
                    now,
                    now,
                ),
            )
        ).fetchone()
        if state != "proposed":
            await tx.execute(
                "update block set state = %s where id = %s", (state, row[0] if row else 0)
            )


async def test_the_highest_rank_comes_first_and_pages_neither_repeat_nor_skip(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    ranks = [0.1, 5.0, 0.30000000000000004, 5.0, 2.5, 5.0, -1.0]
    made = [await reported(pool, now, home, rank=rank) for rank in ranks]
    first = await page(pool, ana, limit=3)
    second = await page(pool, ana, after=first.next, limit=3)
    third = await page(pool, ana, after=second.next, limit=3)
    shown = [row.id for part in (first, second, third) for row in part.rows]
    expected = sorted(made, key=lambda m: (-ranks[made.index(m)], -m.incident_id))
    assert shown == [m.incident_id for m in expected]
    assert third.next is None
    assert first.counts.all == 7
    row = first.rows[0]
    assert (row.names, row.name_count, row.rank_reasons) == (
        ["posta-si.dostava-paketa.example"], 1, [{"code": "REPORTS", "weight": 5.0}],
    )  # fmt: skip


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "1",
        "1_",
        "_1",
        "1_x",
        "1_1_1",
        "\x00",
        "nan_1",
        "inf_1",
        "1_-1",
        "1_99999999999999999999",
    ],
)
async def test_a_cursor_that_we_did_not_give_is_refused(
    pool: Pool, now: datetime, after: str
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    with pytest.raises(BadCursor):
        await page(pool, ana, after=after)


async def test_an_unknown_tab_and_a_reader_without_the_right_are_refused(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    citizen = await somebody(pool, now, home, "rep", roles=["reporter"])
    with pytest.raises(ValueError, match="nonsense"):
        await page(pool, ana, tab="nonsense")  # type: ignore[arg-type]
    with pytest.raises(Denied):
        await page(pool, citizen)


async def test_tabs_hold_what_waits_for_this_person(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    bor = await somebody(pool, now, home, "bor", roles=["approver"])
    validated, held, both, none = [await reported(pool, now, home) for _ in range(4)]
    await block(pool, now, validated, ana, "validated", "a.example")
    await block(pool, now, held, ana, "held", "b.example")
    await block(pool, now, both, ana, "validated", "c.example")
    await block(pool, now, both, ana, "validated", "d.example")
    await block(pool, now, both, ana, "held", "e.example")
    tabs = {tab: {r.uuid for r in (await page(pool, bor, tab)).rows} for tab in Tab}
    assert tabs[Tab.APPROVALS] == {validated.incident_uuid, both.incident_uuid}
    assert tabs[Tab.HELD] == {held.incident_uuid, both.incident_uuid}
    assert none.incident_uuid in tabs[Tab.ALL]
    assert tabs[Tab.MINE] == set()
    counts = (await page(pool, bor)).counts
    assert (counts.mine, counts.all, counts.approvals, counts.held) == (0, 4, 2, 2)
    assert (await page(pool, ana, Tab.APPROVALS)).rows == ()
    waiting = {r.uuid: r.waiting_blocks for r in (await page(pool, bor)).rows}
    assert (waiting[both.incident_uuid], waiting[none.incident_uuid]) == (3, 0)


async def test_a_count_stops_at_its_cap(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    for _ in range(4):
        await reported(pool, now, home)
    monkeypatch.setattr(incident_queue, "COUNT_CAP", 2)
    assert (await page(pool, ana)).counts.all == 3


async def test_a_campaign_without_reports_waits_nowhere(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    async with transaction(pool, now) as tx:
        await campaign(tx, now)
        await report(tx, now, home)
    assert (await page(pool, ana)).rows == ()
