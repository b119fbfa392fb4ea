"""Proof of block at real resolvers: what it rests on, batches, and resolvers that prove nothing."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.blocks import propose, publish
from tests.dns.conftest import Lab, clock
from tests.dns.test_serve import proved, until
from zvon.access.node import node
from zvon.dns.ask import Asker
from zvon.model.lifecycle import BlockState
from zvon.model.proof import CONTROLS, Evidence
from zvon.model.zone import test_name as feed_test_name
from zvon.store import block, proof_work, receipt
from zvon.store.block_row import BlockRow
from zvon.store.transaction import transaction

CASES = [
    pytest.param("bind", {Evidence.POLICY}, marks=pytest.mark.server("named")),
    pytest.param("unbound", {Evidence.LOCAL}, marks=pytest.mark.server("unbound")),
    pytest.param("pdns", {Evidence.EXTENDED, Evidence.CHANGED},
                 marks=pytest.mark.server("pdns_recursor")),
    pytest.param("proof", {Evidence.EXTENDED, Evidence.CHANGED}),
]  # fmt: skip


async def receipts(lab: Lab, row: BlockRow) -> list[dict[str, Any]]:
    """What was signed about a block."""
    async with lab.pool.connection() as db:
        kept = await receipt.of_block(db, row.uuid)
    return [msgspec.json.decode(bytes(one.statement).partition(b"\n")[2]) for one in kept]


async def unbroken(lab: Lab) -> int:
    """How many receipts there are, all in order."""
    async with lab.pool.connection() as db:
        me = await node(db, lab.settings.key_file.read_bytes())
        keys = {receipt.NODE: me.signing.public_key().public_bytes_raw()}
        count, problems = await receipt.verify(db, keys)
    assert problems == []
    return count


async def asked_before(lab: Lab, row: BlockRow) -> None:
    async with asyncio.timeout(10):
        while True:
            async with lab.pool.connection() as db:
                if await receipt.before(db, [row]):
                    return
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(("brand", "strong"), CASES)
async def test_a_receipt_says_what_its_proof_rests_on(
    lab: Lab, tmp_path: Path, brand: str, strong: set[Evidence]
) -> None:
    made, running = await lab.resolver(brand, tmp_path, relay=False)
    asker = await Asker.to("127.0.0.1", running.port)
    await until(asker, feed_test_name("si"), blocked=True)
    asker.close()
    (row,) = await propose(lab.pool, lab.people["ana"], clock(), "evil.example")
    await asked_before(lab, row)
    async with transaction(lab.pool, clock()) as tx:
        await block.approve(tx, lab.people["bor"], [row.uuid], "seen it", clock())
    await proved(lab, row.uuid)
    (said,) = await receipts(lab, row)
    assert said["evidence"] in strong, said
    assert said["existed_before"] is True
    async with lab.pool.connection() as db:
        assert said["control"] in await proof_work.controls(db, CONTROLS)
    assert (said["grade"], said["sample"], said["zone"]) == ("A", 0, "hot.si.zvon")
    assert said["subscriber"] == made.name
    assert said["approved_at"] <= said["ordered_at"] <= said["seen_at"]
    assert said["transferred_at"] is not None
    assert await unbroken(lab) >= 1


async def test_a_batch_is_proved_by_a_sample_and_every_block_has_its_receipt(
    lab: Lab, tmp_path: Path
) -> None:
    await lab.resolver("proof", tmp_path)
    rows = await publish(lab.pool, lab.people, clock(), *(f"n{n}.example" for n in range(40)))
    for row in rows:
        await proved(lab, row.uuid)
    said = [one for row in rows for one in await receipts(lab, row)]
    assert len(said) == 40
    assert sorted({one["sample"] for one in said}) == [0, 18]
    asked = [one["name"] for one in said if one["sample"] == 0]
    assert len(asked) == 18
    assert {"n0.example", "n39.example"} <= set(asked)
    assert await unbroken(lab) == 40


class _Refuses(asyncio.DatagramProtocol):
    """A resolver that answers every question with one response code."""

    def __init__(self, rcode: int) -> None:
        self._rcode = rcode

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        end = data.index(b"\0", 12) + 5
        flags = (0x8180 | self._rcode).to_bytes(2)
        self._transport.sendto(data[:2] + flags + data[4:6] + bytes(6) + data[12:end], addr)


@pytest.mark.parametrize("rcode", [3, 2, 5])
async def test_a_resolver_that_resolves_nothing_is_never_counted_as_blocking(
    lab: Lab, rcode: int
) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Refuses(rcode), local_addr=("127.0.0.1", 0)
    )
    host, port = transport.get_extra_info("sockname")[:2]
    made = await lab.subscribe("dead", "bind", mandatory=True)
    async with transaction(lab.pool, clock()) as tx:
        await tx.execute(
            "update subscriber set probe_address = %s where id = %s", (f"{host}:{port}", made.id)
        )
        await tx.execute("select pg_notify('zvon_zone', 'subscribers')")
    async with asyncio.timeout(5):
        while lab.service.registry.endpoints[made.id].probe_address is None:
            await asyncio.sleep(0.01)
    (row,) = await publish(lab.pool, lab.people, clock(), "evil.example")
    place = (row.id, made.id, "block")
    assert lab.service.prober is not None
    async with asyncio.timeout(10):
        while place not in lab.service.prober.tried:
            await asyncio.sleep(0.05)
        tried = lab.service.prober.tried[place]
        while not (tried.control_failed or (tried.answered and rcode != 3)):
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    async with lab.pool.connection() as db:
        found = await block.get(db, lab.people["ana"], row.uuid)
        (open_,) = await proof_work.open_work(db, clock())
    assert found.block.state is BlockState.PUBLISHED
    assert open_.subscriber == "dead"
    assert await receipts(lab, row) == []
    transport.close()


class _Lossy:
    """A socket that loses every second datagram that we send."""

    def __init__(self, transport: Any) -> None:
        self._transport, self.sent, self.lost = transport, 0, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def sendto(self, data: bytes, addr: Any = None) -> None:
        self.sent += 1
        if self.sent % 2:
            self.lost += 1
            return
        self._transport.sendto(data, addr)


@pytest.mark.server("named")
async def test_a_block_comes_long_before_the_refresh_when_half_of_the_notifies_are_lost(
    lab: Lab, tmp_path: Path
) -> None:
    _, running = await lab.resolver("bind", tmp_path)
    asker = await Asker.to("127.0.0.1", running.port)
    await until(asker, feed_test_name("si"), blocked=True)
    lossy = _Lossy(lab.service.notifier.transports[0])
    lab.service.notifier.transports = [lossy]  # type: ignore[list-item]
    for n in range(2):
        await publish(lab.pool, lab.people, clock(), f"evil{n}.example")
        seconds = await until(asker, f"evil{n}.example", blocked=True)
        assert seconds < 20, "the zone's refresh is 60 s"
    assert lossy.lost >= 1
    asker.close()
