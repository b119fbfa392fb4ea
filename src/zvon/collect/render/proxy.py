"""The browser's only way out: a proxy of ours, whose every connection is judged by the guard.

Requests that no page handler sees (WebSocket, workers, prefetch, redirects) come this way too. One
proxy lives for one look, so what one may reach another may not.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from zvon.collect.fetch.guard import Guard, Refused, Unreachable, open_guarded

MOST_BYTES = 30 * 1024 * 1024
MOST_CONNECTIONS = 64
HEAD_BYTES = 64 * 1024
HEAD_S = 10.0
OPEN_S = 6.0
PIECE = 64 * 1024
# Said to the browser only; a person reads `refusals`.
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
NOBODY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_DROPPED = frozenset({"connection", "keep-alive", "proxy-connection", "proxy-authorization"})


class BadRequest(ValueError):
    """The browser's own request was none that we pass on."""


class Proxy:
    """A proxy on loopback for one look.

    `refusals` are (host, port, reason) in order, `reached` the hosts that were connected to, and
    `limited` is set when the budget was used up; from then on nothing passes.
    """

    def __init__(self, guard: Guard, *, most_bytes: int = MOST_BYTES) -> None:
        self._guard = guard
        self._left = most_bytes
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.refusals: list[tuple[str, int, str]] = []
        self.absent: list[tuple[str, int, str]] = []
        self.reached: set[str] = set()
        self.limited = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_BYTES)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`."""
        assert self._server is not None
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def refused(self, host: str) -> str | None:
        """Why this host was refused, if it was."""
        return next((reason for each, _, reason in self.refusals if each == host), None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if len(self._tasks) <= MOST_CONNECTIONS and not self.limited:
                await self._pass(reader, writer)
        except (BadRequest, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # one connection of a page that may do what it likes
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_S):
            head = await reader.readuntil(b"\r\n\r\n")
        method, target, fields = _read_head(head)
        tunnel = method == "CONNECT"
        host, port, path = _authority(target) if tunnel else _absolute(target)
        try:
            far_reader, far_writer = await open_guarded(
                host, port, guard=self._guard, timeout_s=OPEN_S
            )
        except Refused as problem:
            self.refusals.append((host, port, problem.reason))
            writer.write(FORBIDDEN)
            return
        except Unreachable as problem:
            self.absent.append((host, port, problem.reason))
            writer.write(NOBODY)
            return
        self.reached.add(host)
        try:
            if tunnel:
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                upward = self._copy(reader, far_writer, None)
            else:
                far_writer.write(_origin_head(method, path, fields))
                upward = self._copy(reader, far_writer, _body_length(fields))
            await _both(upward, self._copy(far_reader, writer, None))
        finally:
            far_writer.close()
            with suppress(OSError):
                await far_writer.wait_closed()

    async def _copy(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, length: int | None
    ) -> bool:
        """Pass on `length` bytes, or all; True when `source` ended or the budget did."""
        while length is None or length > 0:
            piece = await source.read(PIECE if length is None else min(PIECE, length))
            if not piece:
                break
            self._left -= len(piece)
            if self._left < 0:
                self.limited = True
                return True
            if length is not None:
                length -= len(piece)
            sink.write(piece)
            await sink.drain()
        # What was asked is asked; the answer is still to come.
        return length is None


async def _both(up: Awaitable[bool], down: Awaitable[bool]) -> None:
    """Until the far side is done, or the near side hangs up."""
    upward, downward = asyncio.ensure_future(up), asyncio.ensure_future(down)
    try:
        await asyncio.wait({upward, downward}, return_when=asyncio.FIRST_COMPLETED)
        if upward.done() and not downward.done() and not upward.exception() and not upward.result():
            await downward
    finally:
        for task in (upward, downward):
            task.cancel()
        await asyncio.gather(upward, downward, return_exceptions=True)


def _read_head(head: bytes) -> tuple[str, str, list[tuple[str, str]]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    target, _, version = rest.partition(" ")
    if not version.startswith("HTTP/1"):
        raise BadRequest(first[:80])
    fields = [(name.strip(), value.strip()) for name, colon, value in
              (line.partition(":") for line in lines) if colon]  # fmt: skip
    return method, target, fields


def _authority(target: str) -> tuple[str, int, str]:
    host, _, port = target.rpartition(":")
    if not port.isdigit():
        raise BadRequest(target[:80])
    return host.strip("[]").lower(), int(port), ""


def _absolute(target: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit(target)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadRequest(target[:80]) from None
    if parts.scheme != "http" or not host:
        raise BadRequest(target[:80])
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return host, port or 80, path


def _body_length(fields: list[tuple[str, str]]) -> int:
    """Bytes after the head. Raises `BadRequest` for a body without a length."""
    named = {name.lower(): value for name, value in fields}
    if "transfer-encoding" in named:
        raise BadRequest("transfer-encoding")
    length = named.get("content-length", "0")
    if not length.isdigit():
        raise BadRequest("content-length")
    return int(length)


def _origin_head(method: str, path: str, fields: list[tuple[str, str]]) -> bytes:
    """The head as the site expects it; one request for each connection."""
    kept = [f"{name}: {value}" for name, value in fields if name.lower() not in _DROPPED]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""]).encode(
        "latin-1"
    )
