"""What every kit is made from: files, zones in the order of a resolver, and where we are."""

from msgspec import Struct

from zvon.config import host_port
from zvon.dns.registry import zones_of
from zvon.store.subscriber import Subscriber

PLACEHOLDER = "@SECRET@"


# Where servers of Debian's packages may write; a resolver of another system has its own place.
FOLDERS = {"unbound": "/var/lib/unbound", "nsd": "/var/lib/nsd", "pdns": "/var/lib/zvon"}
PDNS_CONF = "/etc/powerdns"


class KitFile(Struct, frozen=True):
    """One file: where it belongs, what stands in it, and what to do with it."""

    path: str
    text: str
    note: str


class Zone(Struct, frozen=True):
    """A policy zone: `kind` is allow, hot, cold or ip."""

    kind: str
    name: str


class Layout(Struct, frozen=True, kw_only=True):
    """One subscriber with all that its files say of us.

    `primaries` are (host, port) as the subscriber reaches them; `url` is the address of the node's
    API and pages; `secret` is the TSIG secret in base64, or the placeholder.
    """

    subscriber: Subscriber
    primaries: tuple[tuple[str, int], ...]
    secret: str
    url: str

    @property
    def logs_only(self) -> bool:
        """True while rules shall be logged and change no answer."""
        return self.subscriber.mode == "log-only"

    @property
    def zones(self) -> list[Zone]:
        """In the order in which a resolver has to look at them."""
        names = zones_of(self.subscriber.name, self.subscriber.feeds)
        return [Zone(name.partition(".")[0], name) for name in names]

    @property
    def feed_zones(self) -> list[Zone]:
        """The zones that others may have too."""
        return [zone for zone in self.zones if zone.kind != "allow"]


def primaries_of(text: str) -> tuple[tuple[str, int], ...]:
    """Split `192.0.2.1:5300, [2001:db8::1]:5300`. Raises `ValueError`."""
    return tuple(host_port(one.strip()) for one in text.split(","))


def shown(host: str, port: int) -> str:
    """`host:port`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
