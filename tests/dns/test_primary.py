"""The primary on the wire, asked by an independent client (dnspython)."""

import asyncio
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.xfr
import dns.zone
import pytest

from tests.blocks import publish
from tests.dns.conftest import Lab, clock
from zvon.config import Settings, host_port
from zvon.dns.ram import RamZone
from zvon.dns.serve import Service
from zvon.model.zone import next_serial
from zvon.store import block, subscriber
from zvon.store import zone as rows
from zvon.store.pool import open_pool
from zvon.store.transaction import transaction

HOT = "hot.si.zvon"


class Client:
    """One subscriber's keys and questions."""

    def __init__(self, lab: Lab, made: subscriber.Subscriber) -> None:
        self.where = host_port(lab.settings.dns)
        self.name = made.key_name or ""
        self.secret = lab.secrets[made.name] or ""

    def query(
        self, zone: str, rtype: str = "SOA", *, key: str | None = None, secret: str | None = None,
        algorithm: str = "hmac-sha256", serial: int | None = None,
    ) -> dns.message.QueryMessage:  # fmt: skip
        query = dns.message.make_query(zone, rtype, flags=0)
        if serial is not None:
            query.authority.append(
                dns.rrset.from_text(zone + ".", 0, "IN", "SOA", f". . {serial} 0 0 0 0")
            )
        ring = dns.tsigkeyring.from_text({key or self.name: secret or self.secret})
        query.use_tsig(ring, dns.name.from_text(key or self.name), algorithm=algorithm)
        return query

    async def raw(self, wire: bytes, *, udp: bool = False) -> bytes:
        """The octets of the first answer."""
        if udp:
            return await asyncio.to_thread(self._udp, wire)
        reader, writer = await asyncio.open_connection(*self.where)
        writer.write(struct.pack("!H", len(wire)) + wire)
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        answer = await reader.readexactly(length)
        writer.close()
        return answer

    def _udp(self, wire: bytes) -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(3)
            sock.sendto(wire, self.where)
            return sock.recv(65535)

    async def transfer(self, zone: dns.zone.Zone) -> None:
        """Bring a zone up to date, by IXFR when it has content."""
        ring = dns.tsigkeyring.from_text({self.name: self.secret})
        query, _ = dns.xfr.make_query(
            zone, keyring=ring, keyname=dns.name.from_text(self.name),
            keyalgorithm=dns.name.from_text("hmac-sha256"),
        )  # fmt: skip
        host, port = self.where
        await asyncio.to_thread(
            dns.query.inbound_xfr, host, zone, query, port=port, timeout=5,
            udp_mode=dns.query.UDPMode.NEVER,
        )  # fmt: skip


def tsig_error(wire: bytes) -> tuple[int, int, int]:
    """rcode, TSIG error and MAC length, read without checking the signature."""
    message = dns.message.from_wire(wire, keyring=False)
    tsig = tsig_of(message)
    return message.rcode(), tsig.error, len(tsig.mac)


def tsig_of(message: dns.message.Message) -> Any:
    """The TSIG record of a message that has one."""
    assert message.tsig is not None
    return message.tsig[0]


def rules_of(zone: dns.zone.Zone) -> dict[str, str]:
    return {
        str(name): rdata.to_text() for name, _, rdata in zone.iterate_rdatas(dns.rdatatype.CNAME)
    }


def serial_of(zone: dns.zone.Zone) -> int:
    return int(zone.find_rdataset("@", "SOA")[0].serial)


@pytest.fixture
async def client(lab: Lab) -> Client:
    return Client(lab, await lab.subscribe("t1", "bind"))


async def test_a_signed_transfer_is_what_the_database_holds(lab: Lab, client: Client) -> None:
    await publish(lab.pool, lab.people, clock(), "evil.example", "bad.example")
    await until_serial(lab, 3)
    zone = dns.zone.Zone(HOT)
    await client.transfer(zone)
    async with lab.pool.connection() as db, db.transaction():
        (row,) = [z for z in await rows.zones(db) if z.name == HOT]
        held = dict([pair async for batch in rows.rules_in(db, row.id) for pair in batch])
    assert serial_of(zone) == row.serial
    assert set(rules_of(zone)) == set(held)
    marker = zone.find_rdataset("serial-hot.si.zvon.example", "TXT")[0]
    assert marker.strings == (f"serial={row.serial}".encode(),)


async def test_incremental_transfers_follow_every_change(lab: Lab, client: Client) -> None:
    zone = dns.zone.Zone(HOT)
    await client.transfer(zone)
    first = serial_of(zone)
    made = await publish(lab.pool, lab.people, clock(), "a.example", "b.example")
    await until_serial(lab, first + 1)
    async with transaction(lab.pool, clock()) as tx:
        await block.lift(tx, lab.people["bor"], [made[0].uuid], "a mistake", clock())
    await until_serial(lab, first + 2)
    raw = await client.raw(client.query(HOT, "IXFR", serial=first).to_wire())
    answer = dns.message.from_wire(raw, keyring=False, xfr=True)
    soas = [r for r in answer.answer if r.rdtype == dns.rdatatype.SOA]
    assert [soa[0].serial for soa in soas][:2] == [first + 2, first]
    await client.transfer(zone)
    assert serial_of(zone) == first + 2
    assert set(rules_of(zone)) == {"test.si.zvon.example", "b.example"}


async def test_a_wrong_key_secret_or_clock_gets_the_error_of_the_rfc_and_nothing_else(
    lab: Lab, client: Client
) -> None:
    other = "bm90IHRoZSBzZWNyZXQgYXQgYWxsLCBidXQgbG9uZyE="
    unknown = client.query(HOT, "AXFR", key="nobody.zvon")
    assert tsig_error(await client.raw(unknown.to_wire())) == (9, dns.rcode.BADKEY, 0)
    forged = client.query(HOT, "AXFR", secret=other)
    assert tsig_error(await client.raw(forged.to_wire())) == (9, dns.rcode.BADSIG, 0)
    wrong = client.query(HOT, "AXFR", algorithm="hmac-sha512")
    assert tsig_error(await client.raw(wrong.to_wire())) == (9, dns.rcode.BADKEY, 0)
    for skew in (-600, 600):
        with clock_off(skew):
            late = client.query(HOT, "AXFR").to_wire()
        raw = await client.raw(late)
        assert tsig_error(raw) == (9, dns.rcode.BADTIME, 32)
        message = dns.message.from_wire(raw, keyring=False)
        assert abs(int.from_bytes(tsig_of(message).other) - time.time()) < 5
        assert not message.answer


async def test_a_badtime_answer_is_signed_so_that_the_peer_can_believe_it(
    lab: Lab, client: Client
) -> None:
    with clock_off(-600):
        query = client.query(HOT)
        wire = query.to_wire()
    raw = await client.raw(wire)
    with clock_off(-600), pytest.raises(dns.tsig.PeerBadTime):
        dns.message.from_wire(raw, keyring=query.keyring, request_mac=query.mac)


async def test_a_truncated_digest_is_refused(lab: Lab, client: Client) -> None:
    query = client.query(HOT)
    wire = bytearray(query.to_wire())
    mac = bytes(query.mac or b"")
    at = wire.rindex(mac)
    for length, expected in ((16, (9, dns.rcode.BADTRUNC, 32)), (8, None)):
        cut = wire[: at - 2] + struct.pack("!H", length) + mac[:length] + wire[at + 32 :]
        rdlen = cut.rindex(b"\0\xfa\0\xff") + 8
        size = struct.unpack_from("!H", wire, rdlen)[0] - 32 + length
        cut[rdlen : rdlen + 2] = struct.pack("!H", size)
        answer = await client.raw(bytes(cut))
        if expected is None:
            assert answer[3] & 0xF == dns.rcode.FORMERR
        else:
            assert tsig_error(answer) == expected


async def test_not_entitled_looks_exactly_like_unknown(lab: Lab, client: Client) -> None:
    async with transaction(lab.pool, clock()) as tx:
        await rows.ensure_feed(tx, "hr", "HR")
    async with asyncio.timeout(5):
        while "hot.hr.zvon" not in lab.service.registry.zones:
            await asyncio.sleep(0.01)
    for rtype in ("SOA", "AXFR", "IXFR", "A", "ANY"):
        shapes = set()
        for zone in ("hot.hr.zvon", "hot.xx.zvon"):
            raw = await client.raw(client.query(zone, rtype, serial=1).to_wire())
            message = dns.message.from_wire(raw, keyring=False)
            assert message.rcode() == dns.rcode.REFUSED
            shapes.add((len(raw), raw[2:4], len(message.answer), tsig_of(message).error))
        assert len(shapes) == 1


async def test_without_a_signature_everything_is_refused(lab: Lab, client: Client) -> None:
    for rtype in ("SOA", "AXFR", "IXFR", "A", "ANY"):
        wire = dns.message.make_query(HOT, rtype, flags=0).to_wire()
        assert (await client.raw(wire))[3] & 0xF == dns.rcode.REFUSED
        assert (await client.raw(wire, udp=True))[3] & 0xF == dns.rcode.REFUSED


async def test_over_udp_an_ixfr_gets_the_soa_and_an_axfr_nothing(lab: Lab, client: Client) -> None:
    raw = await client.raw(client.query(HOT, "IXFR", serial=1).to_wire(), udp=True)
    answer = dns.message.from_wire(raw, keyring=False)
    assert [dns.rdatatype.to_text(r.rdtype) for r in answer.answer] == ["SOA"]
    raw = await client.raw(client.query(HOT, "AXFR").to_wire(), udp=True)
    assert raw[3] & 0xF == dns.rcode.REFUSED


async def test_an_unknown_serial_gets_the_whole_zone(lab: Lab, client: Client) -> None:
    await publish(lab.pool, lab.people, clock(), "evil.example")
    await until_serial(lab, 3)
    raw = await client.raw(client.query(HOT, "IXFR", serial=2**32 - 5).to_wire())
    first = dns.message.from_wire(raw, keyring=False, xfr=True).answer
    assert [dns.rdatatype.to_text(r.rdtype) for r in first[:2]] == ["SOA", "NS"]


async def test_a_subscriber_that_is_ahead_raises_the_alarm_and_the_serial(
    lab: Lab, client: Client
) -> None:
    raw = await client.raw(client.query(HOT, "IXFR", serial=5000).to_wire())
    assert len(dns.message.from_wire(raw, keyring=False).answer) == 1
    await until_serial(lab, 5001)
    async with lab.pool.connection() as db:
        alarm = await (
            await db.execute("select rule from audit where action = 'zone:serial-jump'")
        ).fetchall()
    assert alarm == [("client_ahead",)]
    await publish(lab.pool, lab.people, clock(), "later.example")
    await until_serial(lab, 5002)


async def test_garbage_is_answered_with_a_format_error_or_not_at_all(
    lab: Lab, client: Client
) -> None:
    assert (await client.raw(b"\x12\x34" + bytes(20)))[3] & 0xF == dns.rcode.FORMERR
    looped = b"\x12\x34\0\0\0\1\0\0\0\0\0\0\xc0\x0c\0\6\0\1"
    assert (await client.raw(looped))[3] & 0xF == dns.rcode.FORMERR
    good = await client.raw(client.query(HOT).to_wire())
    assert good[3] & 0xF == dns.rcode.NOERROR


async def test_it_starts_and_serves_with_the_database_down(
    lab: Lab, client: Client, tmp_path: Path
) -> None:
    await publish(lab.pool, lab.people, clock(), "evil.example")
    await until_serial(lab, 3)
    await asyncio.sleep(0.3)
    await lab.stop()
    away = "host=127.0.0.1 port=1 user=nobody dbname=nothing connect_timeout=1"
    async with open_pool(away, size=2) as pool:
        lab.pool = pool
        await lab.start(ready=False)
        zone = dns.zone.Zone(HOT)
        await client.transfer(zone)
        assert set(rules_of(zone)) == {"test.si.zvon.example", "evil.example"}
        assert serial_of(zone) == 3
        await lab.stop()


async def test_a_damaged_snapshot_is_not_served(lab: Lab, client: Client) -> None:
    await asyncio.sleep(0.3)
    await lab.stop()
    path = lab.settings.root / "zones" / f"{HOT}.zone"
    path.write_bytes(path.read_bytes().replace(b"si test\t", b"si evil\t"))
    async with open_pool("host=127.0.0.1 port=1 connect_timeout=1", size=1) as pool:
        service = Service(pool, Settings(root=lab.settings.root, dns="127.0.0.1:0"), clock=clock)
        service.loader.from_shelf()
        assert HOT not in service.registry.zones
        assert "cold.si.zvon" in service.registry.zones


async def test_an_old_backup_of_the_database_makes_the_serial_jump(
    lab: Lab, client: Client
) -> None:
    await publish(lab.pool, lab.people, clock(), "evil.example")
    await until_serial(lab, 3)
    await asyncio.sleep(0.3)
    await lab.stop()
    async with transaction(lab.pool, clock()) as tx:
        await tx.execute("delete from zone_change where serial > 2")
        await tx.execute("delete from zone_rule where owner = 'evil.example'")
        await tx.execute("update zone set serial = 2 where name = %s", (HOT,))
    await lab.start()
    assert lab.service.registry.zones[HOT].serial == next_serial(3)
    assert lab.service.registry.zones[HOT].get("evil.example") is None


async def test_a_database_that_comes_back_older_never_makes_the_zone_older(lab: Lab) -> None:
    await publish(lab.pool, lab.people, clock(), "evil.example")
    await until_serial(lab, 3)
    async with transaction(lab.pool, clock()) as tx:
        await tx.execute("delete from zone_change where serial > 2")
        await tx.execute("delete from zone_rule where owner = 'evil.example'")
        await tx.execute("update zone set serial = 2 where name = %s", (HOT,))
    served = []
    await lab.service.loader.everything()
    async with asyncio.timeout(10):
        while zone(lab).serial != next_serial(3):
            served.append(zone(lab).serial)
            await lab.service.loader.everything()
            await asyncio.sleep(0.05)
    assert set(served) <= {3}
    assert zone(lab).get("evil.example") is None


async def test_an_expired_rule_is_dropped_by_the_dns_role_alone(lab: Lab) -> None:
    await publish(lab.pool, lab.people, clock() - timedelta(days=14, seconds=-2), "evil.example")
    await until_serial(lab, 3)
    assert zone(lab).get("evil.example") == "."
    async with asyncio.timeout(10):
        while zone(lab).get("evil.example") is not None:
            await asyncio.sleep(0.05)


async def test_a_new_key_works_while_the_old_one_still_does(lab: Lab, client: Client) -> None:
    made = (await subscribers(lab))["t1"]
    async with transaction(lab.pool, clock()) as tx:
        newer, secret = await subscriber.new_key(
            tx, lab.people["ada"], made.uuid, clock(), lambda n: bytes(range(n)), lab.key
        )
    async with asyncio.timeout(5):
        while newer.key_name not in lab.service.registry.keys:
            await asyncio.sleep(0.01)
    for key, word in ((client.name, client.secret), (newer.key_name, secret)):
        raw = await client.raw(client.query(HOT, key=key, secret=word).to_wire())
        assert raw[3] & 0xF == dns.rcode.NOERROR
    async with transaction(lab.pool, clock()) as tx:
        await subscriber.remove(tx, lab.people["ada"], made.uuid, clock())
    async with asyncio.timeout(5):
        while lab.service.registry.keys:
            await asyncio.sleep(0.01)
    assert tsig_error(await client.raw(client.query(HOT).to_wire()))[1] == dns.rcode.BADKEY


async def subscribers(lab: Lab) -> dict[str, subscriber.Subscriber]:
    async with lab.pool.connection() as db:
        return {one.name: one for one in await subscriber.list_all(db)}


def zone(lab: Lab) -> RamZone:
    return lab.service.registry.zones[HOT]


async def until_serial(lab: Lab, serial: int) -> None:
    async with asyncio.timeout(10):
        while zone(lab).serial != serial:
            await asyncio.sleep(0.01)


@contextmanager
def clock_off(seconds: int) -> Iterator[None]:
    """The clock of dnspython, moved."""
    real = time.time
    with mock.patch("time.time", lambda: real() + seconds):  # noqa: PT008
        yield
