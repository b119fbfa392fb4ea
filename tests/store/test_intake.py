"""Items of sources: records with their versions, containers, tags and relations, each once."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.world import new_uuid, own_party, somebody
from zvon.access.viewer import Viewer
from zvon.model.item import Item, ItemKind, Value, ValueRole
from zvon.model.marking import Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store import source_change
from zvon.store.intake import Stored, store_items
from zvon.store.intake_entry import RUN, entries_of, uuid_of
from zvon.store.source import Setup
from zvon.store.source_change import NewSource
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

SOURCE = UUID("01940000-0000-7000-8000-000000000001")
EVENT, LATER = UUID(int=5, version=4), timedelta(hours=1)


def names(*values: str, role: ValueRole = ValueRole.SAID) -> tuple[Value, ...]:
    return tuple(Value(Observable(ObservableType.DOMAIN, v), role) for v in values)


def item(position: str = "line 1", **given: Any) -> Item:
    fields: dict[str, Any] = {"kind": ItemKind.INDICATOR, "payload": {"n": 1}} | given
    return Item(position=position, **fields)


@pytest.fixture
async def ada(pool: Pool, now: datetime) -> Viewer:
    return await somebody(pool, now, await own_party(pool, now), "ada", ("administrator",))


@pytest.fixture
async def setup(pool: Pool, ada: Viewer, now: datetime) -> Setup:
    async with transaction(pool, now) as tx:
        return await source_change.create(
            tx, ada, NewSource(name="feed", kind="push", tlp=Tlp.GREEN), b"k" * 32, now,
            new_uuid(now).bytes[:10], os.urandom(12),
        )  # fmt: skip


async def store(pool: Pool, setup: Setup, items: Sequence[Item], now: datetime) -> Stored:
    async with transaction(pool, now) as tx:
        return await store_items(tx, setup, None, items, now, within=b"d" * 32, format="toy")


async def rows(pool: Pool, query: Any, *params: Any) -> list[tuple[Any, ...]]:
    async with read(pool, SYSTEM) as db:
        return list(await (await db.execute(query, params)).fetchall())


async def test_children_stand_in_their_container_whichever_batch_brings_them(
    pool: Pool, setup: Setup, now: datetime
) -> None:
    event = item(kind=ItemKind.EVENT, id=EVENT, payload={"info": "paketi"}, title="paketi")
    first = item("$.a[0]", id=UUID(int=6), container=EVENT, values=names("a.example"))
    await store(pool, setup, [event, first], now)
    second = item("$.a[1]", id=UUID(int=7), container=EVENT, values=names("b.example"))
    await store(pool, setup, [second], now)
    found = await rows(
        pool,
        "select c.payload->>'position', p.payload->>'title' from record c"
        " join record p on p.id = c.container_id order by 1",
    )
    assert found == [("$.a[0]", "paketi"), ("$.a[1]", "paketi")]


async def test_a_child_that_comes_before_its_container_is_related_to_it(
    pool: Pool, setup: Setup, now: datetime
) -> None:
    await store(pool, setup, [item(id=UUID(int=6), container=EVENT)], now)
    event = item(kind=ItemKind.EVENT, id=EVENT)
    await store(pool, setup, [event], now)
    assert await rows(
        pool, "select e.type, r.kind, e.reason->>'source' from edge e join record r on r.uuid = e.dst"
    ) == [("part-of", "event", "feed")]  # fmt: skip


async def test_what_says_something_else_keeps_the_version_before(
    pool: Pool, setup: Setup, now: datetime
) -> None:
    old = item(id=EVENT, payload={"v": 1}, values=names("old.example", "same.example"),
               tags=("first", "both"))  # fmt: skip
    new = item(id=EVENT, payload={"v": 2}, values=names("new.example", "same.example"),
               tags=("both", "second"))  # fmt: skip
    assert (await store(pool, setup, [old], now)).records == 1
    told = await store(pool, setup, [new], now + LATER)
    assert (told.records, told.again, told.changed, told.fresh) == (0, 1, 1, 1)
    assert await rows(pool, "select payload->'said'->'v' from record_version") == [(1,)]
    assert await rows(pool, "select payload->'said'->'v' from record") == [(2,)]
    said = await rows(
        pool, "select o.value from occurrence c join observable o on o.id = c.observable_id order by 1"
    )  # fmt: skip
    assert said == [("new.example",), ("same.example",)]
    assert await rows(
        pool, "select t.name from tag_use u join tag t on t.id = u.tag_id order by 1"
    ) == [("both",), ("second",)]  # fmt: skip
    assert await rows(pool, "select op from change where kind = 'indicator' order by seq") == [
        ("add",), ("edit",),
    ]  # fmt: skip


async def test_the_same_again_moves_only_the_time_it_was_seen(
    pool: Pool, setup: Setup, now: datetime
) -> None:
    await store(pool, setup, [item(values=names("a.example"))], now)
    moved = item("line 900", values=names("a.example"))
    told = await store(pool, setup, [moved], now + LATER)
    assert (told.records, told.again, told.changed, told.observables) == (0, 1, 0, 0)
    assert await rows(pool, "select seen_at from occurrence") == [(now + LATER,)]
    earlier = item(values=names("a.example"), at=now - LATER)
    await store(pool, setup, [earlier], now + 2 * LATER)
    assert await rows(pool, "select seen_at from occurrence") == [(now + LATER,)]


async def test_a_marking_is_the_items_else_the_sources_and_never_widened(
    pool: Pool, setup: Setup, ada: Viewer, now: datetime
) -> None:
    plain, strict = item(id=UUID(int=1)), item(id=UUID(int=2), tlp=Tlp.AMBER)
    secret = item(id=UUID(int=3), tlp=Tlp.RED)
    await store(pool, setup, [plain, strict, secret], now)
    wider = item(id=UUID(int=2), tlp=Tlp.CLEAR, payload={"n": 2})
    narrower = item(id=UUID(int=1), tlp=Tlp.AMBER_STRICT)
    await store(pool, setup, [wider, narrower], now + LATER)
    assert await rows(pool, "select tlp from record order by id") == [(3,), (2,), (4,)]
    assert await rows(pool, "select person_id from record_audience") == [(ada.person_id,)]


async def test_what_the_source_takes_back_is_deleted_and_may_come_again(
    pool: Pool, setup: Setup, now: datetime
) -> None:
    there, gone = item(id=EVENT), item(id=EVENT, deleted=True)
    for n, each in enumerate((there, gone, there)):
        await store(pool, setup, [each], now + n * LATER)
        assert await rows(pool, "select deleted from record") == [(each.deleted,)]
    assert await rows(pool, "select op from change where kind = 'indicator' order by seq") == [
        ("add",), ("delete",), ("edit",),
    ]  # fmt: skip


async def test_relations_point_to_what_may_come_later(
    pool: Pool, setup: Setup, now: datetime
) -> None:
    uses = item(kind=ItemKind.OBJECT, id=UUID(int=1), links=(("uses", UUID(int=2)),))
    await store(pool, setup, [uses], now)
    await store(pool, setup, [item(kind=ItemKind.OBJECT, id=UUID(int=2), title="Zlo")], now)
    assert await rows(
        pool,
        "select e.type, r.payload->>'title', e.record_id is not null from edge e"
        " join record r on r.uuid = e.dst",
    ) == [("uses", "Zlo", True)]


async def test_what_the_database_cannot_hold_is_written_so_that_it_can(
    pool: Pool, setup: Setup, now: datetime
) -> None:
    deep: Any = "end"
    for _ in range(900):
        deep = [deep]
    odd = {"nul\0": "a\0b", "half": "\ud800", "big": 1 << 90, "deep": deep, "bytes": b"\xff"}
    await store(pool, setup, [item(payload=odd, tags=("a\0b", "x" * 999, " "))], now)
    [(said,)] = await rows(pool, "select payload->'said' from record")
    assert (said["nul\ufffd"], said["half"], said["big"]) == ("a\ufffdb", "?", str(1 << 90))
    assert len(await rows(pool, "select name from tag")) == 2


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)])
async def test_a_clock_that_cannot_be_right_is_not_believed(
    pool: Pool, setup: Setup, now: datetime, at: datetime
) -> None:
    await store(pool, setup, [item(values=names("a.example"), at=at)], now)
    assert await rows(pool, "select created_at from record") == [(now,)]
    assert await rows(pool, "select seen_at from occurrence") == [(now,)]


async def test_lines_of_a_log_share_records_and_each_value_counts_once_in_one(
    pool: Pool, setup: Setup, now: datetime
) -> None:
    lines = [
        item(f"line {n}", kind=ItemKind.LOG, payload={}, at=now - timedelta(seconds=2500 - n),
             values=names(f"h{n % 3}.example"))
        for n in range(2500)
    ]  # fmt: skip
    told = await store(pool, setup, lines, now)
    assert (told.records, told.observables, told.fresh) == (3, 9, 3)
    found = await rows(
        pool, "select payload->'n', payload->>'from', payload->>'to' from record order by id"
    )
    assert found == [(RUN, "line 0", "line 999"), (RUN, "line 1000", "line 1999"),
                     (500, "line 2000", "line 2499")]  # fmt: skip


def test_an_alert_and_the_lines_of_one_place_are_two_records() -> None:
    batch = [Item(kind=kind, position="line 7", payload={"a": 1})
             for kind in (ItemKind.ALERT, ItemKind.LOG)]  # fmt: skip
    made = entries_of(SOURCE, b"d" * 32, "toy", batch, datetime(2026, 11, 22, 9, 0, tzinfo=UTC))
    assert sorted(entry.kind for entry in made) == ["alert", "log"]
    assert len({entry.uuid for entry in made}) == 2


texts = st.text(max_size=40)
payloads = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)
values = st.builds(
    Value, st.builds(Observable, st.sampled_from(ObservableType), st.text(min_size=1, max_size=30)),
    st.sampled_from(ValueRole), st.none() | st.datetimes(),
)  # fmt: skip
items = st.builds(
    Item, kind=st.sampled_from(ItemKind), position=texts, payload=payloads,
    values=st.lists(values, max_size=3).map(tuple), at=st.none() | st.datetimes(),
    id=st.none() | st.uuids(), container=st.none() | st.uuids(), title=texts, text=texts,
    tags=st.lists(texts, max_size=3).map(tuple),
    links=st.lists(st.tuples(texts, st.uuids()), max_size=2).map(tuple),
)  # fmt: skip


@given(st.lists(items, max_size=6))
def test_any_items_become_distinct_records_the_same_each_time(batch: list[Item]) -> None:
    now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    made = entries_of(SOURCE, b"d" * 32, "toy", batch, now)
    assert made == entries_of(SOURCE, b"d" * 32, "toy", batch, now)
    known = [entry.uuid for entry in made]
    assert len(set(known)) == len(known)
    for entry in made:
        assert b"\\u0000" not in entry.body
        entry.body.decode()
        assert all(sighted.seen_at <= now for sighted in entry.values)
    for each in batch:
        if each.kind is not ItemKind.LOG:
            assert uuid_of(SOURCE, b"d" * 32, each) in known
