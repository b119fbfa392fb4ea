"""Kept views and who looks: names of links, and leases that lock nobody out."""

from datetime import datetime, timedelta

import pytest

from tests.store.world import new_uuid, other_party, own_party, reported, somebody
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.respond import decide
from zvon.store import claim, incident, saved_view
from zvon.store.incident_detail import NotFound
from zvon.store.incident_filter import BadFilter
from zvon.store.saved_view import NameTaken, NoView, QueueView, TooMany
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import read, viewer_setting


async def keep(
    pool: Pool, now: datetime, who: Viewer, name: str, query: str, *, shared: bool = False
) -> QueueView:
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        return await saved_view.create(
            tx, who, uuid=new_uuid(now), name=name, query=query, shared=shared, now=now
        )


async def views(pool: Pool, who: Viewer) -> list[tuple[str, bool, bool]]:
    async with read(pool, who) as db:
        return [(v.name, v.own, v.first) for v in await saved_view.list_all(db, who)]


async def test_a_view_is_kept_in_one_form_and_shared_with_the_party_only(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    bor = await somebody(pool, now, home, "bor")
    teller = await somebody(pool, now, await other_party(pool, now), "teller")
    made = await keep(
        pool, now, ana, "  Pošta,  hudo ", "severity=3&brand=si.posta&text=", shared=True
    )
    await keep(pool, now, ana, "mine", "tab=mine")
    assert (made.name, made.query) == ("Pošta, hudo", "brand=si.posta&severity=3")
    assert await views(pool, ana) == [("mine", True, False), ("Pošta, hudo", True, False)]
    assert await views(pool, bor) == [("Pošta, hudo", False, False)]
    assert await views(pool, teller) == []
    async with transaction(pool, now, viewer=viewer_setting(bor)) as tx:
        with pytest.raises(NoView):
            await saved_view.remove(tx, bor, made.uuid)
        with pytest.raises(NoView):
            await saved_view.edit(tx, bor, made.uuid, name="x", query="", shared=False)


async def test_each_person_opens_the_queue_with_one_view(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    bor = await somebody(pool, now, home, "bor")
    one = await keep(pool, now, ana, "one", "severity=3", shared=True)
    two = await keep(pool, now, ana, "two", "severity=4")
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await saved_view.make_first(tx, ana, one.uuid, first=True)
        await saved_view.make_first(tx, ana, two.uuid, first=True)
        await saved_view.make_first(tx, ana, one.uuid, first=False)  # is not the first: stays
    assert await views(pool, ana) == [("one", True, False), ("two", True, True)]
    assert await views(pool, bor) == [("one", False, False)]
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await saved_view.remove(tx, ana, two.uuid)
    assert await views(pool, ana) == [("one", True, False)]


async def test_a_bad_view_is_refused(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    await keep(pool, now, ana, "one", "")
    with pytest.raises(NameTaken):
        await keep(pool, now, ana, "one", "tab=mine")
    with pytest.raises(BadFilter):
        await keep(pool, now, ana, "two", "tab=nowhere")
    with pytest.raises(ValueError, match="name"):
        await keep(pool, now, ana, " ", "")
    monkeypatch.setattr(saved_view, "MOST", 1)
    with pytest.raises(TooMany):
        await keep(pool, now, ana, "three", "")


async def test_who_looks_is_shown_to_others_and_locks_nobody_out(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    bor = await somebody(pool, now, home, "bor")
    low = await somebody(pool, now, home, "low", ceiling=Tlp.GREEN)
    made = await reported(pool, now, home)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        until = await claim.hold(tx, ana, made.incident_uuid, now)
        assert until == now + timedelta(minutes=15)
        assert await claim.hold(tx, ana, made.incident_uuid, now) == until

    async def looking(who: Viewer, at: datetime) -> list[str]:
        async with read(pool, who) as db:
            [row] = (await incident.queue(db, who, now=at)).rows
        return row.looking

    assert await looking(bor, now) == ["ana"]
    assert await looking(ana, now) == []
    assert await looking(bor, until) == []
    async with read(pool, bor) as db:
        assert [c.login for c in await claim.list_all(db, bor, now)] == ["ana"]
    async with read(pool, low) as db:
        assert await claim.list_all(db, low, now) == []
    async with transaction(pool, now, viewer=viewer_setting(low)) as tx:
        with pytest.raises(NotFound):
            await claim.hold(tx, low, made.incident_uuid, now)
    async with transaction(pool, now, viewer=viewer_setting(bor)) as tx:
        await decide.verdict(tx, bor, made.incident_uuid, "malicious", version=1, now=now)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await claim.let_go(tx, ana, made.incident_uuid)
    assert await looking(bor, now) == []
