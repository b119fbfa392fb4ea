"""The projections behind searches: nothing is missed, in whatever order transactions end."""

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.store.findable import Node, Said, T, index, names, node, put
from tests.store.test_ingest import record
from zvon.model.observable import CODE, ObservableType
from zvon.model.query import parse
from zvon.store import search_index
from zvon.store.ingest import ingest
from zvon.store.search import search
from zvon.store.search_index import REST, Lag, lag, step
from zvon.store.transaction import Change, Op, Pool, transaction
from zvon.store.visibility import read


async def found(pool: Pool, world: Node, now: datetime, text: str) -> list[str]:
    async with read(pool, world.ana) as db:
        page = await search(db, world.ana, parse(text), now)
    return [row.observable.value for row in page.rows]


def test_types_of_addresses_are_those_of_the_model() -> None:
    assert (
        CODE[ObservableType.IPV4], CODE[ObservableType.IPV6], CODE[ObservableType.CIDR],
    ) == (search_index.IPV4, search_index.IPV6, search_index.CIDR)  # fmt: skip


async def test_the_lag_is_what_is_not_there_yet(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await node(pool, now)
    await index(pool, now)
    monkeypatch.setattr(search_index, "VALUES_AT_ONCE", 4)
    async with transaction(pool, now) as tx:
        await ingest(tx, [record(world.home.id, now, ["a.test", "b.test", "c.test"]),
                          record(world.home.id, now, ["d.test", "e.test"])], now)  # fmt: skip
    async with pool.connection() as db:
        assert await lag(db) == Lag(values=5, changes=2)
    async with transaction(pool, now) as tx:
        assert await step(tx, now)
    async with pool.connection() as db:
        assert await lag(db) == Lag(values=1, changes=0)
    assert len(await found(pool, world, now, "*.test")) == 4
    async with transaction(pool, now) as tx:
        assert not await step(tx, now)
    assert len(await found(pool, world, now, "*.test")) == 5


async def test_a_value_whose_transaction_ends_late_is_found_later(
    pool: Pool, now: datetime
) -> None:
    world = await node(pool, now)
    await index(pool, now)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with transaction(pool, now) as tx:
            await ingest(tx, [record(world.home.id, now, ["pozno.test"])], now)
            begun.set()
            await go_on.wait()

    late = asyncio.create_task(slow())
    await begun.wait()
    await put(pool, now, world, Said(values=[(T.DOMAIN, "zgodaj.test", 1)]))
    go_on.set()
    await late
    await index(pool, now)
    assert await found(pool, world, now, "*.test") == ["zgodaj.test"]
    assert await found(pool, world, now, "pozno.test") == ["pozno.test"]  # whole values need none
    for turn in (1, 2):
        await index(pool, now + turn * (REST + timedelta(seconds=1)))
    assert sorted(await found(pool, world, now, "*.test")) == ["pozno.test", "zgodaj.test"]


async def test_what_a_record_says_later_is_found_by_its_new_words(
    pool: Pool, now: datetime
) -> None:
    world = await node(pool, now)
    (one,) = await put(
        pool, now, world, Said(values=[(T.DOMAIN, "x.test", 1)], title="Stara beseda")
    )
    assert await found(pool, world, now, "text:stara") == ["x.test"]
    async with transaction(pool, now) as tx:
        await tx.execute(
            'update record set payload = \'{"title": "Nova beseda"}\' where id = %s', (one,)
        )
        row = await (await tx.execute("select uuid from record where id = %s", (one,))).fetchone()
        assert row is not None

        tx.note(Change(kind="indicator", subject=row[0], op=Op.EDIT, record_id=one))
    await index(pool, now)
    assert await found(pool, world, now, "text:stara") == []
    assert await found(pool, world, now, "text:nova") == ["x.test"]


async def test_hostile_values_and_texts_are_taken_in(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(
        pool, now, world,
        Said(values=[(T.IPV4, "no address", 1), (T.CIDR, "1.2.3.4/99", 1), (T.FILENAME, "%_\\*", 1)]),
        Said(values=[(T.URL, "https://x.test/" + "a" * 8000, 1)], text="x " * 400_000,
             said={"a": ["b" * 5000, {"c": "\u202e\u2028 𝕏"}], "": None}),
        Said(values=names(3, "ok.test")),
    )  # fmt: skip
    assert len(await found(pool, world, now, "*ok.test")) == 3
    assert await found(pool, world, now, "0.0.0.0/0") == []
    assert await found(pool, world, now, "type:filename") == ["%_\\*"]
    assert len(await found(pool, world, now, "text:x")) == 1
