"""How much anybody may ask of the primary, so that one asker never harms another."""

from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address

from msgspec import Struct

V6_PREFIX = 56
_TABLE = 4096


class Limits(Struct, frozen=True, kw_only=True):
    """Times in seconds; rates for each second and source prefix (IPv4 /24, IPv6 /56)."""

    read_s: float = 10.0
    """For a request to arrive, and for the first one to begin."""
    idle_s: float = 30.0
    """Between requests of somebody who may ask."""
    write_s: float = 30.0
    """For a reader to take what fills our buffer; slower ones are dropped."""
    transfer_s: float = 1800.0
    """For one transfer, all in all."""
    connections: int = 512
    per_address: int = 64
    transfers: int = 2
    """At a time, for one subscriber; more of them wait."""
    refusals: int = 20
    """On one connection, until it is closed."""
    packets: int = 2000
    """Datagrams that are looked at."""
    unproven: int = 50
    """Datagrams that are answered without a valid signature: their source may be forged."""
    proven: int = 500
    """Datagrams that are answered with one: they can be replayed at others."""


def prefix_of(address: str) -> str:
    """The network that counts as one source."""
    if ":" not in address:
        return address.rpartition(".")[0]
    bits = int(IPv6Address(address.partition("%")[0])) >> (128 - V6_PREFIX)
    return f"{bits:x}"


class Rate:
    """Tokens for each source; twice as many as in one second can be saved up."""

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._left: dict[str, tuple[float, float]] = {}

    def allow(self, source: str, now: float) -> bool:
        """Take a token; false when there is none. `now` in seconds of any clock that only grows."""
        most = 2.0 * self._per_s
        left, at = self._left.get(source, (most, now))
        left = min(most, left + max(0.0, now - at) * self._per_s)
        if source not in self._left and len(self._left) >= _TABLE:
            # Whoever fills the table with forged sources gets all of them forgotten, not kept.
            self._left.clear()
        self._left[source] = (left - 1.0 if left >= 1.0 else left, now)
        return left >= 1.0


class Visit:
    """One open connection; `proven` once it showed that it may ask."""

    __slots__ = ("address", "close", "proven")

    def __init__(self, address: str, close: Callable[[], None]) -> None:
        self.address = address
        self.close = close
        self.proven = False


class Door:
    """Counts connections. When there are too many, those that prove nothing make room."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[Visit, None] = {}
        self._count: Counter[str] = Counter()

    def enter(self, visit: Visit) -> bool:
        """Let a connection in; false when there is no room for it."""
        crowded = self._count[visit.address] >= self._limits.per_address
        if crowded or len(self._open) >= self._limits.connections:
            oldest = next(
                (each for each in self._open
                 if not each.proven and (not crowded or each.address == visit.address)), None,
            )  # fmt: skip
            if oldest is None:
                return False
            self.leave(oldest)
            oldest.close()
        self._open[visit] = None
        self._count[visit.address] += 1
        return True

    def leave(self, visit: Visit) -> None:
        """A connection has ended."""
        if visit in self._open:
            del self._open[visit]
            self._count[visit.address] -= 1
            if not self._count[visit.address]:
                del self._count[visit.address]

    def clear(self) -> None:
        """Close everything."""
        for visit in list(self._open):
            visit.close()

    def __len__(self) -> int:
        return len(self._open)
