"""What a page of the measurement is, and the server that shows it on loopback."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from msgspec import Struct

from zvon.collect.fetch.guard import Guard

HOST = "127.0.0.1"
_PHONE = re.compile(r"iPhone|Android|Mobile")


class Reply(Struct, frozen=True):
    """One answer of a server."""

    body: str | bytes = ""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    location: str = ""


Serve = Callable[[bool], Reply]  # whether a phone asks


class Site(Struct, frozen=True, kw_only=True):
    """One page with what surrounds it. `age` is in days, `None` where nobody knows.

    `hosts` maps further names to their pages; `text` is the message that brought the address.
    """

    family: str
    kit: bool
    host: str
    path: str
    pages: Mapping[str, Serve]
    age: int | None
    lang: str
    text: str = ""
    hosts: Mapping[str, Mapping[str, Serve]] = {}
    ages: Mapping[str, int] = {}


def page(body: str | bytes, kind: str = "text/html; charset=utf-8") -> Serve:
    """A page that everybody gets."""
    return lambda phone: Reply(body, kind=kind)


def moved(to: str) -> Serve:
    """A redirect."""
    return lambda phone: Reply(status=302, location=to)


def by_agent(phone: str, other: str) -> Serve:
    """A page that tells phones from other visitors."""
    return lambda mobile: Reply(phone if mobile else other)


class Farm:
    """`async with Farm(sites) as farm:` serves all of them; `farm.guard` leads only there."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self.served: dict[str, Mapping[str, Serve]] = {}
        for site in sites:
            for host, pages in ((site.host, site.pages), *site.hosts.items()):
                if host in self.served:
                    raise ValueError(f"two sites are called {host}")
                self.served[host] = pages

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

        async def resolve(host: str) -> tuple[str, ...]:
            return (HOST,) if host in self.served else ()

        allowed = {(host, self.port) for host in self.served}
        self.guard = Guard(resolve=resolve, allow=allowed)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()

    def url(self, host: str, path: str) -> str:
        """The address of a page on this farm."""
        return f"http://{host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            return
        parts = (line.partition(":") for line in head.splitlines()[1:])
        fields = {name.lower(): value.strip() for name, _, value in parts}
        path = head.split(" ", 2)[1].partition("?")[0]
        pages = self.served.get(fields.get("host", "").partition(":")[0], {})
        found = pages.get(path)
        phone = bool(_PHONE.search(fields.get("user-agent", "")))
        reply = found(phone) if found else Reply("", status=404)
        text = reply.body
        body = text.replace("{port}", str(self.port)).encode() if isinstance(text, str) else text
        where = reply.location.replace("{port}", str(self.port))
        extra = f"Location: {where}\r\n" if where else ""
        writer.write(
            f"HTTP/1.1 {reply.status} X\r\nContent-Type: {reply.kind}\r\n{extra}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        try:
            await writer.drain()
        finally:
            writer.close()
