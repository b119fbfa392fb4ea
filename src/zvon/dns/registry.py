"""What the primary serves, and to whom: zones in memory, subscribers, keys."""

from collections.abc import Iterable

from msgspec import Struct

from zvon.dns.ram import RamZone
from zvon.dns.tsig import Key
from zvon.model.zone import zone_name


class Endpoint(Struct, frozen=True, kw_only=True):
    """A subscriber as the primary sees it."""

    id: int
    name: str
    brand: str
    feed: str
    mode: str
    mandatory: bool
    known_by: str
    addresses: frozenset[str]
    notify_address: str
    probe_address: str | None

    @property
    def zones(self) -> tuple[str, str, str]:
        """The zones it may have, in the order in which its resolver looks at them."""
        return (zone_name("allow", self.name), zone_name("hot", self.feed),
                zone_name("cold", self.feed))  # fmt: skip


class Registry:
    """Everything the primary answers from; changed by the loader only."""

    def __init__(self) -> None:
        self.zones: dict[str, RamZone] = {}
        self.endpoints: dict[int, Endpoint] = {}
        self.keys: dict[str, Key] = {}
        self._by_address: dict[tuple[str, str], Endpoint] = {}

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

    def by_address(self, address: str, zone: str) -> Endpoint | None:
        """The subscriber that is known by this address and may have this zone."""
        return self._by_address.get((address, zone))

    def entitled(self, zone: str) -> list[Endpoint]:
        """Who may have the zone."""
        return [one for one in self.endpoints.values() if zone in one.zones]
