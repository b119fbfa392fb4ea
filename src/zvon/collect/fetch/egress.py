"""The operator's way out: an HTTP CONNECT or SOCKS5 proxy, asked for addresses and never for names.

Kits block the ranges of response teams, so requests may leave elsewhere. The name is resolved and
judged here; the proxy is told the very address that was judged (RFC 9110, 9.3.6; RFC 1928).
"""

from ipaddress import ip_address
from typing import Literal, Protocol
from urllib.parse import urlsplit

from msgspec import Struct

MAX_ANSWER = 8192
_PORTS = {"http": 3128, "socks5": 1080}


class Pipe(Protocol):
    """A connection to the proxy."""

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""

    async def read(self, most: int) -> bytes:
        """The next bytes, at most `most`; empty at the end."""


class BadProxy(ValueError):
    """The setting is no address of a proxy that we can use."""


class ProxyRefused(OSError):
    """The proxy did not open the connection."""


class Proxy(Struct, frozen=True):
    """Where the proxy listens and what it speaks."""

    kind: Literal["http", "socks5"]
    host: str
    port: int


def proxy(text: str) -> Proxy:
    """Read `http://host:port` or `socks5://host:port`. Raises `BadProxy`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as problem:
        raise BadProxy(f"expected http://host:port or socks5://host:port: {problem}") from None
    if not parts.hostname or parts.username or parts.path not in {"", "/"}:
        raise BadProxy(f"expected http://host:port or socks5://host:port, got {text!r}")
    match parts.scheme:
        case "http" | "socks5" as kind:
            return Proxy(kind, parts.hostname, port or _PORTS[kind])
        case _:
            raise BadProxy(f"expected http://host:port or socks5://host:port, got {text!r}")


async def through(pipe: Pipe, kind: Literal["http", "socks5"], ip: str, port: int) -> None:
    """Have the proxy connect `pipe` to `ip` and `port`. Raises `ProxyRefused`."""
    if kind == "http":
        await _connect(pipe, f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}")
    else:
        await _socks(pipe, ip, port)


async def _connect(pipe: Pipe, target: str) -> None:
    await pipe.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    answer = b""
    # Byte by byte: what follows the blank line belongs to the server behind the proxy.
    while not answer.endswith(b"\r\n\r\n"):
        more = await pipe.read(1)
        if not more or len(answer) >= MAX_ANSWER:
            raise ProxyRefused("the proxy gave no answer")
        answer += more
    status = answer.split(b" ", 2)[1:2]
    if status != [b"200"]:
        raise ProxyRefused(f"the proxy answered {status[0][:3].decode(errors='replace')}"
                           if status else "the proxy gave no answer")  # fmt: skip


async def _socks(pipe: Pipe, ip: str, port: int) -> None:
    await pipe.write(b"\x05\x01\x00")
    if await _exactly(pipe, 2) != b"\x05\x00":
        raise ProxyRefused("the proxy wants a password")
    address = ip_address(ip)
    kind = b"\x01" if address.version == 4 else b"\x04"
    await pipe.write(b"\x05\x01\x00" + kind + address.packed + port.to_bytes(2, "big"))
    head = await _exactly(pipe, 4)
    if head[1]:
        raise ProxyRefused(f"the proxy answered {head[1]}")
    match head[3]:
        case 1:
            rest = 4
        case 4:
            rest = 16
        case _:
            rest = (await _exactly(pipe, 1))[0]
    await _exactly(pipe, rest + 2)


async def _exactly(pipe: Pipe, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = await pipe.read(count - len(found))
        if not more:
            raise ProxyRefused("the proxy gave no answer")
        found += more
    return found
