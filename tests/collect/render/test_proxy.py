"""The browser's proxy lets through what the guard lets through, within its budget."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.collect.render.site import KIT, Answer, Site, serving
from zvon.collect.render.proxy import Proxy


async def say(proxy: Proxy, text: str | bytes, more: bytes = b"") -> bytes:
    """What the proxy answers to one connection."""
    host, _, port = proxy.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write((text.encode() if isinstance(text, str) else text) + more)
    await writer.drain()
    answer = b""
    with suppress(ConnectionResetError):
        async with asyncio.timeout(5):
            while piece := await reader.read(4096):
                answer += piece
    writer.close()
    return answer


@asynccontextmanager
async def proxied(
    pages: dict[str, bytes | Answer], **more: int
) -> AsyncIterator[tuple[Proxy, Site]]:
    async with serving(dict(pages)) as site, Proxy(site.guard(), **more) as proxy:
        yield proxy, site


def get(url: str, *lines: str) -> str:
    return "\r\n".join([f"GET {url} HTTP/1.1", *lines, "", ""])


async def test_a_page_passes_and_the_site_sees_an_ordinary_request() -> None:
    async with proxied({"/a": b"hello"}) as (proxy, site):
        answer = await say(proxy, get(site.url("/a?b=1"), f"Host: {KIT}", "Proxy-Connection: x",
                                      "Proxy-Authorization: Basic s"))  # fmt: skip
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"hello")
        [asked] = site.asked
        assert (asked.method, asked.path) == ("GET", "/a?b=1")
        assert asked.headers == {"host": KIT, "connection": "close"}
        assert proxy.reached == {KIT}


async def test_a_tunnel_passes_bytes_both_ways() -> None:
    async with proxied({"/t": b"through"}) as (proxy, site):
        inner = b"GET /t HTTP/1.1\r\nHost: kit.example\r\n\r\n"
        answer = await say(proxy, f"CONNECT {KIT}:{site.port} HTTP/1.1\r\n\r\n", inner)
        assert answer.startswith(b"HTTP/1.1 200 Connected\r\n\r\nHTTP/1.1 200")
        assert answer.endswith(b"through")


@pytest.mark.parametrize(("host", "reason"), [
    ("127.0.0.1", "loopback"), ("0x7f.1", "loopback"), ("2130706433", "loopback"),
    ("[::1]", "loopback"), ("169.254.169.254", "metadata"), ("other.example", "loopback"),
])  # fmt: skip
@pytest.mark.parametrize("port", [80, 443])
async def test_what_the_guard_refuses_is_refused_and_noted(
    host: str, reason: str, port: int
) -> None:
    async with proxied({"/": b"inside"}) as (proxy, site):
        for asked in (get(f"http://{host}:{port}/"), f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n"):
            assert (await say(proxy, asked)).startswith(b"HTTP/1.1 403")
        assert [(each, why) for each, _, why in proxy.refusals] == [(host.strip("[]"), reason)] * 2
        assert proxy.refused(host.strip("[]")) == reason
        assert site.asked == []


async def test_another_port_of_an_allowed_name_is_refused() -> None:
    async with proxied({}) as (proxy, site):
        answer = await say(proxy, f"CONNECT {KIT}:{site.port + 1} HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 403")
        assert proxy.refused(KIT) == "port"


async def test_one_connection_asks_one_site_once() -> None:
    async with proxied({"/a": b"A", "/b": b"B"}) as (proxy, site):
        two = get(site.url("/a")) + get(site.url("/b"))
        assert (await say(proxy, two)).endswith(b"A")
        assert [asked.path for asked in site.asked] == ["/a"]


async def test_a_body_is_passed_by_its_length() -> None:
    async with proxied({"/p": b"taken"}) as (proxy, site):
        head = f"POST {site.url('/p')} HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
        assert (await say(proxy, head, b"abcd")).endswith(b"taken")


async def test_the_budget_ends_everything() -> None:
    async with proxied({"/big": b"x" * 200_000}, most_bytes=50_000) as (proxy, site):
        assert len(await say(proxy, get(site.url("/big")))) <= 50_000
        assert proxy.limited
        assert await say(proxy, get(site.url("/big"))) == b""


@pytest.mark.parametrize("said", [
    b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET ftp://kit.example/ HTTP/1.1\r\n\r\n",
    b"CONNECT kit.example HTTP/1.1\r\n\r\n", b"CONNECT kit.example:x HTTP/1.1\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\n\r\n", b"GET http://kit.example:99999/ HTTP/1.1\r\n\r\n",
    b"\xff\xfe\x00 \r\n\r\n", b"GET http://kit.example/ HTTP/2\r\n\r\n",
    b"POST http://kit.example:1/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
])  # fmt: skip
async def test_what_is_no_request_ends_its_connection_only(said: bytes) -> None:
    async with proxied({"/a": b"still here"}) as (proxy, site):
        answer = await say(proxy, said)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 403")
        assert (await say(proxy, get(site.url("/a")))).endswith(b"still here")


async def test_a_name_without_an_address_is_absent_not_refused() -> None:
    async with serving({}) as site:
        guard = site.guard()

        async def nothing(_: str) -> tuple[str, ...]:
            return ()

        guard.resolve = nothing
        async with Proxy(guard) as proxy:
            assert (await say(proxy, get(site.url()))).startswith(b"HTTP/1.1 502")
            assert proxy.absent == [(KIT, site.port, "no_address")]
            assert proxy.refusals == []
