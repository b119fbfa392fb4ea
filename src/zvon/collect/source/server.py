"""Asking servers of sources: who we say that we are, and which servers may lie inside."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from zvon.collect.ask import Asker, Busy, places
from zvon.collect.ask import Failed as NotAnswered
from zvon.collect.fetch.guard import Refused, Unreachable, guard_of
from zvon.collect.source.kind import Failed, Reading
from zvon.config import Settings

Address = Annotated[str, Meta(min_length=8, max_length=2000)]
HeaderName = Annotated[str, Meta(max_length=100, pattern=r"^[A-Za-z0-9-]*$")]
MOST_MB = 2048


class Web(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server that is asked over HTTP, and how the source's secret is shown to it.

    With `user` it is the password (Basic); with `header` that header's value; else a bearer token.
    """

    url: Address
    user: Annotated[str, Meta(max_length=200)] = ""
    header: HeaderName = ""

    def __post_init__(self) -> None:
        web_address(self.url)


def web_address(url: str) -> tuple[str, int]:
    """Host and port of an http or https address. Raises `ValueError`."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise ValueError(f"url: {url[:100]!r} is no http or https address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isascii():
        raise ValueError(f"url: {url[:100]!r} is no http or https address")
    if parts.username or parts.password:
        raise ValueError("url: name and password have settings of their own")
    return parts.hostname, port


def identity(web: Web, secret: str) -> dict[str, str]:
    """The header that shows the secret, if there is one."""
    if not secret:
        return {}
    if web.user:
        pair = base64.b64encode(f"{web.user}:{secret}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {web.header: secret} if web.header else {"Authorization": f"Bearer {secret}"}


@asynccontextmanager
async def asking(reading: Reading) -> AsyncIterator[Asker]:
    """Connections for one reading. What the server does wrong becomes `Failed`."""
    settings = reading.context.settings
    asker = Asker(guard_of(settings), places(settings.source_hosts), settings.source_ca)
    try:
        yield asker
    except Busy as problem:
        raise Failed(str(problem), problem.rest) from None
    except NotAnswered as problem:
        raise Failed(str(problem)) from None
    finally:
        await asker.close()


async def allowed(settings: Settings, host: str, port: int) -> None:
    """Raise `Failed` unless a server is public, or one of our own that the settings name.

    For protocols whose library connects by itself; what is asked over HTTP has a stricter guard.
    """
    if (host, port) in places(settings.source_hosts):
        return
    try:
        await guard_of(settings).judged(host, 443)  # of the guard's two ports; the address counts
    except Unreachable:
        raise Failed(f"{host}: there is no such server") from None
    except Refused as problem:
        raise Failed(f"{problem}; name it in ZVON_SOURCE_HOSTS if it is your own") from None
