"""From an approval to a blocked answer at real resolvers, and back."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.blocks import publish
from tests.dns.conftest import Lab, clock
from zvon.dns.ask import Answer, Asker
from zvon.model.lifecycle import BlockState
from zvon.model.scope import Scope
from zvon.model.zone import test_name as feed_test_name
from zvon.store import block
from zvon.store.transaction import transaction


async def until(asker: Asker, name: str, blocked: bool, limit: float = 20.0) -> float:
    """Seconds until `name` is blocked (or resolves)."""
    start = time.monotonic()
    answer: Answer | None = None
    while time.monotonic() - start < limit:
        answer = await asker.ask(name)
        if answer is not None and (answer.blocks("nxdomain") if blocked else answer.resolves):
            return time.monotonic() - start
        await asyncio.sleep(0.01)
    raise AssertionError(f"{name}: wanted blocked={blocked}, last answer {answer}")


CASES = [
    pytest.param("bind", None, marks=pytest.mark.server("named")),
    pytest.param("unbound", False, marks=pytest.mark.server("unbound")),
    pytest.param("unbound", True, marks=pytest.mark.server("unbound", "nsd")),
    pytest.param("pdns", None, marks=pytest.mark.server("pdns_recursor")),
    pytest.param("proof", None),
]


@pytest.mark.parametrize(("brand", "relay"), CASES)
async def test_a_block_and_its_lift_reach_a_real_resolver_and_are_proved(
    lab: Lab, tmp_path: Path, brand: str, relay: bool | None
) -> None:
    _, running = await lab.resolver(brand, tmp_path, relay=relay)
    asker = await Asker.to("127.0.0.1", running.port)
    await until(asker, feed_test_name("si"), blocked=True)
    for name in ("evil.example", "www.evil.example", "control.example"):
        await until(asker, name, blocked=False)
    (row,) = await publish(
        lab.pool, lab.people, clock(), "evil.example", scope=Scope.REGISTRABLE_SUB
    )
    seconds = await until(asker, "evil.example", blocked=True)
    print(f"{brand} relay={relay}: blocked after {seconds:.3f} s")
    await until(asker, "www.evil.example", blocked=True)
    await until(asker, "control.example", blocked=False)
    detail = await proved(lab, row.uuid)
    assert [(p.grade, p.mandatory) for p in detail.proof] == [("A", True)]
    async with transaction(lab.pool, clock()) as tx:
        await block.lift(tx, lab.people["bor"], [row.uuid], "a mistake", clock())
    await until(asker, "evil.example", blocked=False)
    await until(asker, "www.evil.example", blocked=False)
    async with asyncio.timeout(10):
        while (await detail_of(lab, row.uuid)).proof[0].lifted_at is None:
            await asyncio.sleep(0.1)
    asker.close()


async def detail_of(lab: Lab, uuid: object) -> block.BlockDetail:
    async with lab.pool.connection() as db:
        return await block.get(db, lab.people["ana"], uuid)  # type: ignore[arg-type]


async def proved(lab: Lab, uuid: object) -> block.BlockDetail:
    async with asyncio.timeout(10):
        while True:
            detail = await detail_of(lab, uuid)
            if detail.block.state is BlockState.ENFORCED:
                return detail
            await asyncio.sleep(0.05)
