"""A web server on loopback that says what a test tells it to, byte for byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from msgspec import Struct

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


class Site(Struct):
    """Where it listens; `asked` are the heads of the requests, `busiest` how many ran at once."""

    port: int
    asked: list[str]
    busiest: int = 0

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def allow(self) -> set[tuple[str, int]]:
        return {("127.0.0.1", self.port)}

    def paths(self) -> list[str]:
        return [head.split(" ")[1] for head in self.asked]


def page(body: bytes | str, *headers: str, status: str = "200 OK") -> bytes:
    """An answer with this body."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", "Connection: close"]
    if not any(each.lower().startswith("content-type") for each in headers):
        lines.append("Content-Type: text/html; charset=utf-8")
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + raw


def moved(to: str, status: str = "302 Found", *headers: str) -> bytes:
    return page("", f"Location: {to}", *headers, status=status)


@asynccontextmanager
async def site(
    answers: Mapping[str, Answer], tls: ssl.SSLContext | None = None
) -> AsyncIterator[Site]:
    """Serve `answers` by path; any other path is not found."""
    here = Site(0, [])
    running = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal running
        running += 1
        here.busiest = max(here.busiest, running)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            here.asked.append(head)
            path = head.split(" ")[1].partition("?")[0]
            answer = answers.get(path, page("nothing", status="404 Not Found"))
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            running -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
