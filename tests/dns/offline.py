"""A primary on loopback with a zone and subscribers, without a database."""

import asyncio
import socket
import ssl
import struct
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import dns.tsigkeyring

from zvon.dns.answering import Asked
from zvon.dns.limits import Limits
from zvon.dns.notify import Notifier
from zvon.dns.primary import Primary
from zvon.dns.ram import Op, RamZone
from zvon.dns.registry import Endpoint, Registry
from zvon.dns.tsig import Key
from zvon.model.zone import next_serial

HOT, COLD, OTHER = "hot.si.zvon", "cold.si.zvon", "hot.hr.zvon"
ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512")


def secret(name: str) -> bytes:
    """The secret of a key in these tests."""
    return (name.encode() * 32)[:32]


def key(name: str, subscriber: int, algorithm: str = "hmac-sha256") -> Key:
    return Key(name, algorithm, secret(name), subscriber)


def endpoint(
    number: int, *zones: str, known_by: str = "tsig", notify: str = "127.0.0.1:9"
) -> Endpoint:
    return Endpoint(
        id=number, name=f"t{number}", brand="bind", feeds=("si",), mode="enforce", mandatory=True,
        known_by=known_by, addresses=frozenset({"127.0.0.1", "::1"}), notify_address=notify,
        probe_address=None, zones=zones,
    )  # fmt: skip


def zone(name: str, size: int = 0, serial: int = 1) -> RamZone:
    return RamZone(name, zone_id=1, ttl=60, serial=serial, marker=f"serial-{name}.example",
                   rules=((f"d{n:06d}.bulk.example", ".") for n in range(size)))  # fmt: skip


class Offline:
    """The primary, what it told, and questions to it. `now` is its clock."""

    def __init__(self, size: int, limits: Limits | None) -> None:
        self.registry = Registry()
        self.registry.zones = {HOT: zone(HOT, 50), COLD: zone(COLD, size), OTHER: zone(OTHER, 5)}
        self.endpoints = [endpoint(n, HOT, COLD) for n in range(1, 9)]
        self.keys = [key(f"t{n}.zvon", n) for n in range(1, 9)]
        self.subscribe()
        self.skew = 0.0
        self.used: list[tuple[str, str, str, int]] = []
        self.failures: list[tuple[str, str, str, str]] = []
        self.answered: list[tuple[str, int]] = []
        self.events: list[tuple[str, str, int]] = []
        self.notifier = Notifier(
            self.registry, clock=lambda: time.time() + self.skew,
            answered=lambda who, _, serial: self.answered.append((who.name, serial)),
            event=lambda who, _, what, code: self.events.append((who.name, what, code)),
        )  # fmt: skip
        self.primary = Primary(
            self.registry, clock=lambda: time.time() + self.skew, told=self._told,
            reply=self.notifier.reply, limits=limits,
            used=lambda who, where, kind, octets: self.used.append(
                (who.name, where.name, kind, octets)
            ),
            failed=lambda *what: self.failures.append(what),
        )  # fmt: skip
        self.where = ("127.0.0.1", 0)

    def _told(self, asked: Asked, done: bool) -> None:
        if done and asked.transfer:
            self.notifier.shows(asked.endpoint, asked.zone, asked.sending)

    def subscribe(self) -> None:
        self.registry.subscribe(self.endpoints, self.keys)

    def change(self, name: str, *ops: Op) -> int:
        made = self.registry.zones[name]
        made.apply(next_serial(made.serial), ops)
        self.notifier.changed(made)
        return made.serial

    def query(
        self, name: str, rtype: str = "SOA", *, by: str | None = "t1.zvon", serial: int | None = None,
        algorithm: str = "hmac-sha256", word: bytes | None = None,
    ) -> dns.message.QueryMessage:  # fmt: skip
        made = dns.message.make_query(name, rtype, flags=0)
        if serial is not None:
            made.authority.append(
                dns.rrset.from_text(name + ".", 0, "IN", "SOA", f". . {serial} 0 0 0 0")
            )
        if by is not None:
            ring = dns.tsigkeyring.from_text({by: b64encode(word or secret(by)).decode()})
            made.use_tsig(ring, dns.name.from_text(by), algorithm=algorithm)
        return made

    async def ask(self, wire: bytes, **how: Any) -> bytes:
        """The first message of the answer over TCP, or TLS with `ssl=`; empty when closed."""
        reader, writer = await asyncio.open_connection(*self.where, **how)
        try:
            writer.write(struct.pack("!H", len(wire)) + wire)
            async with asyncio.timeout(5):
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                return await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return b""
        finally:
            writer.close()

    async def datagram(self, wires: Sequence[bytes], wait: float = 0.3) -> list[bytes]:
        """All answers over UDP within `wait` seconds of the last one."""
        loop = asyncio.get_running_loop()
        found: list[bytes] = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
            place.setblocking(False)
            for wire in wires:
                await loop.sock_sendto(place, wire, self.where)
            try:
                while True:
                    async with asyncio.timeout(wait):
                        found.append(await loop.sock_recv(place, 65535))
            except TimeoutError:
                return found


@asynccontextmanager
async def offline(size: int = 500, limits: Limits | None = None) -> AsyncIterator[Offline]:
    """A running primary; COLD has `size` rules."""
    lab = Offline(size, limits)
    lab.where = (await lab.primary.listen([("127.0.0.1", 0)]))[0]
    lab.notifier.transports = lab.primary.transports
    try:
        yield lab
    finally:
        await lab.primary.close()


def rcode(raw: bytes) -> int:
    return raw[3] & 0xF


def error(raw: bytes) -> tuple[int, int, int]:
    """rcode, TSIG error and digest length, read without checking the signature."""
    message = dns.message.from_wire(raw, keyring=False, xfr=True)
    if message.tsig is None:
        return message.rcode(), 0, 0
    return message.rcode(), message.tsig[0].error, len(message.tsig[0].mac)
