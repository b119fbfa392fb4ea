"""Counting hits where they happen: rule and minute stay, the client's address goes.

The number of different clients is told by a keyed hash that lives for one day and one process,
and only when it is five or more.
"""

import hashlib
import ipaddress
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from zvon.formats.resolver_log import Hit
from zvon.model.hit import FEWEST_CLIENTS, MAX_ROWS, HitCount

MAX_CLIENTS = 10_000
"""Different clients told apart for one rule in one minute; more are as many."""
LOOPBACK = ("127.0.0.0/8", "::1/128")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Rule = tuple[str, str, str, datetime]


class Counter:
    """Hits of the minutes since the last `drain`."""

    def __init__(self, random: Callable[[int], bytes], ignore: Iterable[str] = LOOPBACK) -> None:
        """`ignore` are networks whose questions are no sighting: our probes, known scanners."""
        self._random = random
        self._ignore: Sequence[Network] = [ipaddress.ip_network(n, strict=False) for n in ignore]
        self._day: Any = None
        self._key = b""
        self._hits: dict[_Rule, int] = {}
        self._clients: dict[_Rule, set[bytes]] = {}

    def __len__(self) -> int:
        return len(self._hits)

    @property
    def full(self) -> bool:
        """True when the counts have to be drained before more are taken."""
        return len(self._hits) >= MAX_ROWS // 2

    def add(self, hit: Hit, now: datetime) -> bool:
        """Count `hit`, at its own time or at `now`; false for a client that is ignored."""
        address = _address(hit.client)
        if address is not None and any(address in network for network in self._ignore):
            return False
        at = hit.at or now
        rule = (hit.zone, hit.owner, hit.action, at.replace(second=0, microsecond=0))
        self._hits[rule] = self._hits.get(rule, 0) + 1
        if hit.client:
            clients = self._clients.setdefault(rule, set())
            if len(clients) < MAX_CLIENTS:
                clients.add(self._hashed(hit.client, now))
        return True

    def drain(self) -> list[HitCount]:
        """What was counted; nothing of it stays."""
        hits, clients = self._hits, self._clients
        self._hits, self._clients = {}, {}
        return [
            HitCount(zone=zone, owner=owner, action=action, minute=minute, hits=count,
                     clients=_estimate(clients.get((zone, owner, action, minute), ())))
            for (zone, owner, action, minute), count in sorted(hits.items())
        ]  # fmt: skip

    def _hashed(self, client: str, now: datetime) -> bytes:
        if self._day != now.date():
            self._day, self._key = now.date(), self._random(32)
        return hashlib.blake2b(client.encode(), key=self._key, digest_size=8).digest()


def _estimate(clients: Iterable[bytes]) -> int | None:
    count = len(set(clients))
    return count if count >= FEWEST_CLIENTS else None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
