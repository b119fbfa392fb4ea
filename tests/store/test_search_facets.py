"""What a result is made of, in counts that say no more than the viewer may know."""

from datetime import datetime, timedelta

import pytest

from tests.store.findable import LIST, SENSOR, Said, T, names, node, put
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.model.query import Field, Term, both, parse, write
from zvon.store import search_facets
from zvon.store.search import search
from zvon.store.search_facets import Count, Facets, facets
from zvon.store.transaction import Pool
from zvon.store.visibility import read

DAY = timedelta(days=1)
HOST = (T.DOMAIN, "posta-si.example", 1)
WORLD = (
    Said(values=[HOST, (T.IPV4, "192.0.2.7", 1)], tags=["phishing"], age=DAY),
    Said(values=[HOST], source=SENSOR, kind="alert", tlp=Tlp.AMBER, age=3 * DAY),
    Said(values=[(T.DOMAIN, "banka.example", 1)], tlp=Tlp.AMBER, tags=["skrito"], age=3 * DAY),
)


async def counted(pool: Pool, who: Viewer, now: datetime, text: str) -> Facets:
    async with read(pool, who) as db:
        return await facets(db, who, parse(text), now)


async def test_counts_are_of_values(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(pool, now, world, *WORLD)
    for text in ("", "seen:30d"):  # led by values, and by records
        found = await counted(pool, world.ana, now, text)
        assert found.type == (Count("domain", 2), Count("ipv4", 1))
        assert found.source == (Count(LIST, 3), Count(SENSOR, 1))
        assert found.kind == (Count("indicator", 3), Count("alert", 1))
        assert found.tlp == (Count("amber", 2), Count("green", 2))
        assert found.tag == (Count("phishing", 2), Count("skrito", 1))
        assert found.day == (Count("2026-11-19", 2), Count("2026-11-21", 2))
        assert (found.values, found.at_least) == (3, False)
    assert (await counted(pool, world.ana, now, "192.0.2.7")).type == (Count("ipv4", 1),)
    assert (await counted(pool, world.ana, now, "nothing.test")).values == 0


async def test_counts_tell_a_guest_nothing_of_the_rest(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(pool, now, world, *WORLD)
    found = await counted(pool, world.bine, now, "")
    assert found.values == 2
    assert found.source == (Count(LIST, 2),)
    assert found.tag == (Count("phishing", 2),)
    assert found.day == (Count("2026-11-21", 2),)


async def test_a_facet_narrows_to_what_it_counts(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(pool, now, world, *WORLD)
    query = parse("posta-si.example OR banka.example OR 192.0.2.7")
    found = await counted(pool, world.ana, now, write(query))
    for field, counts in (
        (Field.TYPE, found.type), (Field.SOURCE, found.source), (Field.KIND, found.kind),
        (Field.TLP, found.tlp), (Field.TAG, found.tag),
    ):  # fmt: skip
        for one in counts:
            async with read(pool, world.ana) as db:
                narrow = parse(write(both(query, Term(field, one.text))))
                page = await search(db, world.ana, narrow, now)
            assert len(page.rows) == one.values, (field, one)


async def test_past_the_bound_counts_are_at_least(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await node(pool, now)
    await put(pool, now, world, Said(values=names(30, "example")))
    monkeypatch.setattr(search_facets, "VALUES", 20)
    found = await counted(pool, world.ana, now, "")
    assert (found.values, found.at_least) == (20, True)


async def test_a_guest_is_not_told_that_there_is_more_which_it_does_not_see(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await node(pool, now)
    await put(pool, now, world, Said(values=names(30, "skrito.example"), tlp=Tlp.AMBER))
    monkeypatch.setattr(search_facets, "VALUES", 20)
    guest = await counted(pool, world.bine, now, "*skrito*")
    assert (guest.values, guest.at_least) == (0, False)
    assert (await counted(pool, world.ana, now, "*skrito*")).at_least
