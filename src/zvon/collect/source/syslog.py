"""Syslog from the network: UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425).

A message belongs to the source whose networks hold its sender, the narrowest first.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Annotated, Literal

import structlog
from msgspec import Meta, Struct

from zvon.collect.source.gather import Gatherer
from zvon.collect.source.kind import Kind
from zvon.config import host_port
from zvon.formats.log.syslog_frame import BadFrame, Frames, as_line
from zvon.model import prefix

log = structlog.get_logger("zvon.collect.source")

Transport = Literal["udp", "tcp", "tls"]
CHUNK = 1 << 16
MOST_CONNECTIONS = 500
UDP_WAITING = 8 << 20
_ANY = -1


class Syslog(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose messages these are: senders in `peers` (networks), or with none all that are no other
    source's; by one transport or port of ours, or by any.
    """

    peers: Annotated[list[Annotated[str, Meta(max_length=50)]], Meta(max_length=200)] = []
    transport: Transport | None = None
    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None

    def __post_init__(self) -> None:
        for each in self.peers:
            prefix.network(each)

    def fits(self, peer: IPv4Address | IPv6Address, transport: Transport, port: int) -> int | None:
        """How narrowly this fits a sender (the longest prefix), else `None`."""
        if self.transport not in {None, transport} or self.port not in {None, port}:
            return None
        if not self.peers:
            return _ANY
        lengths = [
            n.prefixlen + (0 if isinstance(n, IPv6Network) else 96)
            for n in map(prefix.network, self.peers)
            if n.version == peer.version and peer in n
        ]
        return max(lengths, default=None)


class Route(Struct, frozen=True):
    """A source of syslog, and where its messages go."""

    settings: Syslog
    gatherer: Gatherer


Find = Callable[[str, Transport, int], Gatherer | None]


def find(routes: Sequence[Route], peer: str, transport: Transport, port: int) -> Gatherer | None:
    """The source that a sender's messages belong to; a tie is the one that was set up first."""
    address = ip_address(peer.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    best: tuple[int, int, int] | None = None
    found = None
    for route in routes:
        fit = route.settings.fits(address, transport, port)
        if fit is None:
            continue
        rank = (
            fit,
            int(route.settings.port is not None),
            int(route.settings.transport is not None),
        )
        if best is None or rank > best:
            best, found = rank, route.gatherer
    return found


class _Udp(asyncio.DatagramProtocol):
    """Datagrams: each is one message. Nobody can be made to wait, so what is too much is dropped."""

    def __init__(self, find: Find, port: int) -> None:
        self._find, self._port = find, port

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        gatherer = self._find(addr[0], "udp", self._port)
        message = data.rstrip(b"\r\n\0")
        if gatherer is not None and message:
            gatherer.offer(as_line(message))


class _Stream:
    """Connections; a sender waits while there is no room for its messages."""

    def __init__(self, find: Find, transport: Transport, port: int) -> None:
        self._find, self._transport, self._port = find, transport, port
        self._open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        if not peer or self._open >= MOST_CONNECTIONS:
            writer.close()
            return
        self._open += 1
        try:
            await self._read(reader, peer)
        except (OSError, ssl.SSLError):
            pass  # the sender went away
        except BadFrame as problem:
            log.warning("a syslog sender was cut off", peer=peer, problem=str(problem))
        finally:
            self._open -= 1
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, peer: str) -> None:
        frames = Frames()
        while data := await reader.read(CHUNK):
            if not await self._put(peer, frames.feed(data)):
                return
        await self._put(peer, frames.end())

    async def _put(self, peer: str, messages: list[bytes]) -> bool:
        """False when no source takes from this sender (any more): then it is cut off, and keeps
        what it has.
        """
        gatherer = self._find(peer, self._transport, self._port)
        if gatherer is None:
            log.warning("syslog of a sender that no source names", peer=peer)
            return False
        for message in messages:
            await gatherer.put(as_line(message))
        return True


async def listen_udp(address: str, find: Find) -> asyncio.DatagramTransport:
    """Take datagrams at `host:port`. Raises `OSError` when somebody else does."""
    host, port = host_port(address)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Udp(find, port), local_addr=(host, port)
    )
    # Bursts wait in the kernel while we are busy; it takes what its own limit allows.
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_WAITING)
    return transport


async def listen_stream(
    address: str, find: Find, context: ssl.SSLContext | None = None
) -> asyncio.Server:
    """Take connections at `host:port`, over TLS with a `context`. Raises `OSError`."""
    host, port = host_port(address)
    stream = _Stream(find, "tcp" if context is None else "tls", port)
    timeout = {} if context is None else {"ssl_handshake_timeout": 15.0}
    return await asyncio.start_server(stream.serve, host, port, limit=CHUNK, ssl=context, **timeout)


SYSLOG = Kind(name="syslog", how="push", settings=Syslog)
