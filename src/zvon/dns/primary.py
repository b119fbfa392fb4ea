"""The policy-zone primary: SOA, AXFR and IXFR over UDP and TCP, within limits (RFC 5936, 1995)."""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from zvon.dns.answering import Asked, Reply, respond
from zvon.dns.ram import frame
from zvon.dns.registry import Registry
from zvon.dns.wire import Rcode

READ_S, IDLE_S, WRITE_S = 10.0, 30.0, 60.0
CONNECTIONS_PER_ADDRESS, CONNECTIONS = 64, 512
TRANSFERS_PER_SUBSCRIBER = 2
REFUSALS_PER_S = 50
_YIELD_EVERY = 4

log = structlog.get_logger("zvon.dns")

Told = Callable[[Asked, bool], None]
"""Called before a transfer (false) and when it was sent whole (true)."""


class Primary:
    """Listens on every address given and answers from the registry."""

    def __init__(
        self, registry: Registry, *, clock: Callable[[], float], told: Told,
        reply: Callable[[bytes, tuple[Any, ...]], None],
    ) -> None:  # fmt: skip
        self.registry = registry
        self._clock = clock
        self._told = told
        self._reply = reply
        self._servers: list[asyncio.Server] = []
        self.transports: list[asyncio.DatagramTransport] = []
        self._connections: Counter[str] = Counter()
        self._transfers: dict[int, asyncio.Semaphore] = {}
        self.bytes_sent: Counter[str] = Counter()

    async def listen(self, addresses: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Bind UDP and TCP on each (host, port); port 0 takes a free one. Returns what was bound."""
        loop = asyncio.get_running_loop()
        bound = []
        for host, port in addresses:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            server = await asyncio.start_server(
                self._serve, host, port, family=family, limit=2048, backlog=256
            )
            port = server.sockets[0].getsockname()[1]
            self._servers.append(server)
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), local_addr=(host, port), family=family
            )
            self.transports.append(transport)
            bound.append((host, port))
        return bound

    async def close(self) -> None:
        """Stop listening."""
        for transport in self.transports:
            transport.close()
        for server in self._servers:
            server.close()

    def datagram(self, raw: bytes, peer: tuple[Any, ...]) -> Reply | None:
        """What a datagram gets; replies to our own NOTIFYs are handed on."""
        if len(raw) > 2 and raw[2] & 0x80:
            self._reply(raw, peer)
            return None
        return respond(raw, peer[0], self.registry, self._clock, stream=False)

    def seen(self, reply: Reply) -> None:
        """Tell what an answered request showed of its sender."""
        if reply.asked is not None:
            self._told(reply.asked, False)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        address = peer[0] if peer else ""
        if (
            self._connections[address] >= CONNECTIONS_PER_ADDRESS
            or self._connections.total() >= CONNECTIONS
        ):
            writer.close()
            return
        self._connections[address] += 1
        try:
            while await self._one(reader, writer, address):
                pass
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            self._connections[address] -= 1
            writer.close()

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> bool:
        async with asyncio.timeout(IDLE_S):
            (length,) = struct.unpack("!H", await reader.readexactly(2))
        async with asyncio.timeout(READ_S):
            raw = await reader.readexactly(length)
        reply = respond(raw, address, self.registry, self._clock, stream=True)
        if reply is None:
            return False
        if reply.asked is None:
            await self._send(writer, reply)
            return reply.rcode == Rcode.REFUSED
        turn = self._transfers.setdefault(
            reply.asked.endpoint.id, asyncio.Semaphore(TRANSFERS_PER_SUBSCRIBER)
        )
        self._told(reply.asked, False)
        async with turn:
            sent = await self._send(writer, reply)
        self.bytes_sent[reply.asked.endpoint.name] += sent
        self._told(reply.asked, True)
        return True

    async def _send(self, writer: asyncio.StreamWriter, reply: Reply) -> int:
        sent = 0
        for n, message in enumerate(reply.messages(self._clock), start=1):
            writer.write(frame(message))
            sent += len(message) + 2
            if n % _YIELD_EVERY == 0:
                # drain() returns at once below the high-water mark and would starve the others.
                await asyncio.sleep(0)
                async with asyncio.timeout(WRITE_S):
                    await writer.drain()
        async with asyncio.timeout(WRITE_S):
            await writer.drain()
        return sent


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP side; refusals are limited, so that nobody can aim them at others."""

    def __init__(self, primary: Primary) -> None:
        self._primary = primary
        self._second, self._refused = 0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        reply = self._primary.datagram(data, addr)
        if reply is None:
            return
        clock = self._primary._clock
        if reply.asked is None:
            second = int(clock())
            self._second, self._refused = (
                (second, 1) if second != self._second else (second, self._refused + 1)
            )
            if self._refused > REFUSALS_PER_S:
                return
        for message in reply.messages(clock):
            self._transport.sendto(message, addr)
        self._primary.seen(reply)
