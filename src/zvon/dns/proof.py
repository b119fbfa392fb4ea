"""A small resolver that proves a feed works where no real one is installed. Not for production.

Zones come in by transfer with TSIG (dnspython), everything else is forwarded to one upstream, and
the rules are applied in the order of the zones, exact name before wildcard. It has no cache.
"""

import argparse
import asyncio
import sys
import tomllib
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.xfr
import dns.zone
import msgspec

from zvon.config import host_port

LABEL = "proof (ours), not for production"
REFRESH_S = 1.0
UPSTREAM_S = 3.0


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """`proof.toml` of the kit."""

    primary: str
    zones: tuple[str, ...]
    mode: str
    key: str
    algorithm: str
    secret: str


class ProofResolver:
    """Policy zones in memory and one upstream."""

    def __init__(self, config: Config, forward: tuple[str, int]) -> None:
        self.config = config
        self.forward = forward
        self.zones = {name: dns.zone.Zone(name, relativize=True) for name in config.zones}
        self._changed = asyncio.Event()
        self._keyring = dns.tsigkeyring.from_text({config.key: (config.algorithm, config.secret)})

    def notified(self) -> None:
        """Look for changes at once."""
        self._changed.set()

    async def follow(self) -> None:
        """Keep the zones up to date: on NOTIFY, and every second."""
        host, port = host_port(self.config.primary)
        while True:
            self._changed.clear()
            for name, zone in self.zones.items():
                try:
                    query, _ = dns.xfr.make_query(
                        zone, keyring=self._keyring, keyname=dns.name.from_text(self.config.key),
                        keyalgorithm=dns.name.from_text(self.config.algorithm),
                    )  # fmt: skip
                    await dns.asyncquery.inbound_xfr(
                        host, zone, query, port=port, timeout=UPSTREAM_S,
                        udp_mode=dns.query.UDPMode.NEVER,
                    )  # fmt: skip
                except (OSError, EOFError, dns.exception.DNSException) as problem:
                    sys.stderr.write(f"{name}: {problem!r}\n")
            try:
                async with asyncio.timeout(REFRESH_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def rule(self, name: dns.name.Name) -> str | None:
        """The target of the first rule that matches, or `None`."""
        relative = name.relativize(dns.name.root)
        for zone in self.zones.values():
            found = _find(zone, relative)
            if found is not None:
                return found
        return None

    def marker(self, name: dns.name.Name) -> Any | None:
        """TXT data that a zone holds under this name."""
        relative = name.relativize(dns.name.root)
        for zone in self.zones.values():
            found = zone.get_rdataset(relative, dns.rdatatype.TXT)
            if found is not None:
                return found
        return None

    async def answer(self, wire: bytes) -> bytes | None:
        """Answer one query in wire form."""
        try:
            query = dns.message.from_wire(wire, ignore_trailing=True, keyring=self._keyring)
        except dns.exception.DNSException:
            return None
        if query.opcode() == dns.opcode.NOTIFY:
            self.notified()
            return dns.message.make_response(query).to_wire()
        if len(query.question) != 1:
            return None
        question = query.question[0]
        reply = dns.message.make_response(query, recursion_available=True)
        marker = self.marker(question.name) if question.rdtype == dns.rdatatype.TXT else None
        if marker is not None:
            reply.answer.append(dns.rrset.from_rdata_list(question.name, 60, list(marker)))
            return reply.to_wire()
        rule = self.rule(question.name) if self.config.mode == "enforce" else None
        if rule in {".", "*."}:
            reply.set_rcode(dns.rcode.NXDOMAIN if rule == "." else dns.rcode.NOERROR)
            return reply.to_wire()
        try:
            return await self._ask(wire)
        except (OSError, TimeoutError):
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply.to_wire()

    async def _ask(self, wire: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Upstream(wire, answer), remote_addr=self.forward
        )
        try:
            async with asyncio.timeout(UPSTREAM_S):
                return await answer
        finally:
            transport.close()


def _find(zone: dns.zone.Zone, name: dns.name.Name) -> str | None:
    """The rule for a relative name: itself, else the closest wildcard above it."""
    tries = [name]
    labels = name.labels
    tries += [dns.name.Name((b"*", *labels[i:])) for i in range(1, len(labels))]
    for one in tries:
        found = zone.get_rdataset(one, dns.rdatatype.CNAME)
        if found is not None:
            target = found[0].target
            return str(target if target.is_absolute() else target.derelativize(dns.name.root))
    return None


class _Upstream(asyncio.DatagramProtocol):
    def __init__(self, wire: bytes, answer: asyncio.Future[bytes]) -> None:
        self._wire, self._answer = wire, answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.sendto(self._wire)  # type: ignore[attr-defined]

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if not self._answer.done():
            self._answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc)


class _Clients(asyncio.DatagramProtocol):
    def __init__(self, resolver: ProofResolver) -> None:
        self._resolver = resolver
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        task = asyncio.create_task(self._one(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one(self, data: bytes, addr: tuple[Any, ...]) -> None:
        answer = await self._resolver.answer(data)
        if answer is not None:
            self._transport.sendto(answer, addr)


async def serve(config: Config, listen: tuple[str, int], forward: tuple[str, int]) -> None:
    """Answer on `listen` over UDP until cancelled."""
    resolver = ProofResolver(config, forward)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Clients(resolver), local_addr=listen
    )
    try:
        await resolver.follow()
    finally:
        transport.close()


def main() -> None:
    """`python -m zvon.dns.proof proof.toml --listen HOST:PORT --forward HOST:PORT`."""
    parser = argparse.ArgumentParser(description=LABEL)
    parser.add_argument("config", type=Path)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--forward", required=True)
    given = parser.parse_args()
    config = msgspec.convert(tomllib.loads(given.config.read_text(encoding="utf-8")), Config)
    asyncio.run(serve(config, host_port(given.listen), host_port(given.forward)))


if __name__ == "__main__":
    main()
