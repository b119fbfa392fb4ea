"""Telling subscribers that a zone changed (RFC 1996): at once, then no oftener than they can bear."""

import asyncio
import os
from collections.abc import Callable, Collection
from typing import Any

import structlog
from msgspec import Struct

from zvon.config import host_port
from zvon.dns import tsig, wire
from zvon.dns.ram import RamZone
from zvon.dns.registry import Endpoint, Registry
from zvon.dns.tsig import Key, Signer
from zvon.formats.rpz import soa_rdata
from zvon.model.zone import serial_newer

COALESCE_S = 0.05
RETRY_S = (1.0, 2.0, 4.0, 8.0)
# PowerDNS Recursor before 5.1 does not take NOTIFY for policy zones; it polls.
POLLS = frozenset({"pdns"})

log = structlog.get_logger("zvon.dns")


Event = Callable[[Endpoint, RamZone, str, int], None]
"""Called when a NOTIFY was `sent`, `refused` (with the response code), or had `no_effect` after the
last try."""


class _Waiting(Struct, frozen=True):
    """What an answer to a NOTIFY must fit."""

    ident: int
    serial: int
    key: Key | None
    mac: bytes


class _Telling:
    """One zone at one endpoint: what it shall know, and the packet that waits for its answer."""

    def __init__(self) -> None:
        self.serial = 0
        self.shown: int | None = None
        self.sent_at = float("-inf")
        self.tries = 0
        self.timer: asyncio.TimerHandle | None = None
        self.waiting: _Waiting | None = None

    def done(self) -> bool:
        return self.shown is not None and not serial_newer(self.serial, self.shown)


class Notifier:
    """Sends from the primary's own sockets, because subscribers take a NOTIFY from there only."""

    def __init__(
        self, registry: Registry, *, clock: Callable[[], float],
        answered: Callable[[Endpoint, RamZone, int], None], event: Event | None = None,
    ) -> None:  # fmt: skip
        self._registry = registry
        self._clock = clock
        self._answered = answered
        self._event: Event = event or (lambda *_: None)
        self._telling: dict[tuple[int, str], _Telling] = {}
        self._pending: dict[int, tuple[int, str]] = {}
        self._last_key: dict[int, str] = {}
        self.transports: list[asyncio.DatagramTransport] = []

    def changed(self, zone: RamZone, *, only: Collection[int] | None = None) -> None:
        """Tell everybody who may have `zone` of its new serial; with `only`, just those ids."""
        loop = asyncio.get_running_loop()
        for endpoint in self._registry.entitled(zone.name):
            if endpoint.brand in POLLS or (only is not None and endpoint.id not in only):
                continue
            one = self._telling.setdefault((endpoint.id, zone.name), _Telling())
            one.serial, one.tries = zone.serial, 0
            wait = one.sent_at + COALESCE_S - loop.time()
            if one.timer is not None:
                one.timer.cancel()
            if wait <= 0:
                self._send(endpoint.id, zone.name)
            else:
                one.timer = loop.call_later(wait, self._send, endpoint.id, zone.name)

    def shows(self, endpoint: Endpoint, zone: RamZone, serial: int) -> None:
        """An endpoint was seen to hold `serial`: no more retries up to it."""
        one = self._telling.setdefault((endpoint.id, zone.name), _Telling())
        if one.shown is None or serial_newer(serial, one.shown):
            one.shown = serial
        if one.done() and one.timer is not None:
            one.timer.cancel()
            one.timer = None

    def _send(self, endpoint_id: int, zone_name: str) -> None:
        endpoint = self._registry.endpoints.get(endpoint_id)
        zone = self._registry.zones.get(zone_name)
        one = self._telling[endpoint_id, zone_name]
        if endpoint is None or zone is None or one.done() or not self.transports:
            return
        loop = asyncio.get_running_loop()
        host, port = host_port(endpoint.notify_address)
        ident = int.from_bytes(os.urandom(2))
        message = wire.notify(ident, zone.wire, soa_rdata(zone.serial))
        key, mac = self._key(endpoint, one.tries), b""
        if key is not None:
            signer = Signer(key, b"")
            message = signer.sign(message, self._clock())
            mac = signer.mac
        if one.waiting is not None:
            self._pending.pop(one.waiting.ident, None)
        one.waiting, one.sent_at = _Waiting(ident, zone.serial, key, mac), loop.time()
        self._pending[ident] = (endpoint_id, zone_name)
        for transport in self.transports:
            if (":" in transport.get_extra_info("sockname")[0]) == (":" in host):
                transport.sendto(message, (host, port))
                break
        self._event(endpoint, zone, "sent", 0)
        if one.tries < len(RETRY_S):
            one.timer = loop.call_later(RETRY_S[one.tries], self._send, endpoint_id, zone_name)
            one.tries += 1
        else:
            one.timer = None
            self._event(endpoint, zone, "no_effect", 0)
            log.warning("notify.no_effect", subscriber=endpoint.name, zone=zone_name,
                        serial=zone.serial)  # fmt: skip

    def _key(self, endpoint: Endpoint, tries: int) -> Key | None:
        """The key to sign with: the one that the subscriber used last, then its others in turn."""
        last = self._last_key.get(endpoint.id)
        held = [key for key in self._registry.keys.values() if key.subscriber == endpoint.id]
        held.sort(key=lambda key: key.name != last)
        return held[tries % len(held)] if held else None

    def uses(self, endpoint: Endpoint, key: str) -> None:
        """An endpoint asked with `key`."""
        self._last_key[endpoint.id] = key

    def reply(self, raw: bytes, peer: tuple[Any, ...]) -> None:
        """Match an answer by id, source and key; anything else is dropped."""
        try:
            message = wire.parse(raw)
        except wire.WireError:
            return
        place = self._pending.get(message.id)
        if place is None or message.opcode != wire.OPCODE_NOTIFY or message.qname != place[1]:
            return
        endpoint, zone = self._registry.endpoints.get(place[0]), self._registry.zones.get(place[1])
        waiting = self._telling[place].waiting
        if endpoint is None or zone is None or waiting is None or waiting.ident != message.id:
            return
        if peer[:2] != host_port(endpoint.notify_address):
            return
        # An answer to a signed NOTIFY is signed (RFC 8945, 5.3), or it is forged.
        if waiting.key is not None and not (
            tsig.verify_reply(message, waiting.key, waiting.mac, self._clock())
            or _says_why_not(message, waiting.key)
        ):
            return
        del self._pending[message.id]
        if message.rcode == wire.Rcode.NOERROR:
            self._answered(endpoint, zone, waiting.serial)
        else:
            self._event(endpoint, zone, "refused", message.rcode)
            log.warning("notify.refused", subscriber=endpoint.name, zone=zone.name,
                        rcode=message.rcode)  # fmt: skip


def _says_why_not(message: wire.Message, key: Key) -> bool:
    """True for an error about our signature, which the peer cannot sign (RFC 8945, 5.2)."""
    return (
        message.rcode != wire.Rcode.NOERROR
        and message.tsig is not None
        and message.tsig.key == key.name
        and message.tsig.error in {wire.Rcode.BADKEY, wire.Rcode.BADSIG}
    )
