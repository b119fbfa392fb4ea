"""The queue: ranked, page by page, in tabs, with counts that stop."""

from datetime import datetime

import pytest

from tests.store.world import (
    Reported,
    campaign,
    new_uuid,
    other_party,
    own_party,
    report,
    reported,
    somebody,
)
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.store import incident, incident_queue, incident_rank
from zvon.store.incident import QueuePage, Tab
from zvon.store.incident_filter import read as read_filter
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


async def counted(pool: Pool, viewer: Viewer) -> tuple[int, int, int | None]:
    """What the counters say, what the rows say, and what is hidden."""
    async with read(pool, viewer) as db:
        row = await (await db.execute("select count(*) from incident where waiting")).fetchone()
        assert row is not None
        said = await incident.counts(db, viewer)
        return said.all, int(row[0]), await incident_queue.hidden(db, viewer)


@pytest.mark.parametrize("folded", [False, True])
async def test_the_counters_say_what_the_rows_say_to_everybody(
    pool: Pool, now: datetime, folded: bool
) -> None:
    home = await own_party(pool, now)
    bank = await other_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    low = await somebody(pool, now, home, "low", ceiling=Tlp.GREEN)
    nina = await somebody(pool, now, home, "nina", ceiling=Tlp.RED)
    teller = await somebody(pool, now, bank, "teller")
    made = [await reported(pool, now, home) for _ in range(6)]
    secret = await reported(pool, now, home, tlp=Tlp.RED, audience=[ana.person_id])
    async with transaction(pool, now) as tx:
        for number, tlp in enumerate((0, 1, 3)):
            await tx.execute(
                "update record r set tlp = %s from incident i"
                " where r.id = i.record_id and i.id = %s",
                (tlp, made[number].incident_id),
            )
        await tx.execute(
            "update incident set state = 'rejected' where id = %s", (made[4].incident_id,)
        )
        await tx.execute(
            "update incident set state = 'triage' where id = %s", (made[5].incident_id,)
        )
    if folded:
        for _ in range(2):
            async with transaction(pool, now) as tx:
                await incident_rank.fold_counts(tx)
    assert await counted(pool, ana) == (6, 6, None)
    assert await counted(pool, low) == (2, 2, None)
    assert await counted(pool, nina) == (5, 5, 1)
    assert await counted(pool, teller) == (2, 2, None)
    async with transaction(pool, now) as tx:
        await tx.execute(
            "update incident set state = 'rejected' where id = %s", (secret.incident_id,)
        )
    assert await counted(pool, ana) == (5, 5, None)
    assert await counted(pool, nina) == (5, 5, 0)


async def test_filters_narrow_and_their_pages_neither_repeat_nor_skip(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    made = [await reported(pool, now, home, rank=float(n)) for n in range(8)]
    async with transaction(pool, now) as tx:
        await tx.execute("update incident set severity = 3 where id % 2 = 0")
        await tx.execute(
            "update incident set owner_id = %s where id = %s", (ana.person_id, made[0].incident_id)
        )
        await tx.execute(
            "update incident set state = 'rejected' where id = %s", (made[7].incident_id,)
        )
        await tx.execute(
            "update incident set alert_count = 5 where id = %s", (made[1].incident_id,)
        )

    async def found(query: str) -> list[int]:
        """All pages of a filter, three rows at a time."""
        after, shown = None, []
        for _ in range(20):
            async with read(pool, ana) as db:
                part = await incident.queue(
                    db, ana, after=after, limit=3, wanted=read_filter(query), now=now
                )
            shown += [row.id for row in part.rows]
            after = part.next
            if after is None:
                return shown
        raise AssertionError("the pages do not end")

    severe = [m.incident_id for m in reversed(made[:7]) if m.incident_id % 2 == 0]
    for window in (100_000, 2):  # also when a filter is held against two rows at a time
        monkeypatch.setattr(incident_queue, "WINDOW", window)
        monkeypatch.setattr(incident_queue, "TEXT_WINDOW", window)
        assert await found("severity=3") == severe
        assert await found("owner=ana") == [made[0].incident_id]
        assert await found("owner=nobody") == []
        assert await found("source=alerts") == [made[1].incident_id]
        assert await found("state=rejected") == [made[7].incident_id]
        assert len(await found("country=SI")) == 7
        assert await found("country=HR") == []
        assert len(await found("tlp=amber")) == 7
        assert len(await found("text=DOSTAVA-paketa")) == 7
        assert await found("text=%25") == []
        assert len(await found("came_h=1&brand=si.posta&category=phishing")) == 7
        assert await found("waits_h=1") == []
    newest = await found("sort=newest")
    assert newest == sorted((m.incident_id for m in made[:7]), reverse=True)


@pytest.mark.parametrize("after", ["1.5_1", "x_1", "1e3_1", "99999999999999999999_1"])
async def test_a_place_by_rank_is_none_by_time(pool: Pool, now: datetime, after: str) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    with pytest.raises(BadCursor):
        async with read(pool, ana) as db:
            await incident.queue(db, ana, after=after, wanted=read_filter("sort=newest"), now=now)
