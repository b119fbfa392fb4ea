"""A primary without a database: zones given as rules, subscribers as kits, changes at once."""

import base64
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from zvon.config import host_port
from zvon.dns.answering import Asked
from zvon.dns.kit import KitFile, kit
from zvon.dns.notify import Notifier
from zvon.dns.primary import Primary
from zvon.dns.ram import Op, RamZone
from zvon.dns.registry import Endpoint, Registry, zones_of
from zvon.dns.tsig import Key
from zvon.model.zone import marker_name, next_serial
from zvon.store.subscriber import Subscriber

SECRET = base64.b64encode(b"a secret that everybody can read").decode()
Rules = Mapping[str, Mapping[str, str]]


def subscriber(
    brand: str = "bind", *, name: str = "t2", mode: str = "enforce", relay: bool = False,
    feeds: tuple[str, ...] = ("si",), address: str = "127.0.0.1",
    notify: str = "127.0.0.1:5353", probe: str | None = "127.0.0.1:5354", number: int = 1,
) -> Subscriber:  # fmt: skip
    """A subscriber as the store would give it."""
    known = "tsig"
    if brand in {"kresd", "windows", "pfsense", "opnsense"}:
        known = "export"
    elif brand == "unbound" and not relay:
        known = "address"
    keyed = known == "tsig"
    return Subscriber(
        id=number, uuid=UUID(int=number), name=name, party="ISP", party_id=1, brand=brand,
        address=address, known_by=known, relay=relay, mode=mode, mandatory=True, canary=False,
        notify_address=notify, probe_address=probe, probe_via="udp", feed=feeds[0], feed_id=1,
        feeds=feeds, key_name=f"{name}-00000001.zvon" if keyed else None,
        algorithm="hmac-sha256" if keyed else None,
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )  # fmt: skip


class Publisher:
    """Zones by name, served on one loopback port."""

    def __init__(self, zones: Rules) -> None:
        self.registry = Registry()
        for number, (name, rules) in enumerate(zones.items(), start=1):
            kind, of = name.split(".")[:2]
            self.registry.zones[name] = RamZone(name, zone_id=number, ttl=60, serial=1,
                                                marker=marker_name(kind, of), rules=list(rules.items()))  # fmt: skip
        self.notifier = Notifier(self.registry, clock=time.time, answered=self._answered)
        self.primary = Primary(self.registry, clock=time.time, told=self._told,
                               reply=self.notifier.reply)  # fmt: skip
        self.asked: list[Asked] = []
        self.notified: list[tuple[str, str, int]] = []
        self.address = ""

    def _answered(self, endpoint: Endpoint, zone: RamZone, serial: int) -> None:
        self.notified.append((endpoint.name, zone.name, serial))

    def _told(self, asked: Asked, done: bool) -> None:
        self.asked.append(asked)
        if done and asked.transfer:
            self.notifier.shows(asked.endpoint, asked.zone, asked.sending)

    def subscribe(self, *those: Subscriber) -> None:
        """Let exactly `those` have their zones."""
        endpoints = [
            Endpoint(
                id=one.id, name=one.name, brand=one.brand, feeds=one.feeds, mode=one.mode,
                mandatory=True, known_by=one.known_by, addresses=frozenset({one.address}),
                notify_address=one.notify_address, probe_address=one.probe_address,
                zones=zones_of(one.name, one.feeds),
            )
            for one in those
        ]  # fmt: skip
        keys = [
            Key(one.key_name, one.algorithm or "", base64.b64decode(SECRET), one.id)
            for one in those if one.key_name
        ]  # fmt: skip
        self.registry.subscribe(endpoints, keys)

    def kit(self, one: Subscriber) -> list[KitFile]:
        """The files of `one`."""
        return kit(one, self.address, SECRET)

    def change(self, zone: str, *ops: Op) -> int:
        """Apply `ops` to a zone under its next serial and tell everybody."""
        made = self.registry.zones[zone]
        made.apply(next_serial(made.serial), ops)
        self.notifier.changed(made)
        return made.serial


@asynccontextmanager
async def publisher(zones: Rules, host: str = "127.0.0.1") -> AsyncIterator[Publisher]:
    """Serve `zones` (name, rules by owner) until the block is left."""
    made = Publisher(zones)
    (bound,) = await made.primary.listen([(host, 0)])
    made.notifier.transports = made.primary.transports
    made.address = f"[{bound[0]}]:{bound[1]}" if ":" in host else f"{bound[0]}:{bound[1]}"
    host_port(made.address)
    try:
        yield made
    finally:
        await made.primary.close()


def texts(files: list[KitFile]) -> list[dict[str, Any]]:
    """As `start_resolver` takes them."""
    return [{"path": file.path, "text": file.text} for file in files]
