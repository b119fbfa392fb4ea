"""One asker never harms another."""

import asyncio
import socket
import struct

import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dns.offline import COLD, HOT, endpoint, offline, rcode
from zvon.dns.limits import Door, Limits, Rate, Visit, prefix_of

REFUSED = int(dns.rcode.REFUSED)


def test_a_source_is_a_network() -> None:
    assert prefix_of("192.0.2.1") == prefix_of("192.0.2.254") != prefix_of("192.0.3.1")
    assert prefix_of("2001:db8:0:1::1") == prefix_of("2001:db8:0:2::1%eth0")
    assert prefix_of("2001:db8:0:100::1") != prefix_of("2001:db8::1")


@given(st.lists(st.floats(0, 3), max_size=200), st.integers(1, 20))
def test_no_more_is_allowed_than_the_rate_and_what_was_saved(gaps: list[float], rate: int) -> None:
    limit, now, allowed = Rate(rate), 0.0, 0
    for gap in gaps:
        now += gap
        allowed += limit.allow("192.0.2", now)
    assert allowed <= 2 * rate + now * rate + 1
    assert allowed >= min(len(gaps), 2 * rate)


def test_one_source_takes_nothing_from_another() -> None:
    limit = Rate(5)
    while limit.allow("a", 0.0):
        pass
    assert limit.allow("b", 0.0)


def test_forged_sources_do_not_grow_the_table() -> None:
    limit = Rate(5)
    for n in range(10_000):
        limit.allow(str(n), 0.0)
    assert len(limit._left) <= 4096


def test_a_full_house_makes_room_among_those_that_proved_nothing() -> None:
    closed: list[int] = []
    door = Door(Limits(connections=4, per_address=3))
    visits = [Visit(f"192.0.2.{n // 2}", lambda n=n: closed.append(n)) for n in range(4)]  # type: ignore[misc]
    assert all(door.enter(visit) for visit in visits)
    visits[0].proven = True
    assert door.enter(Visit("198.51.100.1", lambda: None))
    assert closed == [1]
    for visit in visits:
        visit.proven = True
    assert door.enter(Visit("198.51.100.1", lambda: None))
    assert len(door) == 4


def test_with_everybody_proven_a_newcomer_stays_outside() -> None:
    door = Door(Limits(connections=2, per_address=2))
    for _ in range(2):
        visit = Visit("192.0.2.1", lambda: None)
        visit.proven = True
        assert door.enter(visit)
    assert not door.enter(Visit("192.0.2.2", lambda: None))


def test_one_address_only_pushes_out_its_own() -> None:
    closed: list[str] = []
    door = Door(Limits(connections=10, per_address=2))
    door.enter(Visit("192.0.2.9", lambda: closed.append("other")))
    for n in range(4):
        door.enter(Visit("192.0.2.1", lambda n=n: closed.append(str(n))))  # type: ignore[misc]
    assert closed == ["0", "1"]


async def test_whoever_says_nothing_is_cut_off_and_harms_nobody() -> None:
    async with offline(limits=Limits(read_s=0.3, per_address=20)) as lab:
        idle = [await asyncio.open_connection(*lab.where) for _ in range(60)]
        assert rcode(await lab.ask(lab.query(HOT, "AXFR").to_wire())) == 0
        assert len(lab.primary.door) <= 20
        async with asyncio.timeout(5):
            for reader, _ in idle:
                assert await _ended(reader)
        for _, writer in idle:
            writer.close()
        async with asyncio.timeout(5):
            while len(lab.primary.door):
                await asyncio.sleep(0.01)


async def test_a_slow_reader_is_dropped_and_others_get_everything_meanwhile() -> None:
    async with offline(size=200_000, limits=Limits(write_s=0.5)) as lab:
        place = socket.socket()
        place.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        place.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(place, lab.where)
        query = lab.query(COLD, "AXFR", by="t2.zvon").to_wire()
        await loop.sock_sendall(place, struct.pack("!H", len(query)) + query)
        await loop.sock_recv(place, 1)
        assert await _octets(lab.where, lab.query(COLD, "AXFR").to_wire())
        async with asyncio.timeout(10):
            while len(lab.used) < 2:
                await asyncio.sleep(0.02)
        place.close()
        octets = {who: sent for who, _, _, sent in lab.used}
        assert octets["t2"] < octets["t1"]


async def test_a_subscriber_that_asks_for_all_at_once_waits_for_itself_only() -> None:
    async with offline(size=100_000) as lab:
        greedy = [
            asyncio.create_task(
                _octets(lab.where, lab.query(COLD, "AXFR", by="t3.zvon").to_wire())
            ) for _ in range(8)
        ]  # fmt: skip
        await asyncio.sleep(0.01)
        assert rcode(await lab.ask(lab.query(HOT, "IXFR", serial=1).to_wire())) == 0
        assert not all(task.done() for task in greedy)
        assert all(await asyncio.gather(*greedy))


async def test_a_request_of_more_than_512_octets_is_not_read() -> None:
    async with offline() as lab:
        reader, writer = await asyncio.open_connection(*lab.where)
        writer.write(struct.pack("!H", 60_000))
        async with asyncio.timeout(5):
            assert await _ended(reader)
        writer.close()


async def test_a_connection_that_is_only_refused_is_closed() -> None:
    async with offline(limits=Limits(refusals=3)) as lab:
        wire = lab.query(HOT, by=None).to_wire()
        reader, writer = await asyncio.open_connection(*lab.where)
        writer.write((struct.pack("!H", len(wire)) + wire) * 10)
        async with asyncio.timeout(5):
            answers = await reader.read()
        assert len(answers) == 3 * (len(wire) + 2)
        writer.close()


async def test_unsigned_datagrams_are_answered_so_often_and_never_with_more_octets() -> None:
    async with offline(limits=Limits(unproven=5)) as lab:
        wires = [lab.query(HOT, rtype, by=None).to_wire() for rtype in ("ANY", "A", "SOA")] * 20
        answers = await lab.datagram(wires)
        assert 0 < len(answers) <= 12
        assert {rcode(raw) for raw in answers} == {REFUSED}
        assert max(map(len, answers)) <= max(map(len, wires))
        signed = await lab.datagram([lab.query(HOT).to_wire()])
        assert rcode(signed[0]) == 0


async def test_a_subscriber_that_is_known_by_address_is_sent_to_tcp_when_it_floods() -> None:
    async with offline(limits=Limits(unproven=5)) as lab:
        lab.endpoints[0] = endpoint(1, HOT, known_by="address")
        lab.subscribe()
        wire = lab.query(HOT, by=None).to_wire()
        answers = await lab.datagram([wire] * 40)
        full = [raw for raw in answers if not raw[2] & 0x02]
        short = [raw for raw in answers if raw[2] & 0x02]
        assert 0 < len(full) <= 12
        assert short
        assert all(len(raw) <= len(wire) for raw in short)
        assert rcode(await lab.ask(wire)) == 0


async def test_octets_of_each_transfer_are_told() -> None:
    async with offline(size=3000) as lab:
        octets = await _octets(lab.where, lab.query(COLD, "AXFR").to_wire())
        lab.change(COLD, ("add", "new.example", "."))
        await lab.ask(lab.query(COLD, "IXFR", serial=1).to_wire())
        await lab.ask(lab.query(COLD, "SOA").to_wire())
        async with asyncio.timeout(5):
            while len(lab.used) < 2:
                await asyncio.sleep(0.01)
        assert [(who, kind) for who, _, kind, _ in lab.used] == [
            ("t1", "full"),
            ("t1", "difference"),
        ]
        assert lab.used[0][3] == octets
        assert 100 < lab.used[1][3] < 1000


async def test_an_ipv6_address_is_listened_to_over_udp_and_tcp() -> None:
    if not socket.has_ipv6 or not _loopback6():
        pytest.skip("this machine has no IPv6 loopback")
    async with offline() as lab:
        ((host, port),) = await lab.primary.listen([("::1", 0)])
        lab.where = (host, port)
        lab.endpoints[0] = endpoint(1, HOT, known_by="address")
        lab.subscribe()
        assert rcode(await lab.ask(lab.query(HOT, "AXFR", by=None).to_wire())) == 0
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as place:
            place.setblocking(False)
            await loop.sock_sendto(place, lab.query(HOT).to_wire(), (host, port))
            async with asyncio.timeout(5):
                assert rcode(await loop.sock_recv(place, 65535)) == 0


def _loopback6() -> bool:
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as place:
        try:
            place.bind(("::1", 0))
        except OSError:
            return False
    return True


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True


async def _octets(where: tuple[str, int], wire: bytes) -> int:
    """Read a full transfer, which ends with the SOA in a message of its own."""
    reader, writer = await asyncio.open_connection(*where, limit=1 << 18)
    writer.write(struct.pack("!H", len(wire)) + wire)
    octets = count = 0
    async with asyncio.timeout(30):
        while count != 1:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            message = await reader.readexactly(length)
            assert rcode(message) == 0
            octets += length + 2
            count = struct.unpack_from("!H", message, 6)[0]
    writer.close()
    return octets
