"""What the primary serves, and to whom: zones in memory, subscribers, keys."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from zvon.dns.ram import RamZone
from zvon.dns.tsig import Key
from zvon.model.zone import zone_name


class Endpoint(Struct, frozen=True, kw_only=True):
    """A subscriber as the primary sees it."""

    id: int
    name: str
    brand: str
    feeds: tuple[str, ...]
    mode: str
    mandatory: bool
    known_by: str
    addresses: frozenset[str]
    notify_address: str
    probe_address: str | None
    probe_via: str = "udp"
    canary: bool = False
    zones: tuple[str, ...] = ()
    """What it may have, in the order in which its resolver looks at it: `zones_of`."""

    @property
    def feed(self) -> str:
        """Its first feed."""
        return self.feeds[0]


def zones_of(subscriber: str, feeds: Sequence[str]) -> tuple[str, ...]:
    """The zones of a subscriber in the order in which its resolver has to look at them.

    Its own exceptions come first. Rules on addresses and name servers come last: a resolver that
    meets one has to resolve the name before it looks any further.
    """
    names = [zone_name(kind, feed) for feed in feeds for kind in ("hot", "cold")]
    return (zone_name("allow", subscriber), *names, *(zone_name("ip", feed) for feed in feeds))


class Registry:
    """Everything the primary answers from; changed by the loader only."""

    def __init__(self) -> None:
        self.zones: dict[str, RamZone] = {}
        self.endpoints: dict[int, Endpoint] = {}
        self.keys: dict[str, Key] = {}
        self._by_address: dict[tuple[str, str], Endpoint] = {}
        self._entitled: dict[str, list[Endpoint]] = {}

    def subscribe(self, endpoints: Iterable[Endpoint], keys: Iterable[Key]) -> None:
        """Replace all subscribers and keys."""
        self.endpoints = {one.id: one for one in endpoints}
        self.keys = {key.name: key for key in keys if key.subscriber in self.endpoints}
        self._by_address = {
            (address, zone): one
            for one in self.endpoints.values()
            if one.known_by == "address"
            for address in one.addresses
            for zone in one.zones
        }

        self._entitled = {}
        for one in self.endpoints.values():
            for zone in one.zones:
                self._entitled.setdefault(zone, []).append(one)

    def by_address(self, address: str, zone: str) -> Endpoint | None:
        """The subscriber that is known by this address and may have this zone."""
        return self._by_address.get((address, zone))

    def entitled(self, zone: str) -> list[Endpoint]:
        """Who may have the zone."""
        return self._entitled.get(zone, [])
