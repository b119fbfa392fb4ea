"""A small resolver that proves a feed works where no real one is installed. Not for production.

Zones come in by transfer with TSIG (dnspython), everything else is forwarded to one upstream, and
the rules are applied in the order of the zones, exact name before wildcard. It has no cache. To
those who ask with EDNS it says why it refused (extended DNS errors, RFC 8914).
"""

import argparse
import asyncio
import sys
import tomllib
from pathlib import Path
from typing import Any, Literal

import dns.asyncquery
import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.tsigkeyring
import dns.xfr
import dns.zone
import msgspec

from zvon.config import host_port
from zvon.model.rpz_match import match

LABEL = "proof (ours), not for production"
REFRESH_S = 1.0
UPSTREAM_S = 3.0
RULE_TTL = 60
NXDOMAIN, NODATA, PASSTHRU = ".", "*.", "rpz-passthru."
ADDRESSES = frozenset({dns.rdatatype.A, dns.rdatatype.AAAA})


class Rule(msgspec.Struct, frozen=True):
    """The rule that speaks for a name: where it stands, and its target."""

    zone: str
    owner: str
    target: str


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """`proof.toml` of the kit.

    `ede` is the code of RFC 8914 that a refusal carries: 15 blocked by the operator, 16 by order
    of somebody else, 17 as the client wished. `check` is the console's address, whose page says more.
    """

    primary: str
    zones: tuple[str, ...]
    mode: str
    key: str
    algorithm: str
    secret: str
    ede: Literal[15, 16, 17] = 15
    check: str = ""


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

    def rule(self, name: dns.name.Name) -> Rule | None:
        """The first rule that matches, in the order of the zones, or `None`."""
        text = name.relativize(dns.name.root).to_text().lower()
        for zone_name, zone in self.zones.items():
            found = match(text, lambda owner, of=zone: _target(of, owner))  # type: ignore[misc]
            if found is not None:
                return Rule(zone_name, found.owner, found.rdata)
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
        if rule is not None and rule.target != PASSTHRU:
            return await self._refused(query, reply, rule)
        try:
            return await self._ask(wire)
        except (OSError, TimeoutError):
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply.to_wire()

    async def _refused(
        self, query: dns.message.Message, reply: dns.message.Message, rule: Rule
    ) -> bytes:
        """The answer that a rule wants, with the reason for whoever speaks EDNS."""
        question = query.question[0]
        code = dns.edns.EDECode(self.config.ede)
        if rule.target == NXDOMAIN:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif rule.target != NODATA:
            code = dns.edns.EDECode.FORGED_ANSWER  # an answer, and not the name's own
            reply.answer.append(
                dns.rrset.from_text(question.name, RULE_TTL, "IN", "CNAME", rule.target)
            )
            if question.rdtype in ADDRESSES:
                reply.answer += await self._addresses(rule.target, question.rdtype)
        if query.edns >= 0:
            name = question.name.relativize(dns.name.root).to_text().lower()
            text = f"{self.config.check.rstrip('/')}/check?name={name}" if self.config.check else (
                f"rule {rule.owner} of {rule.zone}"
            )  # fmt: skip
            reply.use_edns(0, query.ednsflags, options=[dns.edns.EDEOption(code, text)])
        return reply.to_wire()

    async def _addresses(
        self, target: str, rdtype: dns.rdatatype.RdataType
    ) -> list[dns.rrset.RRset]:
        """Where a landing page is; nothing when the upstream does not say."""
        try:
            wire = await self._ask(dns.message.make_query(target, rdtype).to_wire())
            return list(dns.message.from_wire(wire).answer)
        except (OSError, TimeoutError, dns.exception.DNSException):
            return []

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


def _target(zone: dns.zone.Zone, owner: str) -> str | None:
    """The target of the rule at `owner`, absolute, as RPZ writes it."""
    found = zone.get_rdataset(dns.name.from_text(owner, origin=None), dns.rdatatype.CNAME)
    if found is None:
        return None
    target = found[0].target
    return str(target if target.is_absolute() else target.derelativize(dns.name.root))


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
