"""The one way out to addresses that strangers wrote: judged here, connected to here.

Every request for a page, a resource, a log or a list goes through a `Guard`, the browser's through
a proxy that calls `open_guarded`. A name is resolved once; each of its addresses is judged, one bad
address refuses all (a mixed answer is a rebinding attack), and the connection goes to the very
address that was judged, so that a second look-up cannot change it.
"""

import asyncio
import unicodedata
from collections.abc import Collection, Iterable
from typing import Any

import httpcore

from zvon.collect.fetch import egress
from zvon.collect.fetch.forbidden import Prefixes, refuse
from zvon.collect.fetch.resolve import Resolve, resolving
from zvon.config import Settings
from zvon.model import name as names
from zvon.model import prefix
from zvon.model.url import BadUrl, address

__all__ = ["Guard", "Prefixes", "Refused", "Unreachable", "guard_of", "open_guarded", "refuse"]

PORTS = frozenset({80, 443})
CONNECT_S = 10.0
MOST_TRIED = 4
Options = Iterable[Any] | None


class Refused(ConnectionError):
    """We do not connect there; `reason` is the word that evidence keeps."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.reason = reason


class Unreachable(ConnectionError):
    """Nobody is there: `reason` is `no_address` or `no_answer`."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.reason = reason


class Guard(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only; the backend of `httpcore` connection pools.

    `own` are prefixes that the operator keeps us from. `way_out` is the operator's proxy, `source`
    the local address to leave from. `allow` opens single (host, port) pairs whatever their address
    is: tests pass it for their own servers, and no setting can.
    """

    def __init__(
        self,
        *,
        resolve: Resolve,
        own: Prefixes = (),
        way_out: egress.Proxy | None = None,
        source: str | None = None,
        allow: Collection[tuple[str, int]] = frozenset(),
    ) -> None:
        self.resolve = resolve
        self.own = tuple(own)
        self.way_out = way_out
        self.source = source
        self.allow = frozenset(allow)
        self._inner = httpcore.AnyIOBackend()

    async def judged(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of `host`, all of them fit to be connected to.

        Raises `Refused` with `port`, `bad_host`, `mixed` or what `forbidden.refuse` says, and
        `Unreachable`.
        """
        allowed = (host, port) in self.allow
        if port not in PORTS and not allowed:
            raise Refused(host, "port")
        found = _literal(host)
        if found is None:
            answers = await self.resolve(_canonical(host))
            if not answers:
                raise Unreachable(host, "no_address")
        else:
            answers = (found,)
        if not allowed:
            reasons = [refuse(ip, self.own) for ip in answers]
            bad = [reason for reason in reasons if reason is not None]
            if bad:
                raise Refused(host, bad[0] if len(bad) == len(reasons) else "mixed")
        return answers[:MOST_TRIED]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Options = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a judged address of `host`; the next one is tried when one fails.

        Raises `Refused`, and `httpcore.ConnectError` or `ConnectTimeout`.
        """
        try:
            answers = await self.judged(host, port)
        except Unreachable as problem:
            raise httpcore.ConnectError(problem.reason) from problem
        # A dead first address must leave time for the second.
        share = None if timeout is None else timeout / len(answers)
        *others, last = answers
        for ip in others:
            try:
                return await self._connect(ip, port, share, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._connect(last, port, share, socket_options)

    async def _connect(
        self, ip: str, port: int, timeout: float | None, options: Options
    ) -> httpcore.AsyncNetworkStream:
        way = self.way_out
        to, at = (ip, port) if way is None else (way.host, way.port)
        stream = await self._inner.connect_tcp(
            to, at, timeout=timeout, local_address=self.source, socket_options=options
        )
        if way is None:
            return stream
        try:
            async with asyncio.timeout(timeout):
                await egress.through(_StreamPipe(stream), way.kind, ip, port)
        except (OSError, httpcore.NetworkError) as problem:  # `TimeoutError` is one
            await stream.aclose()
            raise httpcore.ConnectError(f"proxy: {problem}") from problem
        return stream

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Options = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: no page is behind a file. Raises `Refused`."""
        raise Refused(path, "unix")

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks."""
        await asyncio.sleep(seconds)


async def open_guarded(
    host: str, port: int, *, guard: Guard, timeout_s: float = CONNECT_S
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A plain connection to `host`, judged and made as `Guard` does, for our browser's proxy.

    Raises `Refused` and `Unreachable`.
    """
    answers = await guard.judged(host, port)
    for ip in answers:
        try:
            async with asyncio.timeout(timeout_s / len(answers)):
                return await _open(guard, ip, port)
        except OSError:  # `TimeoutError` is one
            continue
    raise Unreachable(host, "no_answer")


async def _open(
    guard: Guard, ip: str, port: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    way = guard.way_out
    to, at = (ip, port) if way is None else (way.host, way.port)
    local = None if guard.source is None else (guard.source, 0)
    reader, writer = await asyncio.open_connection(to, at, local_addr=local)
    if way is not None:
        try:
            await egress.through(_SocketPipe(reader, writer), way.kind, ip, port)
        except BaseException:
            writer.close()
            raise
    return reader, writer


def guard_of(settings: Settings) -> Guard:
    """The guard of a node, as its operator set it up. Raises `ValueError` for a bad setting."""
    way = settings.egress_proxy
    return Guard(
        resolve=resolving(settings.resolver),
        own=[prefix.network(text) for text in settings.egress_refuse.split(",") if text.strip()],
        way_out=egress.proxy(way) if way else None,
        source=settings.egress_source,
    )


def _literal(host: str) -> str | None:
    """The address that `host` is, in any spelling that a resolver would take, else `None`."""
    text = unicodedata.normalize("NFKC", host.strip()).strip("[]")
    if ":" in text:
        return text
    try:
        return address(text)
    except BadUrl:
        raise Refused(host, "bad_host") from None


def _canonical(host: str) -> str:
    try:
        return names.canonical(host)
    except names.BadName:
        raise Refused(host, "bad_host") from None


class _StreamPipe:
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def write(self, data: bytes) -> None:
        await self._stream.write(data)

    async def read(self, most: int) -> bytes:
        return await self._stream.read(most)


class _SocketPipe:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def read(self, most: int) -> bytes:
        return await self._reader.read(most)
