"""Batches of records: stored whole or refused whole, each value once, one change row a record."""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store import observable, party
from zvon.store.ingest import SAID, AlreadyThere, RecordIn, Sighted, ingest, occurrences
from zvon.store.observable import BadText
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read


async def own_party(pool: Pool, now: datetime) -> int:
    async with transaction(pool, now) as tx:
        made = await party.put(
            tx, uuid=uuid7(now, os.urandom(RANDOM_BYTES)), name="SI", kind="csirt", country="SI",
            own=True,
        )  # fmt: skip
    return made.id


def record(
    home: int, now: datetime, names: Sequence[str], payload: object = None, kind: str = "event"
) -> RecordIn:
    return RecordIn(
        uuid=uuid7(now, os.urandom(RANDOM_BYTES)),
        kind=kind,
        created_at=now,
        modified_at=now,
        tlp=Tlp.AMBER,
        pap=Pap.GREEN,
        payload=payload if payload is not None else {"n": len(names)},
        org_id=home,
        orgc_id=home,
        observables=[Sighted(Observable(ObservableType.DOMAIN, n), SAID, now) for n in names],
    )


async def counts(pool: Pool) -> tuple[int, int, int, int]:
    async with read(pool, SYSTEM) as db:
        row = await (
            await db.execute(
                "select (select count(*) from record), (select count(*) from observable),"
                " (select count(*) from occurrence), (select count(*) from change)"
            )
        ).fetchone()
    assert row is not None
    return row[0], row[1], row[2], row[3]


async def test_a_batch_is_stored_with_each_value_once(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    batch = [record(home, now, ["a.example", "b.example", "a.example"], {"t": "x", "u": None}),
             record(home, now, ["b.example"])]  # fmt: skip
    async with transaction(pool, now) as tx:
        ids = await ingest(tx, batch, now)
    assert await counts(pool) == (2, 2, 3, 2)
    async with read(pool, SYSTEM) as db:
        assert [o.value for o, _ in await observable.of_record(db, ids[0])] == [
            "a.example",
            "b.example",
        ]
        rows = await (
            await db.execute("select uuid, payload, tlp from record order by id")
        ).fetchall()
        related = await observable.related(db, ids[0])
        log = await (await db.execute("select subject, record_id, op from change")).fetchall()
    assert rows == [(batch[0].uuid, {"t": "x", "u": None}, 2), (batch[1].uuid, {"n": 1}, 2)]
    assert [(r.uuid, r.value) for r in related] == [(batch[1].uuid, "b.example")]
    assert log == [(b.uuid, i, "add") for b, i in zip(batch, ids, strict=True)]


async def test_two_batches_in_one_transaction_do_not_mix(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    async with transaction(pool, now) as tx:
        await ingest(tx, [record(home, now, ["a.example"])], now)
        (second,) = await ingest(tx, [record(home, now, ["b.example"])], now)
        await occurrences(
            tx,
            second,
            [Sighted(Observable(ObservableType.URL, "https://c.example/"), SAID, now)] * 2,
        )
        await occurrences(
            tx, second, [Sighted(Observable(ObservableType.URL, "https://c.example/"), SAID, now)]
        )
        found = [o.value for o, _ in await observable.of_record(tx.db, second)]
    assert found == ["https://c.example/", "b.example"]
    assert await counts(pool) == (2, 3, 3, 2)


async def test_a_value_longer_than_an_index_row_is_stored(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    long = os.urandom(4000).hex()
    async with transaction(pool, now) as tx:
        (made,) = await ingest(tx, [record(home, now, [long])], now)
        assert [o.value for o, _ in await observable.of_record(tx.db, made)] == [long]


async def test_a_known_record_is_refused_and_nothing_is_kept(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    first = record(home, now, ["a.example"])
    async with transaction(pool, now) as tx:
        await ingest(tx, [first], now)
    with pytest.raises(AlreadyThere, match=str(first.uuid)):
        async with transaction(pool, now) as tx:
            await ingest(tx, [record(home, now, ["b.example"]), first], now)
    assert await counts(pool) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("payload", "names", "field"),
    [
        ({"a": {"b": ["ok", "bad\x00"]}}, [], r"records\[1\]\.payload\.a\.b\[1\]"),
        ({"a\x00": 1}, [], r"records\[1\]\.payload"),
        ({"a": "half \ud83d"}, [], r"records\[1\]\.payload\.a"),
        ({}, ["ok.example", "\x00.example"], r"records\[1\]\.observables"),
        ({}, ["\udfff.example"], r"records\[1\]\.observables"),
    ],
)
async def test_text_that_cannot_be_stored_is_named(
    pool: Pool, now: datetime, payload: object, names: list[str], field: str
) -> None:
    home = await own_party(pool, now)
    with pytest.raises(BadText, match=field):
        async with transaction(pool, now) as tx:
            await ingest(tx, [record(home, now, []), record(home, now, names, payload)], now)
    assert await counts(pool) == (0, 0, 0, 0)


async def test_an_escaped_nul_that_is_only_text_is_kept(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    async with transaction(pool, now) as tx:
        await ingest(tx, [record(home, now, [], {"regex": "\\u0000"})], now)
        row = await (await tx.execute("select payload from record")).fetchone()
    assert row == ({"regex": "\\u0000"},)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(payload=json_values, names=st.lists(st.text(max_size=30), max_size=4))
def test_any_payload_is_stored_as_it_was_or_refused_with_our_error(
    stored: "Round", payload: object, names: list[str]
) -> None:
    assert stored.check(payload, names) in {"stored", "refused"}


class Round:
    """Stores and reads back in a loop of its own, since hypothesis calls plain functions."""

    def __init__(self, dsn: str, now: datetime) -> None:
        self.dsn, self.now, self.home = dsn, now, 0

    def check(self, payload: object, names: list[str]) -> str:
        return asyncio.run(self._check(payload, names))

    async def _check(self, payload: object, names: list[str]) -> str:
        from zvon.store.pool import open_pool

        async with open_pool(self.dsn, size=1) as pool:
            if not self.home:
                self.home = await own_party(pool, self.now)
            wrapped = {"p": payload}
            bad = "\\u0000" in repr(wrapped).replace("\\x00", "\\u0000") or any(
                "\x00" in n for n in names
            )
            try:
                async with transaction(pool, self.now) as tx:
                    (made,) = await ingest(
                        tx, [record(self.home, self.now, names, wrapped)], self.now
                    )
                    row = await (
                        await tx.execute("select payload from record where id = %s", (made,))
                    ).fetchone()
                    values = {o.value for o, _ in await observable.of_record(tx.db, made)}
            except BadText:
                assert bad
                return "refused"
            assert row == (wrapped,)
            assert values == set(names)
            return "stored"


@pytest.fixture
def stored(dsn: str, now: datetime) -> Round:
    return Round(dsn, now)


async def test_six_writers_of_the_same_values_neither_deadlock_nor_store_one_twice(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    names = [f"n{i}.example" for i in range(300)]

    async def write(seed: int) -> None:
        for turn in range(5):
            part = names[(seed * 37 + turn * 53) % 150 :] + names[: (seed * 11) % 90]
            mixed = part[::-1] if seed % 2 else part
            async with transaction(pool, now) as tx:
                await ingest(
                    tx, [record(home, now, mixed[:200]), record(home, now, mixed[100:])], now
                )

    await asyncio.wait_for(asyncio.gather(*(write(seed) for seed in range(6))), 60)
    async with read(pool, SYSTEM) as db:
        row = await (
            await db.execute(
                "select count(*), count(distinct value), (select count(*) from occurrence c"
                " left join observable o on o.id = c.observable_id where o.id is null)"
                " from observable"
            )
        ).fetchone()
    assert row is not None
    assert row[0] == row[1]
    assert row[2] == 0


async def test_a_value_that_an_open_transaction_made_is_waited_for_and_used(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    async with transaction(pool, now) as first:
        await ingest(first, [record(home, now, ["b.example"])], now)

        async def second() -> int:
            async with transaction(pool, now) as tx:
                (made,) = await ingest(
                    tx, [record(home, now, ["a.example", "b.example", "c.example"])], now
                )
            return made

        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.3)
        assert not waiting.done()
    made = await waiting
    async with read(pool, SYSTEM) as db:
        assert [o.value for o, _ in await observable.of_record(db, made)] == [
            "a.example",
            "b.example",
            "c.example",
        ]
    assert (await counts(pool))[1] == 3


async def test_a_record_of_an_organisation_or_source_that_is_not_there_is_refused(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    good = record(home, now, ["a.example"])
    for wrong in ({"org_id": 999}, {"orgc_id": 999}, {"source_id": 999}):
        batch = [good, msgspec.structs.replace(record(home, now, ["b.example"]), **wrong)]
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            async with transaction(pool, now) as tx:
                await ingest(tx, batch, now)
    async with transaction(pool, now) as tx:
        await ingest(tx, [good], now)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        async with transaction(pool, now) as tx:
            await tx.execute("delete from party where id = %s", (home,))
