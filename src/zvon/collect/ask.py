"""Asking logs and lists for their next part: large answers, polite to whoever gives them.

Addresses of sources go through the same guard as pages that strangers wrote. Only the operator's
own caches, named in the settings, may lie inside the network.
"""

import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import IO
from urllib.parse import urljoin, urlsplit

import httpcore
from msgspec import Struct

from zvon.collect.fetch.guard import Guard, Refused, Unreachable, guard_of
from zvon.config import Settings, host_port

CONNECT_S = 10.0
READ_S = 30.0
MAX_REDIRECTS = 3
AT_ONCE = 8
LEAST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(hours=6)
REST = timedelta(seconds=60)
_AGENT = b"zvon (see the operator of this address)"
_GZIP = b"\x1f\x8b"
_BOTH = 32 + zlib.MAX_WBITS  # gzip or zlib, by what the first bytes say
_MOVED = frozenset({301, 302, 303, 307, 308})


class Failed(ConnectionError):
    """The source did not answer, or not as it should; says how."""


class Gone(Failed):
    """The source says that there is nothing (404, 410)."""


class Busy(Failed):
    """The source asks to be left alone for `rest`."""

    def __init__(self, problem: str, rest: timedelta) -> None:
        super().__init__(problem)
        self.rest = rest


class Answer(Struct, frozen=True):
    """What came: `status` is 200, or 304 when it is what we had. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    size: int


class Asker:
    """Connections to sources; close it after use (`async with asking(settings)`)."""

    def __init__(
        self, guard: Guard, caches: frozenset[tuple[str, int]], trust: Path | None = None
    ) -> None:
        self.caches = caches
        self._outside = _pool(guard)
        self._inside = _pool(None, trust)

    async def get(self, url: str, *, most: int) -> bytes:
        """The whole answer, unpacked, at most `most` bytes. Raises `Failed`, `Gone`, `Busy`."""
        pieces: list[bytes] = []
        async with self._answer(url, {}) as (answer, chunks):
            if answer.status != 200:
                raise Failed(f"{url}: answered {answer.status}")
            async for piece in _bounded(chunks, url, most):
                pieces.append(piece)
        return b"".join(pieces)

    @asynccontextmanager
    async def opened(
        self, url: str, *, most: int, headers: Mapping[str, str]
    ) -> AsyncIterator[tuple[Answer, AsyncIterator[bytes]]]:
        """The answer to a request with these headers, and its body in pieces, unpacked.

        It may be of any status but the ones that say wait or gone. Headers go to the server that
        was asked, never on to another one. Raises `Failed`, `Gone`, `Busy`, also between pieces.
        """
        async with self._answer(url, headers) as (answer, chunks):
            yield answer, _bounded(chunks, url, most)

    async def save(
        self, url: str, file: IO[bytes], *, most: int, known: Mapping[str, str]
    ) -> Answer:
        """Write the answer to `file`, unpacked, unless it is what we had.

        `known` are `etag` and `last-modified` of the last time. Raises `Failed`, `Gone`, `Busy`.
        """
        asked = {}
        if "etag" in known:
            asked["If-None-Match"] = known["etag"]
        if "last-modified" in known:
            asked["If-Modified-Since"] = known["last-modified"]
        size = 0
        async with self._answer(url, asked) as (answer, chunks):
            if answer.status == 200:
                async for piece in _bounded(chunks, url, most):
                    size += len(piece)
                    file.write(piece)
            elif answer.status != 304:
                raise Failed(f"{url}: answered {answer.status}")
        return Answer(answer.status, answer.headers, size)

    async def close(self) -> None:
        """Close every connection."""
        await self._outside.aclose()
        await self._inside.aclose()

    @asynccontextmanager
    async def _answer(
        self, url: str, asked: Mapping[str, str]
    ) -> AsyncIterator[tuple[Answer, AsyncIterator[bytes]]]:
        ours = [(b"User-Agent", _AGENT), (b"Accept-Encoding", b"gzip")]
        given = [(k.encode(), v.encode("latin-1", "replace")) for k, v in asked.items()]
        timeout = {"connect": CONNECT_S, "read": READ_S, "write": CONNECT_S, "pool": READ_S}
        try:
            first = _place(url)
            inside = first in self.caches
            for _ in range(MAX_REDIRECTS + 1):
                # A stranger's redirect never leads into our own network.
                inside = inside and _place(url) in self.caches
                pool = self._inside if inside else self._outside
                headers = ours + given if _place(url) == first else ours
                async with pool.stream(
                    "GET", url, headers=headers, extensions={"timeout": timeout}
                ) as response:
                    said = {k.decode("latin-1").lower(): v.decode("latin-1")
                            for k, v in response.headers}  # fmt: skip
                    if response.status in _MOVED and "location" in said:
                        url = urljoin(url, said["location"])
                        continue
                    _judge(url, response.status, said)
                    yield Answer(response.status, said, 0), response.aiter_stream()
                    return
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError,
                httpcore.UnsupportedProtocol, httpcore.ProxyError, Refused, Unreachable,
                ssl.SSLError, ValueError) as problem:  # fmt: skip
            raise Failed(f"{url}: {str(problem) or type(problem).__name__}") from problem
        raise Failed(f"{url}: more than {MAX_REDIRECTS} redirects")


@asynccontextmanager
async def asking(settings: Settings, guard: Guard | None = None) -> AsyncIterator[Asker]:
    """An `Asker` as the operator set it up. Raises `ValueError` for a bad setting."""
    asker = Asker(guard or guard_of(settings), places(settings.name_caches))
    try:
        yield asker
    finally:
        await asker.close()


def places(hosts: str) -> frozenset[tuple[str, int]]:
    """Servers that a setting names, `host:port` separated by commas. Raises `ValueError`."""
    return frozenset(host_port(each.strip()) for each in hosts.split(",") if each.strip())


def rest_of(retry_after: str, date: str = "") -> timedelta:
    """What a `Retry-After` asks for, in seconds or until a time, within reason.

    A time is read against the server's own clock in `date`; without one it counts as a minute.
    """
    asked = REST
    if retry_after.isdecimal() and len(retry_after) < 7:
        asked = timedelta(seconds=int(retry_after))
    elif retry_after and date:
        with suppress(ValueError, TypeError, OverflowError):
            asked = parsedate_to_datetime(retry_after) - parsedate_to_datetime(date)
    return min(max(asked, LEAST_REST), LONGEST_REST)


def _judge(url: str, status: int, headers: Mapping[str, str]) -> None:
    if status in {404, 410}:
        raise Gone(f"{url}: answered {status}")
    if status in {429, 503}:
        rest = rest_of(headers.get("retry-after", ""), headers.get("date", ""))
        raise Busy(f"{url}: answered {status}, asks for {rest.total_seconds():.0f} s of rest", rest)


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("not an address that we ask")
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _pool(guard: Guard | None, trust: Path | None = None) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=_trust(trust), network_backend=guard, max_connections=AT_ONCE,
        max_keepalive_connections=AT_ONCE, keepalive_expiry=15.0,
    )  # fmt: skip


@cache
def _trust(own: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if own is not None:
        context.load_verify_locations(own)
    return context


async def _bounded(chunks: AsyncIterator[bytes], url: str, most: int) -> AsyncIterator[bytes]:
    """The bytes of an answer, unpacked when they are gzip, whether that was asked for or not."""
    unpack = None
    first, size = True, 0
    head = rest = b""
    async for chunk in chunks:
        if first:
            head += chunk
            if len(head) < len(_GZIP):
                continue
            chunk, first = head, False
            unpack = zlib.decompressobj(_BOTH) if chunk.startswith(_GZIP) else None
        if unpack is None:
            size += len(chunk)
            if size > most:
                raise Failed(f"{url}: more than {most} bytes")
            yield chunk
            continue
        chunk, rest = rest + chunk, b""
        while chunk:
            if unpack.eof:
                if len(chunk) < len(_GZIP):
                    rest = chunk
                    break
                if not chunk.startswith(_GZIP):
                    return  # padding after the last member
                unpack = zlib.decompressobj(_BOTH)
            try:
                piece = unpack.decompress(chunk, 1 << 20)
            except zlib.error as problem:
                raise Failed(f"{url}: broken gzip: {problem}") from None
            size += len(piece)
            if size > most:
                raise Failed(f"{url}: more than {most} bytes")
            yield piece
            # At the end of a member `unconsumed_tail` may repeat what `unused_data` holds.
            chunk = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
    if first and head:
        yield head
