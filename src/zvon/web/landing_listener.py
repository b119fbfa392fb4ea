"""The sockets of the landing page: open to everybody, so every request is bounded before it is read.

One request for each connection: whatever a client hides behind the first one (request smuggling)
is never looked at. Headers must arrive within seconds and fit into two pages.
"""

from collections.abc import Iterator
from typing import Any

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server

from zvon.config import Settings, host_port

HEADER_MS = 5_000
MAX_HEADERS = 8_192
BACKLOG = 1_024
AT_ONCE = 512


class NoLanding(ValueError):
    """The role was started without an address, or with half a certificate."""


def listeners(app: Any, settings: Settings) -> Iterator[tuple[str, Server]]:
    """A server for each address, HTTP first; HTTPS when a certificate and its key are given.

    Raises `NoLanding`.
    """
    cert, key = settings.landing_tls_cert, settings.landing_tls_key
    if settings.landing is None:
        raise NoLanding("ZVON_LANDING says where the landing page listens: host:port[,host:port…]")
    if (cert is None) is not (key is None):
        raise NoLanding("ZVON_LANDING_TLS_CERT and ZVON_LANDING_TLS_KEY belong together")
    for address in _split(settings.landing):
        yield address, _server(app, address)
    if cert is not None and key is not None:
        for address in _split(settings.landing_https):
            yield (
                address,
                _server(
                    app, address, ssl_cert=cert, ssl_key=key, ssl_protocol_min=SSLProtocols.tls12
                ),
            )


def _split(addresses: str) -> list[str]:
    return [address.strip() for address in addresses.split(",")]


def _server(app: Any, address: str, **tls: Any) -> Server:
    host, port = host_port(address)
    limits = HTTP1Settings(
        header_read_timeout=HEADER_MS, keep_alive=False, max_buffer_size=MAX_HEADERS
    )
    return Server(
        app, host, port, interface=Interfaces.ASGI, http=HTTPModes.http1, http1_settings=limits,
        backlog=BACKLOG, backpressure=AT_ONCE, websockets=False, log_enabled=False, **tls,
    )  # fmt: skip
