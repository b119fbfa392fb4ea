"""Syslog that devices send to a collector, and lines on standard input: bounded on the way in."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from zvon.collect.collector.config import Source
from zvon.config import host_port
from zvon.formats.log.syslog_frame import BadFrame, Frames, as_line

MOST = 4 << 20
"""So many bytes may wait to be written down; then TCP is not read on, and UDP is dropped."""
READ = 64 * 1024


class Inbox:
    """Lines that came and are not written down yet."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self.size = self.dropped = 0
        self._room = asyncio.Event()
        self._room.set()
        self.came = asyncio.Event()

    @property
    def full(self) -> bool:
        """True when there is no room."""
        return self.size >= MOST

    def put(self, line: bytes) -> None:
        """One line, without its end."""
        self._lines.append(line)
        self.size += len(line) + 1
        self.came.set()
        if self.full:
            self._room.clear()

    def drop(self) -> None:
        """A message came and there was no room."""
        self.dropped += 1

    async def room(self) -> None:
        """Wait until there is some: who waits reads nothing, and the sender feels it."""
        await self._room.wait()

    def take(self, most: int) -> bytes:
        """Whole lines of about `most` bytes, the oldest first."""
        size = count = 0
        for line in self._lines:
            if size >= most:
                break
            size += len(line) + 1
            count += 1
        data = b"".join(line + b"\n" for line in self._lines[:count])
        del self._lines[:count]
        self.size -= size
        if not self.full:
            self._room.set()
        if not self._lines:
            self.came.clear()
        return data


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._inbox.full:
            self._inbox.drop()
        elif line := as_line(data.rstrip(b"\r\n\0")):
            self._inbox.put(line)


@asynccontextmanager
async def listening(source: Source, inbox: Inbox) -> AsyncIterator[None]:
    """Take syslog for a source while the context lasts (RFC 5426, 6587, 5425). Raises `OSError`."""
    scheme, _, address = source.listen.partition("://")
    host, port = host_port(address)
    if scheme == "udp":
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(inbox), local_addr=(host, port)
        )
        try:
            yield
        finally:
            transport.close()
        return
    tls = _tls(source) if scheme == "tls" else None
    tasks: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await _read(reader, inbox)
        except (OSError, BadFrame):
            inbox.drop()
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(take, host, port, ssl=tls)
    try:
        yield
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()


async def _read(reader: asyncio.StreamReader, inbox: Inbox) -> None:
    frames = Frames()
    while data := await reader.read(READ):
        for message in frames.feed(data):
            inbox.put(as_line(message))
        await inbox.room()
    for message in frames.end():
        inbox.put(as_line(message))


def _tls(source: Source) -> ssl.SSLContext:
    assert source.cert is not None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(source.cert, source.key)
    if source.ca is not None:
        context.load_verify_locations(source.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def standard_input(inbox: Inbox) -> None:
    """Take lines from standard input until it ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MOST)
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    try:
        rest = b""
        while data := await reader.read(READ):
            *whole, rest = (rest + data).split(b"\n")
            if len(rest) > MOST:
                whole, rest = [*whole, rest], b""
            for line in whole:
                inbox.put(line)
            await inbox.room()
        if rest:
            inbox.put(rest)
    finally:
        transport.close()
