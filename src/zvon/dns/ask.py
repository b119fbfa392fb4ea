"""Asking a resolver as its users do, and reading whether it blocks."""

import asyncio
import os
from typing import Any

from msgspec import Struct

from zvon.dns import wire
from zvon.formats.rpz import TXT, name_wire

A = 1
NXDOMAIN = 3
_MARK = b"serial="


class Answer(Struct, frozen=True):
    """One answer, as it came, with what it says."""

    raw: bytes
    rcode: int
    answers: int

    def blocks(self, action: str) -> bool:
        """True when this is what `action` orders."""
        if action == "nodata":
            return self.rcode == 0 and self.answers == 0
        return self.rcode == NXDOMAIN

    @property
    def resolves(self) -> bool:
        """True when there is a real answer."""
        return self.rcode == 0 and self.answers > 0


class Asker(asyncio.DatagramProtocol):
    """A socket to one resolver; an answer counts only when it repeats id and question."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[bytes, asyncio.Future[Answer]]] = {}
        self._transport: Any = None

    @classmethod
    async def to(cls, host: str, port: int) -> "Asker":
        """Open the socket."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(cls, remote_addr=(host, port))
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Give an answer to who waits for it."""
        if len(data) < wire.HEADER.size:
            return
        ident, flags, _, answers, _, _ = wire.HEADER.unpack_from(data)
        question, future = self._waiting.get(ident, (b"", None))
        if (
            future is None
            or data[12 : 12 + len(question)].lower() != question
            or not flags & 0x8000
        ):
            return
        if not future.done():
            future.set_result(Answer(data, flags & 0xF, answers))

    def error_received(self, exc: Exception) -> None:
        """A closed port is told by the next time-out."""

    def close(self) -> None:
        """Close the socket."""
        self._transport.close()

    async def ask(self, name: str, qtype: int = A, timeout: float = 1.0) -> Answer | None:
        """The answer for `name`, or `None` when none came in time (seconds)."""
        ident = int.from_bytes(os.urandom(2))
        while ident in self._waiting:
            ident = int.from_bytes(os.urandom(2))
        message = wire.query(ident, name_wire(name), qtype)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[ident] = (message[12:], future)
        try:
            self._transport.sendto(message)
            async with asyncio.timeout(timeout):
                return await future
        except (TimeoutError, OSError):
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
