"""How often somebody without an account may ask: counted in memory, under a key that is thrown away.

An address is never kept: only a keyed hash of it, with a key that lives as long as the process. A
caller behind the operator's own proxy is told apart by the last address of `X-Forwarded-For`,
which that proxy wrote.
"""

import hashlib
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Any

from litestar.connection import ASGIConnection
from msgspec import Struct

from zvon.jobs import Context

MOST_CALLERS = 20_000
KEY_BYTES = 16


class TooOften(Exception):
    """More requests than a person makes; asks to wait."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many requests; wait {max(1, round(wait_s))} seconds")


class Allowance(Struct, frozen=True):
    """`burst` at once, then `rate` a second: for one caller, and for all callers together."""

    name: str
    burst: float
    rate: float
    all_burst: float
    all_rate: float


CHECKS = Allowance("check", burst=30, rate=0.5, all_burst=500, all_rate=100)
SIGN_INS = Allowance("sign_in", burst=30, rate=0.2, all_burst=500, all_rate=50)
APPEALS = Allowance("appeal", burst=5, rate=5 / 3600, all_burst=100, all_rate=100 / 3600)


class Turns:
    """Token buckets of one application."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._left: OrderedDict[tuple[str, bytes], tuple[float, float]] = OrderedDict()

    def take(self, what: Allowance, caller: str | None, now: float) -> None:
        """Use one turn of `caller` (`None`: not told apart) and one of all. Raises `TooOften`."""
        if caller is not None:
            digest = hashlib.blake2b(caller.encode(), key=self._key, digest_size=12).digest()
            self._take((what.name, digest), what.burst, what.rate, now)
        self._take((what.name, b""), what.all_burst, what.all_rate, now)

    def _take(self, bucket: tuple[str, bytes], burst: float, rate: float, now: float) -> None:
        left, at = self._left.get(bucket, (burst, now))
        left = min(burst, left + max(0.0, now - at) * rate)
        if left < 1:
            raise TooOften((1 - left) / rate)
        self._left[bucket] = (left - 1, now)
        self._left.move_to_end(bucket)
        while len(self._left) > MOST_CALLERS:
            self._left.popitem(last=False)


def turn(request: ASGIConnection[Any, Any, Any, Any], what: Allowance, context: Context) -> None:
    """Use one turn of whoever sends `request`. Raises `TooOften`."""
    turns = getattr(request.app.state, "turns", None)
    if turns is None:
        turns = request.app.state.turns = Turns(context.random(KEY_BYTES))
    forwarded = request.headers.get("x-forwarded-for", "")
    client = request.client.host if request.client is not None else ""
    turns.take(what, caller(client, forwarded), context.clock().timestamp())


def shown_address(client: str, forwarded: str) -> str:
    """The address that a request came from, behind the operator's own proxy too; empty: not known."""
    try:
        peer = ip_address(client)
        if peer.is_loopback and forwarded:
            peer = ip_address(forwarded.rpartition(",")[2].strip())
    except ValueError:
        return ""
    return peer.compressed[:64]


def caller(client: str, forwarded: str) -> str | None:
    """Whom a turn belongs to: an IPv4 address, an IPv6 /64, or `None` when nobody knows."""
    try:
        peer = ip_address(client)
        if peer.is_loopback:
            peer = ip_address(forwarded.rpartition(",")[2].strip())
    except ValueError:
        return None
    if isinstance(peer, IPv6Address):
        return peer.ipv4_mapped.compressed if peer.ipv4_mapped else str(int(peer) >> 64)
    return peer.compressed
