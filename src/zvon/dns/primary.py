"""The policy-zone primary: SOA, AXFR and IXFR over UDP, TCP and TLS (RFC 5936, 1995, 9103)."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Literal

import structlog

from zvon.dns.answering import Asked, Reply, respond, truncated
from zvon.dns.limits import Door, Limits, Rate, Visit, prefix_of
from zvon.dns.ram import RamZone, frame
from zvon.dns.registry import Endpoint, Registry
from zvon.dns.replay import Replays
from zvon.dns.wire import MAX_REQUEST, Rcode

ALPN = "dot"
# Messages that are written before others get their turn.
_AT_A_TIME = 4
# So that a slow reader keeps little of a transfer in the kernel.
_UNSENT = 131_072

log = structlog.get_logger("zvon.dns")

Told = Callable[[Asked, bool], None]
"""Called before a transfer (false) and when it was sent whole (true)."""
Used = Callable[[Endpoint, RamZone, Literal["full", "difference"], int], None]
"""Called after a transfer with the octets that were sent, also when it did not end well."""
Failed = Callable[[str, str, str, str], None]
"""Called with key name, address, error (`BADKEY`, ...) and zone when a signature does not hold;
key and zone are what the peer wrote."""


class Primary:
    """Listens on every address given and answers from the registry."""

    def __init__(
        self, registry: Registry, *, clock: Callable[[], float], told: Told,
        reply: Callable[[bytes, tuple[Any, ...]], None], used: Used | None = None,
        failed: Failed | None = None, limits: Limits | None = None,
    ) -> None:  # fmt: skip
        self.registry = registry
        self.limits = limits or Limits()
        self.door = Door(self.limits)
        self._clock = clock
        self._told = told
        self._reply = reply
        self._used = used
        self._failed = failed
        self._replays = Replays()
        self._servers: list[asyncio.Server] = []
        self.transports: list[asyncio.DatagramTransport] = []
        self._transfers: dict[int, asyncio.Semaphore] = {}
        self._turn = asyncio.Lock()
        self._serving: set[asyncio.Task[None]] = set()

    async def listen(self, addresses: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Bind UDP and TCP on each (host, port); port 0 takes a free one. Returns what was bound."""
        loop = asyncio.get_running_loop()
        bound = []
        for host, port in addresses:
            bound += await self._streams(host, port, None)
            place = _datagram_socket(*bound[-1])
            transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=place)
            self.transports.append(transport)
        return bound

    async def listen_tls(
        self, addresses: Sequence[tuple[str, int]], context: ssl.SSLContext
    ) -> list[tuple[str, int]]:
        """Bind TLS on each (host, port), see `xot.context`. Returns what was bound."""
        bound = []
        for host, port in addresses:
            bound += await self._streams(host, port, context)
        return bound

    async def _streams(
        self, host: str, port: int, context: ssl.SSLContext | None
    ) -> list[tuple[str, int]]:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        server = await asyncio.start_server(
            self._come, host, port, family=family, limit=2048, backlog=64, ssl=context,
            ssl_handshake_timeout=self.limits.read_s if context else None,
        )  # fmt: skip
        self._servers.append(server)
        return [(host, server.sockets[0].getsockname()[1])]

    async def close(self) -> None:
        """Stop listening, and end what is open."""
        for transport in self.transports:
            transport.close()
        for server in self._servers:
            server.close()
        self.door.clear()
        if self._serving:
            await asyncio.wait(self._serving, timeout=1.0)

    def answer(self, raw: bytes, address: str, *, stream: bool) -> Reply | None:
        """What a request gets."""
        reply = respond(raw, address, self.registry, self._replays, self._clock, stream=stream)
        if reply is not None and reply.failure is not None and self._failed is not None:
            assert reply.request.tsig is not None
            self._failed(reply.request.tsig.key, address, reply.failure.name, reply.request.qname)
        return reply

    def datagram(self, raw: bytes, peer: tuple[Any, ...]) -> Reply | None:
        """What a datagram gets; replies to our own NOTIFYs are handed on."""
        if len(raw) > 2 and raw[2] & 0x80:
            self._reply(raw, peer)
            return None
        return self.answer(raw, peer[0], stream=False)

    def seen(self, reply: Reply) -> None:
        """Tell what an answered request showed of its sender."""
        if reply.asked is not None:
            self._told(reply.asked, False)

    def seconds(self) -> float:
        """The clock of the rates, which never jumps."""
        return asyncio.get_running_loop().time()

    def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        visit = Visit(peer[0] if peer else "", writer.transport.abort)
        secured = writer.get_extra_info("ssl_object")
        if secured is not None and secured.selected_alpn_protocol() != ALPN:
            writer.transport.abort()
            return
        if not self.door.enter(visit):
            writer.transport.abort()
            return
        place = writer.get_extra_info("socket")
        place.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)
        try:
            refusals = 0
            while refusals < self.limits.refusals:
                answered = await self._one(reader, writer, visit)
                if answered is None:
                    break
                refusals += not answered
            writer.close()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            # Not `close`, which would wait for the reader to take what it has not taken.
            writer.transport.abort()
        finally:
            self.door.leave(visit)

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, visit: Visit
    ) -> bool | None:
        """Answer one request: true when it got what it asked for, `None` when no more is taken."""
        limits = self.limits
        async with asyncio.timeout(limits.idle_s if visit.proven else limits.read_s):
            (length,) = struct.unpack("!H", await reader.readexactly(2))
        if length > MAX_REQUEST:
            return None
        async with asyncio.timeout(limits.read_s):
            raw = await reader.readexactly(length)
        reply = self.answer(raw, visit.address, stream=True)
        if reply is None:
            return None
        asked = reply.asked
        if asked is None:
            await self._send(writer, reply)
            return False if reply.rcode in {Rcode.REFUSED, Rcode.NOTAUTH} else None
        visit.proven = True
        self._told(asked, False)
        turn = self._transfers.setdefault(asked.endpoint.id, asyncio.Semaphore(limits.transfers))
        async with turn, asyncio.timeout(limits.transfer_s):
            await self._send(writer, reply)
        self._told(asked, True)
        return True

    async def _send(self, writer: asyncio.StreamWriter, reply: Reply) -> None:
        """Write all messages; whoever sends many lets all others go first after every few."""
        messages = reply.messages(self._clock)
        first = [frame(message) for message in islice(messages, 2)]
        sent = _write(writer, first)
        more = len(first) == 2
        try:
            while more:
                await self._drained(writer)
                # One of the large transfers at a time writes, once in each round of the loop:
                # fifty of them slow a decision no more than one.
                async with self._turn:
                    chunk = [frame(message) for message in islice(messages, _AT_A_TIME)]
                    sent += _write(writer, chunk)
                    more = len(chunk) == _AT_A_TIME
                    await asyncio.sleep(0)
            await self._drained(writer)
        finally:
            if reply.asked is not None and reply.asked.transfer and self._used is not None:
                kind: Literal["full", "difference"] = "full" if reply.asked.full else "difference"
                self._used(reply.asked.endpoint, reply.asked.zone, kind, sent)

    async def _drained(self, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(self.limits.write_s):
            await writer.drain()


def _write(writer: asyncio.StreamWriter, framed: list[bytes]) -> int:
    octets = b"".join(framed)
    writer.write(octets)
    return len(octets)


def _datagram_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    place = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        # Like the TCP side: `::` does not take the place of `0.0.0.0`.
        place.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    # Answers to NOTIFYs come here in bursts, and must not drown in a flood.
    place.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    place.setblocking(False)
    place.bind((host, port))
    return place


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP side; what is answered is limited, so that nobody can aim it at others."""

    def __init__(self, primary: Primary) -> None:
        self._primary = primary
        limits = primary.limits
        self._looked_at = Rate(limits.packets)
        self._unproven, self._proven = Rate(limits.unproven), Rate(limits.proven)
        self._slip = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        primary = self._primary
        source, now = prefix_of(addr[0]), primary.seconds()
        if not self._looked_at.allow(source, now):
            return
        reply = primary.datagram(data, addr)
        if reply is None:
            return
        if not (self._proven if reply.proven else self._unproven).allow(source, now):
            # Every second one is sent to TCP, so that a subscriber behind a flood is not cut off.
            self._slip = not self._slip
            if self._slip and reply.asked is not None:
                self._transport.sendto(truncated(reply.request), addr)
            return
        for message in reply.messages(primary._clock):
            self._transport.sendto(message, addr)
        primary.seen(reply)
