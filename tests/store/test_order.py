"""Orders of authorities: written and oral, and the alarm for a copy that does not come."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import DatabaseError

from tests.blocks import People, people_of, rules
from tests.store.test_block_life import ask, live, ordered
from zvon.access.permission import Denied
from zvon.store import block_row, order
from zvon.store.block import BadProposal
from zvon.store.order import BadOrder, NoOrder
from zvon.store.transaction import Pool, transaction

DAY = timedelta(days=1)


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def test_a_written_order_names_its_document(
    pool: Pool, people: People, now: datetime
) -> None:
    made = await ordered(pool, people["ana"], now)
    assert (made.number, made.person, made.written_due) == ("O-26-000001", "ana", None)
    assert (made.document_sha256, made.written_at, made.blocks) == ("ab" * 32, now, 0)
    async with pool.connection() as db:
        assert await order.list_all(db, people["ana"]) == [made]
    assert not made.overdue(now + DAY)


async def test_an_oral_order_alarms_once_when_its_copy_does_not_come(
    pool: Pool, people: People, now: datetime
) -> None:
    said = {"kind": "oral", "document_sha256": None}
    late = await ordered(pool, people["ana"], now, **said)
    kept = await ordered(pool, people["ana"], now, **said)
    assert late.written_due == now + 2 * DAY
    async with transaction(pool, now) as tx:
        done = await order.written(tx, people["bor"], kept.uuid, "cd" * 32, now)
    assert done.written_at == now
    for at, alarms in ((now + 2 * DAY - timedelta(seconds=1), []), (now + 2 * DAY, [late.number]),
                       (now + 3 * DAY, [])):  # fmt: skip
        async with transaction(pool, at) as tx:
            assert [one.number for one in await order.alarm(tx, at)] == alarms
    async with pool.connection() as db:
        said_so = await (
            await db.execute("select object from audit where action = 'order:overdue'")
        ).fetchall()
    assert said_so == [(f"order:{late.number}",)]
    with pytest.raises(BadOrder, match="already"):
        async with transaction(pool, now) as tx:
            await order.written(tx, people["bor"], kept.uuid, "cd" * 32, now)


async def test_without_its_copy_an_order_lapses_and_its_blocks_go_to_review(
    pool: Pool, people: People, now: datetime
) -> None:
    said = await ordered(pool, people["ana"], now, kind="oral", document_sha256=None)
    assert said.state == "announced"
    stands = await live(pool, people, now, "evil.example", order_uuid=said.uuid)
    (waits,) = await ask(pool, people["ana"], now, "other.example", order_uuid=said.uuid)
    late = now + 2 * DAY
    async with transaction(pool, late) as tx:
        await order.alarm(tx, late)
        await order.settle(tx, late)
    async with pool.connection() as db:
        assert (await order.by_uuid(db, said.uuid)).state == "lapsed"
        found = {
            row.name: row.state for row in await block_row.by_uuid(db, [stands.uuid, waits.uuid])
        }
    assert found == {"evil.example": "disputed", "other.example": "held"}
    assert await rules(pool, "hot.si.zvon") == {"evil.example": "."}, "not silently off either"
    with pytest.raises(BadOrder, match="lapsed"):
        await ask(pool, people["ana"], late, "third.example", order_uuid=said.uuid)
    async with transaction(pool, late) as tx:
        done = await order.written(tx, people["bor"], said.uuid, "cd" * 32, late)
        await order.settle(tx, late)
    assert done.state == "confirmed"
    async with pool.connection() as db:
        assert (await order.by_uuid(db, said.uuid)).state == "in_force"
        (row,) = await block_row.by_uuid(db, [stands.uuid])
    assert row.state == "disputed", "a person settles it"


async def test_an_order_is_in_force_while_blocks_rest_on_it_and_then_over(
    pool: Pool, people: People, now: datetime
) -> None:
    made = await ordered(pool, people["ana"], now)
    for at, state in ((now, "confirmed"), (now + 31 * DAY, "ended")):
        async with transaction(pool, at) as tx:
            await order.settle(tx, at)
            assert (await order.by_uuid(tx.db, made.uuid)).state == state
    with pytest.raises(DatabaseError, match="no move from ended"):
        async with transaction(pool, now) as tx:
            await tx.execute("update authority_order set state = 'in_force'")


async def test_the_time_for_the_copy_is_a_policy(pool: Pool, people: People, now: datetime) -> None:
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into policy (name, version, body, at)"
            " values ('orders', 1, '{\"written_hours\": 2}', %s)", (now,)
        )  # fmt: skip
    made = await ordered(pool, people["ana"], now, kind="oral", document_sha256=None)
    assert made.written_due == now + timedelta(hours=2)


async def test_what_is_no_order_is_refused(pool: Pool, people: People, now: datetime) -> None:
    bad: list[dict[str, Any]] = [
        {"kind": "shouted"}, {"authority": " x"}, {"authority": "x" * 501},
        {"reference": "\x00\x00\x00"}, {"legal_ground": ""},
        {"received_at": now + DAY}, {"expires_at": now}, {"expires_at": now + 367 * DAY},
        {"document_sha256": None}, {"document_sha256": "ab"}, {"document_sha256": "zz" * 32},
        {"document_sha256": "ab " * 32}, {"kind": "oral"},
    ]  # fmt: skip
    for more in bad:
        with pytest.raises((BadOrder, BadProposal)):
            await ordered(pool, people["ana"], now, **more)
    with pytest.raises(Denied):
        await ordered(pool, people["ada"], now)
    async with pool.connection() as db:
        assert await order.list_all(db, people["ada"]) == []
    with pytest.raises(NoOrder):
        async with transaction(pool, now) as tx:
            await order.written(tx, people["ana"], UUID(int=1), "cd" * 32, now)
