"""Keys of a day: one each, whoever makes it first, never readable without the node key, gone for good."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.store.world import own_party
from zvon.access.seal import BadSeal
from zvon.store import data_key, delivery, raw
from zvon.store.data_key import DataKeys
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, transaction


async def counted(pool: Pool) -> int:
    async with pool.connection() as db:
        row = await (await db.execute("select count(*) from data_key")).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_day_has_one_key_however_many_write_at_once(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)

    async def put(n: int) -> bytes:
        async with transaction(pool, now) as tx:
            return await raw.put(tx, b"body %d" % n, "text/plain", now)

    shas = await asyncio.gather(*(put(n) for n in range(5)))
    assert await counted(pool) == 1
    async with transaction(pool, now + timedelta(days=1)) as tx:
        for n, sha in enumerate(shas):
            assert await raw.get(tx.db, sha) == b"body %d" % n
        await raw.put(tx, b"tomorrow", "text/plain", now + timedelta(days=1))
    assert await counted(pool) == 2


async def test_a_key_of_a_transaction_that_failed_seals_nothing(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    with pytest.raises(RuntimeError, match="broke"):
        async with transaction(pool, now) as tx:
            await raw.put(tx, b"lost", "text/plain", now)
            raise RuntimeError("broke")
    async with transaction(pool, now) as tx:
        sha = await raw.put(tx, b"kept", "text/plain", now)
    async with transaction(pool, now) as tx:
        assert await raw.get(tx.db, sha) == b"kept"


async def test_the_body_does_not_stand_in_the_table(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    async with transaction(pool, now) as tx:
        sha = await raw.put(tx, b"EMSO 0101006500006 " * 40, "text/plain", now)
        row = await (
            await tx.execute("select body, size from raw_input where sha256 = %s", (sha,))
        ).fetchone()
    assert row is not None
    assert b"EMSO" not in bytes(row[0])
    assert row[1] == 760


async def test_with_another_node_key_or_none_nothing_is_read(
    pool: Pool, dsn: str, now: datetime
) -> None:
    await own_party(pool, now)
    async with transaction(pool, now) as tx:
        sha = await raw.put(tx, b"body", "text/plain", now)
    other = DataKeys(bytes([7] * 32), os.urandom)
    async with open_pool(dsn, size=1, keys=other) as wrong, transaction(wrong, now) as tx:
        with pytest.raises(BadSeal):
            await raw.get(tx.db, sha)
    async with open_pool(dsn, size=1) as none, transaction(none, now) as tx:
        with pytest.raises(data_key.NoKeys):
            await raw.get(tx.db, sha)
        with pytest.raises(data_key.NoKeys):
            await raw.put(tx, b"more", "text/plain", now)


async def test_a_body_put_into_another_row_is_refused(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    async with transaction(pool, now) as tx:
        first = await raw.put(tx, b"one", "x", now)
        second = await raw.put(tx, b"two", "x", now)
        await tx.execute(
            "update raw_input set body = (select body from raw_input where sha256 = %s)"
            " where sha256 = %s", (first, second),
        )  # fmt: skip
        with pytest.raises(BadSeal):
            await raw.get(tx.db, second)


async def test_a_destroyed_key_reads_and_seals_nothing(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    async with transaction(pool, now) as tx:
        sha = await raw.put(tx, b"body", "text/plain", now)
        day = now.astimezone(UTC).date()
        after = day + timedelta(days=1)
        assert await data_key.destroy(tx, "SI", [data_key.RAW], after, now) == 0  # still used
        await tx.execute("update data_key set key_sealed = null, destroyed_at = %s", (now,))
        with pytest.raises(data_key.KeyDestroyed):
            await raw.get(tx.db, sha)
        with pytest.raises(data_key.KeyDestroyed):
            await raw.put(tx, b"another", "text/plain", now)


async def test_pieces_of_a_delivery_are_sealed_and_come_back(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    body = [b"192.0.2.1 secret-line\n" * 9, b"second"]

    async def pieces() -> AsyncIterator[bytes]:
        for each in body:
            yield delivery.pack(each)

    async with transaction(pool, now) as tx:
        row = await (
            await tx.execute(
                "insert into source (uuid, name, kind, party_id, created_at)"
                " values (gen_random_uuid(), 's', 'file', %s, %s) returning id", (home.id, now),
            )
        ).fetchone()  # fmt: skip
        assert row is not None
        new = delivery.New(source_id=row[0], sha256=bytes(32), size=9, chunks=2, received_at=now)
        kept = await delivery.put(tx, new, pieces(), bytes(10))
        stored = await (await tx.execute("select body from delivery_chunk order by n")).fetchall()
    assert not any(b"secret-line" in bytes(each[0]) for each in stored)
    assert [each async for each in delivery.body(pool, kept.id)] == body


def test_keys_do_not_show_themselves() -> None:
    keys = DataKeys(b"k" * 32, os.urandom)
    assert "kkk" not in repr(keys)
    assert "kkk" not in repr(data_key.DataKey(1, b"k" * 32, os.urandom))
