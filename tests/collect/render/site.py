"""Websites on loopback under made-up names, and a guard that knows them and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from msgspec import Struct

from zvon.collect.fetch.guard import Guard

KIT = "kit.example"


class Request(Struct, frozen=True):
    """What a browser asked: `headers` by lower-case name."""

    method: str
    path: str
    headers: dict[str, str]


Page = Callable[[Request], "bytes | Answer"]


class Answer(Struct, frozen=True):
    """What the site says; bytes alone are a page."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)


class Site:
    """Answers paths from `pages`, remembers what was asked."""

    def __init__(self, pages: dict[str, "Page | bytes | Answer"]) -> None:
        self.pages = pages
        self.asked: list[Request] = []
        self.port = 0

    def url(self, path: str = "/", host: str = KIT) -> str:
        return f"http://{host}:{self.port}{path}"

    def guard(self, *hosts: str) -> Guard:
        async def here(_: str) -> tuple[str, ...]:
            return ("127.0.0.1",)

        return Guard(resolve=here, allow={(host, self.port) for host in hosts or (KIT,)})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            method, path, _ = first.split(" ", 2)
            headers = {name.lower(): value.strip() for name, _, value in
                       (line.partition(":") for line in lines if line)}  # fmt: skip
            request = Request(method, path, headers)
            self.asked.append(request)
            page = self.pages.get(path.partition("?")[0], Answer(b"nothing", 404))
            said = page(request) if callable(page) else page
            answer = Answer(said) if isinstance(said, bytes) else said
            lines = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {len(answer.body)}",
                     "Connection: close", *(f"{n}: {v}" for n, v in answer.headers)]  # fmt: skip
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(pages: dict[str, Page | bytes | Answer]) -> AsyncIterator[Site]:
    """A site on a free port."""
    site = Site(pages)
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()


def sent_to(place: str, status: int = 302) -> Answer:
    """A redirect."""
    return Answer(b"", status, (("Location", place),))
