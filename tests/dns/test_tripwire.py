"""A publication that breaks what must resolve: it does not go out, or it goes back by itself."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from pathlib import Path

import dns.message
import dns.rcode
import dns.rrset
import pytest

from tests.authority import ADDRESS
from tests.blocks import publish
from tests.dns.conftest import Lab, clock
from zvon.access.refusal import Refused
from zvon.config import host_port
from zvon.dns.ask import Asker
from zvon.dns.baseline import Baseline
from zvon.dns.canary import Canary, Stopped
from zvon.dns.notify import Notifier
from zvon.dns.ram import RamZone
from zvon.dns.registry import Endpoint, Registry
from zvon.formats.answer import Answer
from zvon.model.dns_alert import Cause
from zvon.model.scope import Scope
from zvon.store import block, tripwire
from zvon.store.block_gate import Frozen
from zvon.store.transaction import Pool, transaction

FROZEN = Cause.FEED_FROZEN.value


async def until(what: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not await what():
            await asyncio.sleep(0.02)


async def control(lab: Lab, *names: str) -> None:
    """Make names that must resolve, and let the service know them."""
    async with transaction(lab.pool, clock()) as tx:
        for name in names:
            await tx.execute("insert into control_name values (%s, '*', 'test')", (name,))
    lab.service.canary.expect(names)
    lab.service.tripwire.names = names


async def frozen(pool: Pool) -> str | None:
    async with pool.connection() as db:
        row = await (
            await db.execute("select frozen_reason from feed where name = 'si'")
        ).fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


async def alerts(pool: Pool) -> list[str]:
    async with pool.connection() as db:
        rows = await (
            await db.execute("select cause from dns_alert where closed_at is null")
        ).fetchall()
    return [row[0] for row in rows if row[0] == FROZEN]


def canary(names: list[str], zone: RamZone) -> tuple[Canary, list[Stopped], Registry]:
    registry = Registry()
    registry.zones[zone.name] = zone
    told: list[Stopped] = []
    made = Canary(registry, Notifier(registry, clock=lambda: 0.0, answered=lambda *_: None),
                  Baseline(), stop=told.append, told=lambda *_: None)  # fmt: skip
    made.expect(names)
    return made, told, registry


@pytest.mark.parametrize(
    ("ops", "held"),
    [
        ([("add", "posta.example", ".")], True),
        ([("add", "*.example", "*.")], True),
        ([("add", "posta.example", "landing.example.")], True),
        ([("add", "evil.example", ".")], False),
        ([("add", "*.posta.example", ".")], False),
        ([("add", "posta.example", "."), ("del", "posta.example", ".")], False),
        ([("add", "posta.example", "rpz-passthru.")], False),
        ([("add", "*.example", "."), ("add", "posta.example", "rpz-passthru.")], False),
        ([("del", "www.hotel.example", "rpz-passthru.")], True),
    ],
)
def test_the_matcher_looks_at_what_a_zone_would_become(
    ops: list[tuple[str, str, str]], held: bool
) -> None:
    zone = RamZone("hot.si.zvon", zone_id=1, ttl=60, serial=7, marker=None,
                   rules=[("*.hotel.example", "."), ("www.hotel.example", "rpz-passthru.")])  # fmt: skip
    watching, stopped, _ = canary(["posta.example", "www.hotel.example"], zone)
    assert watching.holds(zone, ops) is held
    assert bool(stopped) is held


def test_a_zone_read_whole_is_looked_through_and_an_allow_zone_is_not() -> None:
    rules = [("posta.example", ".")]
    zone = RamZone("cold.si.zvon", zone_id=1, ttl=60, serial=7, marker=None, rules=rules)
    watching, stopped, _ = canary(["posta.example"], zone)
    assert watching.holds(zone, ())
    assert stopped[0].owners == ("posta.example",)
    allow = RamZone("allow.t2.zvon", zone_id=1, ttl=60, serial=7, marker=None, rules=rules)
    assert not watching.holds(allow, ())


async def test_a_change_that_would_stop_a_control_name_never_goes_out(lab: Lab) -> None:
    await control(lab, "pekarna.example")
    zone = lab.service.registry.zones["hot.si.zvon"]
    before = zone.serial
    seen: list[str | None] = []

    async def look() -> None:
        # Whatever the loop lets anybody transfer in between.
        while True:
            seen.append(zone.get("pekarna.example"))
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    await publish(lab.pool, lab.people, clock(), "pekarna.example")

    async def back() -> bool:
        return await frozen(lab.pool) is not None and zone.serial > before

    await until(back)
    looking.cancel()
    assert set(seen) == {None}
    assert await alerts(lab.pool) == [FROZEN]
    with pytest.raises(Frozen):
        await publish(lab.pool, lab.people, clock(), "evil.example")
    await _thaw(lab)
    await publish(lab.pool, lab.people, clock(), "evil2.example")


async def _thaw(lab: Lab) -> None:
    async with transaction(lab.pool, clock()) as tx:
        assert not await tripwire.thaw(tx, lab.people["ana"], "si", "looked at it", clock())
    with pytest.raises(Refused, match="another person"):
        async with transaction(lab.pool, clock()) as tx:
            await tripwire.thaw(tx, lab.people["ana"], "si", "once more", clock())
    assert await frozen(lab.pool)
    async with transaction(lab.pool, clock()) as tx:
        assert await tripwire.thaw(tx, lab.people["bor"], "si", "seen too", clock())
    assert await frozen(lab.pool) is None
    assert await alerts(lab.pool) == []


async def test_two_analysts_cannot_thaw_a_feed(pool: Pool, lab: Lab) -> None:
    async with transaction(pool, clock()) as tx:
        await tripwire.freeze(tx, "si", "by hand", clock())
    async with transaction(pool, clock()) as tx:
        assert not await tripwire.thaw(tx, lab.people["ana"], "si", "why not", clock())
        assert not await tripwire.thaw(tx, lab.people["ada"], "si", "why not", clock())
    assert await frozen(pool)


@pytest.mark.server("named")
async def test_what_only_a_resolver_can_see_goes_back_within_seconds(
    lab: Lab, tmp_path: Path
) -> None:
    """A rule on an address that everything has: no name stands in it, and all names are gone."""
    names = ("pekarna.example", "mesnica.example", "hotel.example")
    await control(lab, *names)
    made, _ = await lab.resolver("bind", tmp_path)
    assert made.probe_address is not None
    asker = await Asker.to(*host_port(made.probe_address))

    async def resolves() -> bool:
        answer = await asker.ask(names[0])
        return answer is not None and answer.resolves

    async def stopped() -> bool:
        answer = await asker.ask(names[0])
        return answer is not None and answer.rcode == 3

    await until(resolves)
    lab.service.tripwire._after = (0.3, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
    start = asyncio.get_running_loop().time()
    async with transaction(lab.pool, clock()) as tx:
        proposal = block.Proposal(
            names=((f"{ADDRESS}/32", Scope.HOST),), feed="si", trigger="ip", reason="a test",
            legal_ground="a test", expires_at=clock() + timedelta(days=1),
        )  # fmt: skip
        rows = await block.propose(tx, lab.people["ana"], proposal, clock(), os.urandom)
    async with transaction(lab.pool, clock()) as tx:
        await block.approve(tx, lab.people["bor"], [r.uuid for r in rows], "a slip", clock())
    await until(stopped)

    async def back() -> bool:
        return await frozen(lab.pool) is not None

    await until(back)
    await until(resolves)
    print(f"broken and back in {asyncio.get_running_loop().time() - start:.1f} s")
    asker.close()
    async with lab.pool.connection() as db:
        row = await (
            await db.execute("select state, lift_reason from block where id = %s", (rows[0].id,))
        ).fetchone()
    assert row == ("lifted", "rollback")
    assert await alerts(lab.pool) == [FROZEN]


async def test_canaries_are_told_first_of_a_batch_and_all_at_once_of_one_name(lab: Lab) -> None:
    told: list[tuple[str, set[int] | None]] = []
    first = await lab.subscribe("kanarcek", "bind", canary=True, probe_address="127.0.0.1:9")
    changed = lab.service.notifier.changed

    def tell(zone: RamZone, *, only: Collection[int] | None = None) -> None:
        told.append((zone.name, None if only is None else set(only)))
        changed(zone, only=only)

    lab.service.notifier.changed = tell  # type: ignore[method-assign]
    await publish(lab.pool, lab.people, clock(), "one.example")
    await until(_told(told, 1))
    assert told == [("hot.si.zvon", None)]
    await publish(lab.pool, lab.people, clock(), *(f"n{n}.example" for n in range(20)))
    await until(_told(told, 3))
    assert told[1:] == [("hot.si.zvon", {first.id}), ("hot.si.zvon", None)]


def _told(told: list[tuple[str, set[int] | None]], count: int) -> Callable[[], Awaitable[bool]]:
    async def enough() -> bool:
        return len(told) >= count

    return enough


async def test_one_site_that_vanished_is_no_alarm_and_a_jump_of_failures_is() -> None:
    base = Baseline()
    endpoint = Endpoint(
        id=1, name="t2", brand="bind", feeds=("si",), mode="enforce", mandatory=True,
        known_by="tsig", addresses=frozenset(), notify_address="127.0.0.1:1",
        probe_address="127.0.0.1:1", zones=("hot.si.zvon",),
    )  # fmt: skip
    good = {f"n{n}.example": answer(0) for n in range(8)}
    assert not base._judge(endpoint, good).bad
    assert not base._judge(endpoint, good | {"n1.example": answer(3)}).bad
    assert not base._judge(endpoint, good | {"never.example": answer(3)}).bad
    assert base._judge(endpoint, good | {"n1.example": answer(3), "n2.example": answer(3)}).bad
    assert base._judge(endpoint, {name: answer(2) for name in good}).failing
    assert not base._judge(endpoint, {name: answer(2) for name in list(good)[:4]}).failing


def answer(rcode: int) -> Answer:
    made = dns.message.make_response(dns.message.make_query("n.example", "A"))
    made.set_rcode(dns.rcode.Rcode(rcode))
    if rcode == 0:
        made.answer.append(dns.rrset.from_text("n.example.", 1, "IN", "A", ADDRESS))
    return Answer.of(made.to_wire())
