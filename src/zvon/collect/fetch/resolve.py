"""Addresses of a name, as text, from the operator's resolver or from the system's."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from zvon.collect import dns

Resolve = Callable[[str], Awaitable[tuple[str, ...]]]
"""All addresses of a canonical name; empty when it has none or nobody answers."""

RESOLVE_S = 4.0


def resolving(resolver: str | None) -> Resolve:
    """Ask `resolver` (`host:port`), or with `None` the system. Raises `ValueError`."""
    if resolver is None:
        return _system
    asking = dns.resolver(resolver, RESOLVE_S)

    async def ask(host: str) -> tuple[str, ...]:
        return await dns.addresses(asking, host)

    return ask


async def _system(host: str) -> tuple[str, ...]:
    looking = asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    try:
        infos = await asyncio.wait_for(looking, RESOLVE_S)
    except (OSError, TimeoutError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(info[4][0]) for info in infos))
