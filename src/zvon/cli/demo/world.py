"""The small world of the fixtures: a real DNS authority and a real RDAP server on loopback.

Filled from `world.toml` and nothing else. Nodes reach both through their settings `resolver` and
`rdap_url`, resolvers forward the authority's zones to it.
"""

import asyncio
import json
import random
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Any, Self, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from msgspec import Struct

HOST = "127.0.0.1"
MAX_REQUEST = 8192
IDLE_S = 5.0


class Name(Struct, frozen=True, kw_only=True):
    """What the world says of one name; `None` where it says nothing."""

    address: str | None = None
    ns: tuple[str, ...] | None = None
    mx: str | None = None
    registered: date | None = None
    age_days: int | None = None
    registrar: str | None = None


class World:
    """`async with World(text, clock) as world:` serves until the block ends.

    `resolver` is `host:port` of the authority (UDP and TCP), `rdap_url` the base of the RDAP
    service. Ages in days count back from `clock`. `asked` counts the questions for each name.
    """

    def __init__(self, text: str, clock: Callable[[], datetime]) -> None:
        data = tomllib.loads(text)
        defaults = data["defaults"]
        self.clock = clock
        self.ttl = int(defaults["ttl"])
        self.zones = tuple(defaults["zones"])
        self.servers = tuple(defaults["ns"])
        self.names = {name: _name(row) for name, row in data["name"].items()}
        self.kits: dict[str, dict[str, Any]] = data.get("kit", {})
        for host in {host for kit in self.kits.values() for host in kit["names"]}:
            parent = self.names.get(host.partition(".")[2])
            if parent is not None:
                self.names.setdefault(host, Name(address=parent.address))
        self.asked: dict[str, int] = {}
        self.resolver = self.rdap_url = ""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for attempt in range(20):
            self._tcp = await asyncio.start_server(self._dns_stream, HOST, 0)
            port = self._tcp.sockets[0].getsockname()[1]
            try:
                self._udp, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=(HOST, port)
                )
                break
            except OSError:  # the number is free for TCP only: take another
                self._tcp.close()
                if attempt == 19:
                    raise
        self._http = await asyncio.start_server(self._rdap_stream, HOST, 0)
        self.resolver = f"{HOST}:{port}"
        self.rdap_url = f"http://{HOST}:{self._http.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._udp.close()
        self._tcp.close()
        self._http.close()

    def answer(self, wire: bytes) -> bytes | None:
        """The authority's answer to one message, `None` for what is no question."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return None
        reply = dns.message.make_response(query)
        question = query.question[0]
        host = question.name.to_text(omit_final_dot=True).lower()
        self.asked[host] = self.asked.get(host, 0) + 1
        zone = next((z for z in self.zones if host == z or host.endswith("." + z)), None)
        if zone is None:
            reply.set_rcode(dns.rcode.REFUSED)
            return reply.to_wire()
        reply.flags |= dns.flags.AA
        found = self._records(host, zone, question.rdtype)
        for owner, kind, values in found:
            reply.answer.append(
                dns.rrset.from_text(owner + ".", self.ttl, dns.rdataclass.IN, kind, *values)
            )
        if not found:
            soa = f"{self.servers[0]}. hostmaster.{self.servers[0]}. 1 60 60 60 {self.ttl}"
            reply.authority.append(
                dns.rrset.from_text(zone + ".", self.ttl, dns.rdataclass.IN, "SOA", soa)
            )
            if not self._exists(host, zone):
                reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()

    def _records(
        self, host: str, zone: str, kind: dns.rdatatype.RdataType
    ) -> list[tuple[str, str, list[str]]]:
        facts = self._of(host)
        match kind:
            case dns.rdatatype.SOA if host == zone:
                server = self.servers[0]
                return [(host, "SOA", [f"{server}. hostmaster.{server}. 1 60 60 60 {self.ttl}"])]
            case dns.rdatatype.NS if host == zone or (facts and host in self.names):
                servers = (facts.ns if facts else None) or self.servers
                return [(host, "NS", [server + "." for server in servers])]
            case dns.rdatatype.MX if facts and facts.mx:
                return [(host, "MX", [f"10 {facts.mx}."])]
            case dns.rdatatype.A if facts and facts.address:
                return [(host, "A", [facts.address])]
            case dns.rdatatype.A if host in self.servers:
                return [(host, "A", [HOST])]
        return []

    def _of(self, host: str) -> Name | None:
        """The facts of a host; `www.` and other names below a domain are the domain's."""
        while host:
            if host in self.names:
                return self.names[host]
            _, _, host = host.partition(".")
        return None

    def _exists(self, host: str, zone: str) -> bool:
        below = any(name.endswith("." + host) for name in self.names)
        return host == zone or below or host in self.servers or self._of(host) is not None

    async def _dns_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                async with asyncio.timeout(IDLE_S):
                    size = int.from_bytes(await reader.readexactly(2))
                    wire = await reader.readexactly(size)
                reply = self.answer(wire)
                if reply is None:
                    break
                writer.write(len(reply).to_bytes(2) + reply)
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _rdap_stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(IDLE_S):
                head = await reader.readuntil(b"\r\n\r\n")
            line = head[:MAX_REQUEST].split(b"\r\n", 1)[0].decode("ascii", "replace").split()
            status, body = self.rdap(line[1] if len(line) == 3 and line[0] == "GET" else "")
            text = json.dumps(body).encode()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/rdap+json\r\n"
                f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n".encode()
                + text
            )
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def rdap(self, path: str) -> tuple[str, dict[str, Any]]:
        """Status line and body for `/domain/NAME` (RFC 9083)."""
        name = path.removeprefix("/domain/").lower().rstrip(".")
        facts = self.names.get(name)
        at = _registered_at(facts, self.clock()) if facts else None
        if not path.startswith("/domain/") or facts is None or at is None:
            return "404 Not Found", {"errorCode": 404, "title": "no such object"}
        entity = {
            "objectClassName": "entity",
            "roles": ["registrar"],
            "vcardArray": ["vcard", [["version", {}, "text", "4.0"],
                                     ["fn", {}, "text", facts.registrar or ""]]],
        }  # fmt: skip
        return "200 OK", {
            "rdapConformance": ["rdap_level_0"],
            "objectClassName": "domain",
            "ldhName": name,
            "status": ["active"],
            "events": [{"eventAction": "registration", "eventDate": at.isoformat()}],
            "entities": [entity],
        }

    def kit_reports(self, kit: str, count: int, seed: int) -> Iterator[str]:
        """Texts of one kit, each as a citizen would forward it: every name and wording in turn."""
        facts = self.kits[kit]
        dice = random.Random(seed)
        names, wordings, senders = facts["names"], facts["wordings"], facts["senders"]
        pairs = [(n, w) for n in range(len(names)) for w in range(len(wordings))]
        dice.shuffle(pairs)
        for turn in range(count):
            n, w = pairs[turn % len(pairs)]
            code = "".join(dice.choices("0123456789ABCDEFGHKMNPRSTVXYZ", k=6))
            url = f"https://{names[n]}{facts['path'].format(code=code)}"
            text = wordings[w].format(url=url, cents=dice.randint(19, 99))
            yield f"({dice.choice(senders)}) {text}"


class _Datagrams(asyncio.DatagramProtocol):
    """UDP side of the authority."""

    def __init__(self, world: World) -> None:
        self.world = world

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own UDP transport is no subclass of DatagramTransport before Python 3.12
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        reply = self.world.answer(data)
        if reply is not None:
            self.transport.sendto(reply, addr)


def _name(row: dict[str, Any]) -> Name:
    ns = row.get("ns")
    return Name(
        address=row.get("address"),
        ns=tuple(ns) if ns else None,
        mx=row.get("mx"),
        registered=row.get("registered"),
        age_days=row.get("age_days"),
        registrar=row.get("registrar"),
    )


def _registered_at(facts: Name, now: datetime) -> datetime | None:
    if facts.age_days is not None:
        return (now - timedelta(days=facts.age_days)).astimezone(UTC).replace(microsecond=0)
    if facts.registered is not None:
        return datetime(facts.registered.year, facts.registered.month, facts.registered.day,
                        tzinfo=UTC)  # fmt: skip
    return None
