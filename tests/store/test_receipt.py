"""Receipts: a chain that shows what was changed in it."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.blocks import people_of, publish
from tests.justifications import justified
from zvon.formats.receipt import Statement, digest
from zvon.store import receipt, subscriber
from zvon.store.receipt import NODE, Draft
from zvon.store.transaction import Pool, transaction

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {NODE: KEY.public_key().public_bytes_raw()}
ANSWER = b"\x00\x01\x81\x83" + bytes(8)


async def chain(
    pool: Pool, now: datetime, sign: Callable[[bytes], bytes] = KEY.sign
) -> list[Draft]:
    """Three blocks, proved at one subscriber."""
    people = await people_of(pool, now)
    await justified(pool, people["ada"], people["bor"], now)
    async with transaction(pool, now) as tx:
        of, _ = await subscriber.add(
            tx, people["ada"], name="t2", brand="bind", address="192.0.2.53", feeds=("si",),
            notify_address="192.0.2.53:53", probe_address="192.0.2.53:53", mode="enforce", now=now,
            random=os.urandom, key=bytes(32),
        )  # fmt: skip
    rows = await publish(pool, people, now, "a.example", "b.example", "c.example")
    drafts = [
        Draft(
            block_id=row.id, block=row.uuid, subscriber_id=of.id, answer=ANSWER,
            statement=Statement(
                block=str(row.uuid), name=row.name, kind="block", subscriber="t2", prober=NODE,
                zone="hot.si.zvon", serial=2, approved_at=row.approved_at,
                ordered_at=row.published_at or now, seen_at=now + timedelta(seconds=1), grade="A",
                answer=digest(ANSWER), evidence="policy", control="example.com",
            ),
        )
        for row in rows
    ]  # fmt: skip
    async with transaction(pool, now) as tx:
        assert await receipt.put(tx, drafts, sign, now) == 3
    return drafts


async def found(pool: Pool) -> list[tuple[str, int, str]]:
    async with pool.connection() as db:
        count, problems = await receipt.verify(db, KEYS)
    assert count <= 3
    return [(p.prober, p.n, p.text) for p in problems]


async def test_a_chain_as_it_was_written_has_no_problem_and_the_same_proof_is_kept_once(
    pool: Pool, now: datetime
) -> None:
    drafts = await chain(pool, now)
    async with transaction(pool, now) as tx:
        assert await receipt.put(tx, drafts, KEY.sign, now) == 0
    async with pool.connection() as db:
        assert await receipt.verify(db, KEYS) == (3, [])
        assert await receipt.chain_end(db, NODE) != (0, bytes(32))


@pytest.mark.parametrize(
    ("change", "named", "said"),
    [
        ("update receipt set blocked_at = blocked_at - interval '1 ms' where n = 2", 2, "changed"),
        ("update receipt set evidence = 'answer' where n = 2", 2, "changed"),
        ("update receipt set answer = '\\x00' where n = 2", 2, "changed"),
        ("update receipt set statement = statement || ' ' where n = 2", 2, "changed"),
        ("update receipt set signature = set_byte(signature, 5, get_byte(signature, 5) # 1) where n = 2", 2, "changed"),
        ("update receipt set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where n = 2", 2,
         "changed"),
        ("delete from receipt where n = 2", 3, "2 to 2 are missing"),
        ("delete from receipt where n = 3", 3, "the chain ends with 2"),
        ("update receipt set prober = 'somebody' where n = 3", 3, "no chain"),
        ("update receipt set kind = 'lift' where n = 2", 2, "changed"),
    ],
)  # fmt: skip
async def test_what_was_changed_is_named(
    pool: Pool, now: datetime, change: str, named: int, said: str
) -> None:
    await chain(pool, now)
    async with pool.connection() as db:
        await db.execute(change.encode())
    problems = await found(pool)
    assert any(n == named and said in text for _, n, text in problems), problems


async def test_a_chain_of_another_key_is_believed_nothing(pool: Pool, now: datetime) -> None:
    await chain(pool, now)
    async with pool.connection() as db:
        _, problems = await receipt.verify(db, {NODE: bytes(32)})
        assert {p.n for p in problems} == {1, 2, 3}
        _, problems = await receipt.verify(db, {})
        assert {p.n for p in problems} == {1, 2, 3}
