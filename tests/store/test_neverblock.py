"""The never-block lists in the database, and the gate with them."""

import os
import tracemalloc
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.blocks import People, people_of, proposal, publish, refusals
from zvon.model import guard
from zvon.model.guard import GuardNotReady
from zvon.model.name import canonical
from zvon.model.popularity import BadPopularity
from zvon.model.scope import Scope
from zvon.store import block, block_gate, neverblock, popularity
from zvon.store.block import GuardRefused
from zvon.store.transaction import Pool, transaction


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def rules(
    pool: Pool, now: datetime, name: str, scope: Scope = Scope.HOST, trigger: str = "qname"
) -> set[str]:
    async with pool.connection() as db:
        address = trigger in guard.ADDRESS_TRIGGERS
        facts = await neverblock.facts(db, [] if address else [name], now,
                                       prefixes=[name] if address else [])  # fmt: skip
    return {finding.rule for finding in guard.check(name, scope, facts, trigger=trigger)}


async def run(pool: Pool, now: datetime, *statements: str) -> None:
    async with transaction(pool, now) as tx:
        for statement in statements:
            await tx.execute(statement)


def listed(folder: Path, names: Sequence[str], at: datetime) -> Path:
    path = folder / "popular.csv"
    path.write_text("".join(f"{n},{name}\n" for n, name in enumerate(names, start=1)))
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


@pytest.mark.usefixtures("people")
async def test_what_is_above_and_below_is_found(pool: Pool, now: datetime) -> None:
    assert await rules(pool, now, "www.arnes.si") == {"constituency", "brand"}
    assert await rules(pool, now, "ordinary.example") == set()
    await run(pool, now,
              "insert into constituency (kind, value) values ('domain', 'mail.lipa.example')")  # fmt: skip
    assert await rules(pool, now, "lipa.example", Scope.REGISTRABLE_SUB) == {"covers"}
    assert await rules(pool, now, "lipa.example") == set()
    assert await rules(pool, now, "x.mail.lipa.example") == {"constituency"}


@pytest.mark.usefixtures("people")
async def test_ranges_that_overlap_a_protected_one_are_refused(pool: Pool, now: datetime) -> None:
    for prefix in ("8.8.8.8/32", "104.16.1.0/24", "193.2.1.66/32", "2606:4700::/48"):
        assert await rules(pool, now, prefix, trigger="ip") == {"prefix"}, prefix
    assert await rules(pool, now, "198.41.0.0/24", trigger="nsip") == {"covers"}
    assert await rules(pool, now, "8.0.0.0/8", trigger="ip") >= {"wide_prefix", "covers"}
    assert await rules(pool, now, "203.0.113.7/32", trigger="ip") == set()
    await run(pool, now,
              "insert into constituency (kind, value) values ('prefix', '203.0.113.0/28')")  # fmt: skip
    assert await rules(pool, now, "203.0.113.7/32", trigger="ip") == {"constituency"}


@pytest.mark.usefixtures("people")
async def test_a_subscribers_own_names_and_resolvers_are_protected(
    pool: Pool, now: datetime
) -> None:
    await run(
        pool, now,
        "insert into subscriber (uuid, name, party_id, brand, address, known_by, notify_address,"
        " feed_id, created_at) select gen_random_uuid(), 't2', p.id, 'bind', '203.0.113.53',"
        " 'tsig', '203.0.113.53:53', f.id, now() from party p, feed f limit 1",
    )  # fmt: skip
    async with transaction(pool, now) as tx:
        await neverblock.put_subscriber(tx, "t2", ["operater.example"])
    assert await rules(pool, now, "mail.operater.example") == {"subscriber"}
    assert await rules(pool, now, "203.0.113.0/24", trigger="ip") == {"covers"}


@pytest.mark.parametrize("missing", ["constituency", "prefix", "own", "brand"])
@pytest.mark.usefixtures("people")
async def test_a_damaged_list_closes_the_gate(pool: Pool, now: datetime, missing: str) -> None:
    table = "neverblock_prefix" if missing == "prefix" else "neverblock"
    await run(pool, now, f"delete from {table} where ctid in"
              f" (select ctid from {table} where list = '{missing}' limit 1)")  # fmt: skip
    with pytest.raises(GuardNotReady, match=missing):
        await rules(pool, now, "evil.example")


async def test_a_list_that_nobody_confirmed_for_too_long_closes_the_gate(
    pool: Pool, now: datetime, people: People
) -> None:
    later = now + neverblock.FRESH
    with pytest.raises(GuardRefused) as refused:
        async with transaction(pool, later) as tx:
            await block.propose(
                tx, people["ana"], proposal(later, "evil.example"), later, os.urandom
            )
    assert refused.value.findings[0].rule == "not_ready"
    async with transaction(pool, later) as tx:
        assert await neverblock.load(tx, later) == []
    assert await rules(pool, later, "evil.example") == set()


@pytest.mark.usefixtures("people")
async def test_the_operators_list_is_loaded_confirmed_and_replaced(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    path = listed(tmp_path, ["pekarna.example", "ŽABA.example", "www.mesar.example"], now)
    async with transaction(pool, now) as tx:
        await popularity.expect(tx, path)
    with pytest.raises(GuardNotReady, match="popular-operator"):
        await rules(pool, now, "evil.example")
    assert (await popularity.refresh(pool, path, now, top=100)).changed
    assert await rules(pool, now, "narocila.pekarna.example") == {"popular-operator"}
    assert await rules(pool, now, canonical("žaba.example")) == {"popular-operator"}
    assert await rules(pool, now, "mesar.example", Scope.REGISTRABLE_SUB) == {"covers"}
    assert not (await popularity.refresh(pool, path, now, top=100)).changed
    path = listed(tmp_path, ["mesar.example"], now + timedelta(hours=1))
    assert (await popularity.refresh(pool, path, now, top=100)).names == 1
    assert await rules(pool, now, "pekarna.example") == set()
    async with transaction(pool, now) as tx:
        await popularity.expect(tx, None)
    assert await rules(pool, now, "mesar.example") == set()


@pytest.mark.usefixtures("people")
async def test_a_bad_or_old_operators_list_never_opens_the_gate(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    path = listed(tmp_path, ["pekarna.example"], now)
    await popularity.refresh(pool, path, now, top=100)
    path.write_text("<html>sign in to download</html>\n" * 300)
    with pytest.raises(BadPopularity):
        await popularity.refresh(pool, path, now, top=100)
    assert await rules(pool, now, "pekarna.example") == {"popular-operator"}
    late = now + popularity.FRESH
    with pytest.raises(GuardNotReady, match="popular-operator"):
        await rules(pool, late, "evil.example")
    path = listed(tmp_path, ["pekarna.example"], now)
    assert (await popularity.refresh(pool, path, now + popularity.ALARM * 1.1, top=100)).old
    await run(pool, now, "delete from popular_name")
    with pytest.raises(GuardNotReady, match="popular-operator"):
        await rules(pool, now, "evil.example")
    assert (await popularity.refresh(pool, path, now, top=100)).changed


@pytest.mark.usefixtures("people")
async def test_a_name_above_millions_does_not_fill_the_memory(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    path = listed(tmp_path, [f"n{n}.velik.example" for n in range(20_000)], now)
    await popularity.refresh(pool, path, now, top=1_000_000)
    tracemalloc.start()
    assert "covers" in await rules(pool, now, "velik.example", Scope.REGISTRABLE_SUB)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


async def test_a_source_that_takes_back_a_third_in_a_day_waits_for_a_person(
    pool: Pool, now: datetime, people: People
) -> None:
    rows = await publish(pool, people, now, *(f"n{n}.example" for n in range(20)))
    ana = people["ana"].person_id
    async with transaction(pool, now) as tx:
        await block.lift(tx, people["ana"], [row.uuid for row in rows[:5]], "taken back", now)
    async with transaction(pool, now) as tx:
        before, stand = await block_gate.standing(tx, ana, now)
        assert (before, stand) == (20, 15)
        assert await block_gate.source_brake(tx, "Banka", before, stand - 1) is None
        assert await block_gate.source_brake(tx, "Banka", before, stand - 2) == "brake_source"
        day = now + timedelta(days=1, seconds=1)
        assert await block_gate.standing(tx, ana, day) == (15, 15)
    assert ("system", "source:shrink", "brake_source") in await refusals(pool)
