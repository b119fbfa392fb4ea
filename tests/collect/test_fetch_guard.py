"""Nothing is connected to that our own list does not let through, however it is written."""

import ast
import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zvon
from tests.collect.site import page, site
from zvon.collect.fetch.client import Client
from zvon.collect.fetch.guard import Guard, Refused, Unreachable, guard_of, open_guarded, refuse
from zvon.config import Settings
from zvon.model.page import Outcome
from zvon.model.prefix import network


def names(**known: str) -> Callable[[str], Awaitable[tuple[str, ...]]]:
    """Answers from a list, with dots as underscores; several addresses with blanks between."""

    async def resolve(host: str) -> tuple[str, ...]:
        return tuple(known.get(host.replace(".", "_"), "").split())

    return resolve


PUBLIC = "93.184.216.34"


@pytest.mark.parametrize(
    "ip",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.31.255.255",
        "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.7",
        "203.0.113.9", "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
        "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fe80::1",
        "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1", "", "example", "127.1",
    ],
)  # fmt: skip
def test_what_is_not_the_public_internet_is_refused(ip: str) -> None:
    assert refuse(ip)


@pytest.mark.parametrize("ip", [PUBLIC, "172.32.0.1", "192.0.1.1", "223.255.255.255",
                                "2606:2800:220:1::1", "::ffff:93.184.216.34"])  # fmt: skip
def test_public_addresses_are_not(ip: str) -> None:
    assert refuse(ip) is None


def test_the_operators_own_prefixes_are_refused_too() -> None:
    own = [network("93.184.216.0/24"), network("2606:2800::/32")]
    assert refuse(PUBLIC, own) == "own"
    assert refuse("::ffff:93.184.216.34", own) == "own"
    assert refuse("2606:2800:220:1::1", own) == "own"
    assert refuse("93.184.217.34", own) is None


@given(st.one_of(st.integers(0, 2**32 - 1).map(lambda n: str(IPv4Address(n))),
                 st.integers(0, 2**128 - 1).map(lambda n: str(IPv6Address(n))), st.text()))  # fmt: skip
def test_whatever_is_let_through_is_global_for_the_standard_library_as_well(ip: str) -> None:
    if refuse(ip) is None:
        address = IPv6Address(ip) if ":" in ip else IPv4Address(ip)
        address = getattr(address, "ipv4_mapped", None) or address
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    "host",
    ["0x7f.1", "2130706433", "127.1", "0177.0.0.1", "017700000001", "0", "0x7f000001", "127.0.0.1.",
     "１２７.0.0.1", "１２７．０．０．１", "①②⑦.⓪.⓪.①", "127。0。0。1", "::1", "[::1]",
     "::ffff:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "169.254.169.254", "0xA9FEA9FE"],
)  # fmt: skip
async def test_every_spelling_of_an_inner_address_is_refused(host: str) -> None:
    guard = Guard(resolve=names())
    with pytest.raises(Refused):
        await guard.judged(host, 80)
    with pytest.raises(Refused):
        await guard.connect_tcp(host, 80)
    with pytest.raises(Refused):
        await open_guarded(host, 443, guard=guard)


@given(st.text())
def test_no_text_as_a_host_gives_anything_but_our_own_errors(host: str) -> None:
    with suppress(Refused, Unreachable):
        found = asyncio.run(Guard(resolve=names()).judged(host, 443))
        assert all(refuse(ip) is None for ip in found)


async def test_the_systems_resolver_is_judged_as_well() -> None:
    with pytest.raises(Refused, match="loopback"):
        await guard_of(Settings()).judged("localhost", 80)


async def test_a_name_with_one_bad_address_is_refused_whole() -> None:
    guard = Guard(resolve=names(a_example=f"{PUBLIC} 10.0.0.1", b_example="10.0.0.1 127.0.0.1"))
    with pytest.raises(Refused) as mixed:
        await guard.judged("a.example", 443)
    with pytest.raises(Refused) as private:
        await guard.judged("b.example", 443)
    assert (mixed.value.reason, private.value.reason) == ("mixed", "private")


async def test_other_ports_and_missing_names_are_no_way_out() -> None:
    guard = Guard(resolve=names(a_example=PUBLIC))
    for port in (22, 25, 8080, 0, 65535):
        with pytest.raises(Refused, match="port"):
            await guard.judged("a.example", port)
    with pytest.raises(Unreachable):
        await guard.judged("b.example", 80)
    with pytest.raises(Refused):
        await guard.connect_unix_socket("/run/docker.sock")
    assert await guard.judged("a.example", 80) == (PUBLIC,)


async def test_the_judged_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: the second look-up would say loopback, and there is no second look-up."""
    asked: list[str] = []
    reached: list[str] = []

    async def resolve(host: str) -> tuple[str, ...]:
        asked.append(host)
        return (PUBLIC,) if len(asked) == 1 else ("127.0.0.1",)

    async def connect(_: object, host: str, *__: object, **___: object) -> object:
        reached.append(host)
        return httpcore.AsyncMockStream([])

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    guard = Guard(resolve=resolve)
    await guard.connect_tcp("a.example", 80)
    with pytest.raises(Refused, match="loopback"):
        await guard.connect_tcp("a.example", 80)
    assert (reached, asked) == ([PUBLIC], ["a.example", "a.example"])


async def test_the_next_address_is_tried_when_one_is_dead() -> None:
    async with site({"/": page("here")}) as here:
        resolve = names(shop_example="127.0.0.2 127.0.0.1")
        guard = Guard(resolve=resolve, allow={("shop.example", here.port)})
        async with Client(guard) as client:
            found = await client.get(here.url(host="shop.example"))
        assert (found.outcome, found.body) == (Outcome.SEEN, b"here")
        reader, writer = await open_guarded("shop.example", here.port, guard=guard)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await reader.read()).endswith(b"here")
        writer.close()


async def test_nobody_there_is_said() -> None:
    guard = Guard(resolve=names(), allow={("127.0.0.1", 9)})
    with pytest.raises(Unreachable, match="no_answer"):
        await open_guarded("127.0.0.1", 9, guard=guard)
    with pytest.raises(httpcore.ConnectError):
        await guard.connect_tcp("127.0.0.1", 9, timeout=2.0)


async def test_a_pair_that_is_allowed_opens_nothing_else() -> None:
    async with site({"/": page("here")}) as here:
        guard = Guard(resolve=names(a_example="127.0.0.1"), allow=here.allow)
        assert await guard.judged("127.0.0.1", here.port) == ("127.0.0.1",)
        for host, port in (("127.0.0.1", 80), ("a.example", here.port), ("127.1", here.port)):
            with pytest.raises(Refused):
                await guard.judged(host, port)


def test_settings_cannot_open_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        assert "allow" not in name
    for key in ("ZVON_ALLOW", "ZVON_EGRESS_ALLOW", "ZVON_FETCH_ALLOW"):
        monkeypatch.setenv(key, '[["127.0.0.1", 80]]')
    assert guard_of(Settings()).allow == frozenset()


def test_no_code_of_the_product_opens_a_pair() -> None:
    """`allow=` is passed to a guard by tests only."""
    folder = Path(str(zvon.__file__)).parent
    found = []
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "Guard(" in text else ():
            if isinstance(node, ast.Call) and "Guard" in ast.unparse(node.func):
                found += [f"{path.relative_to(folder)}:{node.lineno}"
                          for word in node.keywords if word.arg in {"allow", None}]  # fmt: skip
    assert found == []


def test_the_operators_settings_reach_the_guard() -> None:
    guard = guard_of(Settings(egress_refuse="93.184.216.0/24, 2606:2800::/32", resolver="[::1]:53",
                              egress_proxy="socks5://10.0.0.9:1080", egress_source="192.0.2.1"))  # fmt: skip
    assert [str(each) for each in guard.own] == ["93.184.216.0/24", "2606:2800::/32"]
    assert guard.way_out is not None
    assert (guard.way_out.kind, guard.way_out.port, guard.source) == ("socks5", 1080, "192.0.2.1")
    for bad in ({"egress_refuse": "93.184.216.34/24"}, {"egress_proxy": "ftp://x:1"},
                {"egress_proxy": "http://user:word@x:1"}, {"egress_proxy": "http://x:99999"}):  # fmt: skip
        with pytest.raises(ValueError):
            guard_of(Settings(**bad))  # type: ignore[arg-type]


async def _http_proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    target = head.split(" ")[1]
    status = "200 OK" if target.startswith(PUBLIC) else "403 Forbidden"
    writer.write(f"HTTP/1.1 {status}\r\nVia: test\r\n\r\n".encode())
    return target


async def _socks_proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    assert await reader.readexactly(3) == b"\x05\x01\x00"
    writer.write(b"\x05\x00")
    head = await reader.readexactly(10)
    assert head[:4] == b"\x05\x01\x00\x01"
    writer.write(b"\x05\x00\x00\x01" + bytes(6))
    return f"{IPv4Address(head[4:8])}:{int.from_bytes(head[8:])}"


@pytest.mark.parametrize(("kind", "speak"), [("http", _http_proxy), ("socks5", _socks_proxy)])
async def test_the_proxy_is_told_the_address_that_was_judged(
    kind: str, speak: Callable[..., Awaitable[str]]
) -> None:
    targets: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        targets.append(await speak(reader, writer))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(page("through"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = Settings(egress_proxy=f"{kind}://127.0.0.1:{port}")
    guard = guard_of(settings)
    guard.resolve = names(a_example=PUBLIC, b_example="10.0.0.1")
    async with server, Client(guard) as client:
        found = await client.get("http://a.example/")
        refused = await client.get("http://b.example/")
        reader, writer = await open_guarded("a.example", 80, guard=guard)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await reader.read()).endswith(b"through")
        writer.close()
    assert (found.body, refused.outcome, refused.reason) == (b"through", Outcome.REFUSED, "private")
    assert targets == [f"{PUBLIC}:80"] * 2


async def test_a_proxy_that_does_not_open_is_no_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 Bad\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    guard = guard_of(
        Settings(egress_proxy=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    )
    guard.resolve = names(a_example=PUBLIC)
    async with server, Client(guard) as client:
        found = await client.get("http://a.example/")
    assert (found.outcome, found.reason) == (Outcome.UNREACHABLE, "proxy")


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """`HTTP_PROXY` and its like are not read: the way out is a setting."""
    for key in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(key, "http://127.0.0.1:1")
    assert guard_of(Settings()).way_out is None
    assert os.environ["HTTP_PROXY"]
