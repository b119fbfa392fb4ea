"""Asking a resolver as its users do: UDP, TCP, TLS (RFC 7858) or HTTPS (RFC 8484)."""

import asyncio
import os
import ssl
import struct
from typing import Any, Protocol

from zvon.dns import wire
from zvon.dns.doh import Http2
from zvon.formats.answer import Answer, BadAnswer
from zvon.formats.rpz import TXT, name_wire

A, AAAA = 1, 28
CONNECT_S = 3.0
_MARK = b"serial="
# An empty OPT record (RFC 6891): 1,232 octets, no flags; without it no resolver adds an extended
# error.
_OPT = struct.pack("!BHHIH", 0, wire.OPT, 1232, 0, 0)

__all__ = ["AAAA", "A", "Answer", "Asker"]


class _Road(Protocol):
    """One way to the resolver; answers come back through `Asker.received`."""

    async def send(self, message: bytes) -> None: ...

    def close(self) -> None: ...


class Asker:
    """Questions to one resolver; an answer counts only when it repeats id and question."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[bytes, asyncio.Future[Answer]]] = {}
        self._road: _Road

    @classmethod
    async def to(
        cls,
        host: str,
        port: int,
        via: str = "udp",
        *,
        tls: ssl.SSLContext | None = None,
        name: str | None = None,
    ) -> "Asker":
        """Get ready to ask `host`; `via` is `udp`, `tcp`, `dot` or `doh`.

        A connection is made with the first question. Over TLS the certificate is checked against
        the system's authorities, or as `tls` says, for `name` or else for `host`.
        """
        asker = cls()
        if via == "udp":
            loop = asyncio.get_running_loop()
            _, asker._road = await loop.create_datagram_endpoint(
                lambda: _Udp(asker.received), remote_addr=(host, port)
            )
        elif via in {"tcp", "dot", "doh"}:
            context = None if via == "tcp" else tls or strict()
            asker._road = _Stream(asker.received, host, port, context, name or host, via == "doh")
        else:
            raise ValueError(f"ask by udp, tcp, dot or doh, not {via!r}")
        return asker

    def received(self, data: bytes) -> None:
        """Give an answer to who waits for it."""
        if len(data) < wire.HEADER.size:
            return
        question, future = self._waiting.get(int.from_bytes(data[:2]), (b"", None))
        if future is None or future.done() or data[12 : 12 + len(question)].lower() != question:
            return
        try:
            future.set_result(Answer.of(data))
        except BadAnswer:
            return

    def close(self) -> None:
        """Close the socket or the connection."""
        self._road.close()

    async def ask(
        self, name: str, qtype: int = A, timeout: float = 1.0, *, checking: bool = True
    ) -> Answer | None:
        """The answer for `name`, or `None` when none came in time (seconds).

        `checking` false sets the CD bit: to a cache of whole answers that is another question.
        """
        ident = int.from_bytes(os.urandom(2))
        while ident in self._waiting:
            ident = int.from_bytes(os.urandom(2))
        plain = wire.query(ident, name_wire(name), qtype)
        flags = 0x0100 if checking else 0x0110
        message = wire.HEADER.pack(ident, flags, 1, 0, 0, 1) + plain[wire.HEADER.size :] + _OPT
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[ident] = (plain[wire.HEADER.size :], future)
        try:
            async with asyncio.timeout(timeout):
                await self._road.send(message)
                return await future
        except (TimeoutError, OSError):  # a refused certificate is an OSError too
            return None
        finally:
            del self._waiting[ident]

    async def serial(self, marker: str) -> int | None:
        """The serial that the resolver shows under the marker's name."""
        answer = await self.ask(marker, TXT)
        if answer is None or not answer.resolves:
            return None
        at = answer.raw.find(_MARK)
        digits = answer.raw[at + len(_MARK) : at + answer.raw[at - 1]] if at > 0 else b""
        return int(digits) if digits.isdigit() else None


def strict(authorities: str | None = None) -> ssl.SSLContext:
    """TLS 1.2 or later, with the certificate and its name checked; `authorities` is a PEM file."""
    context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, received: Any) -> None:
        self._received = received
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._received(data)

    def error_received(self, exc: Exception) -> None:
        """A closed port is told by the next time-out."""

    async def send(self, message: bytes) -> None:
        self._transport.sendto(message)

    def close(self) -> None:
        self._transport.close()


class _Stream:
    """A connection that is made when needed, and made again when the resolver closed it."""

    def __init__(
        self, received: Any, host: str, port: int, tls: ssl.SSLContext | None, name: str, http: bool
    ) -> None:
        self._received, self._host, self._port = received, host, port
        self._tls, self._name, self._http = tls, name, http
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._http2: Http2 | None = None
        self._lock = asyncio.Lock()
        if http and tls is not None:
            tls.set_alpn_protocols(["h2"])

    async def send(self, message: bytes) -> None:
        async with self._lock:
            if self._writer is None or self._writer.is_closing():
                await self._connect()
            assert self._writer is not None
            framed = (
                struct.pack("!H", len(message)) + message
                if self._http2 is None
                # An id of 0 lets caches on the way work (RFC 8484, 4.1); ours stays, no cache is
                # wanted.
                else self._http2.post(message)
            )
            self._writer.write(framed)
            await self._writer.drain()

    async def _connect(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        async with asyncio.timeout(CONNECT_S):
            reader, self._writer = await asyncio.open_connection(
                self._host, self._port, ssl=self._tls,
                server_hostname=self._name if self._tls is not None else None,
            )  # fmt: skip
        if self._http:
            self._http2 = Http2(self._name)
            self._writer.write(self._http2.hello())
        self._reading = asyncio.create_task(self._read(reader, self._writer))

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._http2 is None:
                while True:
                    (length,) = struct.unpack("!H", await reader.readexactly(2))
                    self._received(await reader.readexactly(length))
            while data := await reader.read(65_536):
                answers, back = self._http2.feed(data)
                if back:
                    writer.write(back)
                for answer in answers:
                    self._received(answer)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()

    def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        if self._writer is not None:
            self._writer.close()
