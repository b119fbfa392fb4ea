"""Which network an address is in: its AS, country and name, from ranges that the operator supplies.

The text form is one range a line, separated by tabs: first address, last address, AS number,
country (ISO 3166, or `None`), name of the AS; gzip or not. IPv6 ranges are kept to 64 bits.
"""

import heapq
from collections.abc import Iterable, Sequence
from ipaddress import IPv6Address, ip_address
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Table = NDArray[np.uint64]
"""Rows of (first, last, number of the network), sorted by first; IPv6: the upper 64 bits."""


class Network(Struct, frozen=True):
    """An autonomous system in a country; 0 and empty where nothing is known."""

    asn: int
    country: str
    name: str


class Networks(Struct, frozen=True, kw_only=True):
    """Compiled ranges."""

    v4: Table
    v6: Table
    networks: tuple[Network, ...]
    skipped: int = 0


class BadRange(ValueError):
    """A line that is no range."""


def compile_ranges(lines: Iterable[str]) -> Networks:
    """Read ranges; lines that are none are counted and left out, later ones win."""
    numbers: dict[Network, int] = {}
    rows: dict[int, list[tuple[int, int, int]]] = {4: [], 6: []}
    skipped = 0
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        try:
            version, first, last, network = _range(line)
        except ValueError:
            skipped += 1
            continue
        if network.asn or network.country:
            rows[version].append((first, last, numbers.setdefault(network, len(numbers))))
    return Networks(
        v4=_table(rows[4]), v6=_table(rows[6]), networks=tuple(numbers), skipped=skipped
    )


def _range(line: str) -> tuple[int, int, int, Network]:
    fields = line.rstrip("\r\n").split("\t")
    if len(fields) < 3:
        raise BadRange("expected first, last, AS number")
    first, last = ip_address(fields[0].strip()), ip_address(fields[1].strip())
    if first.version != last.version or int(first) > int(last):
        raise BadRange("the range ends before it begins")
    country = fields[3].strip().upper() if len(fields) > 3 else ""
    asn = int(fields[2].strip().upper().removeprefix("AS"))
    if not 0 <= asn < 1 << 32:
        raise BadRange("no AS number")
    name = fields[4].strip()[:120] if len(fields) > 4 else ""
    shift = 64 if isinstance(first, IPv6Address) else 0
    known = Network(asn, country if len(country) == 2 and country.isalpha() else "", name)
    return first.version, int(first) >> shift, int(last) >> shift, known


def _table(rows: Sequence[tuple[int, int, int]]) -> Table:
    """Ranges without overlap, sorted: where they overlap, the narrowest holds."""
    if not rows:
        return np.zeros((0, 3), dtype=np.uint64)
    starts = sorted(rows)
    edges = sorted({first for first, _, _ in rows} | {last + 1 for _, last, _ in rows})
    active: list[tuple[int, int, int]] = []  # (width, last, number): the narrowest on top
    made: list[tuple[int, int, int]] = []
    n = 0
    for at, following in pairwise(edges):
        while n < len(starts) and starts[n][0] <= at:
            first, last, number = starts[n]
            heapq.heappush(active, (last - first, last, number))
            n += 1
        while active and active[0][1] < at:
            heapq.heappop(active)
        if active:
            made.append((at, following - 1, active[0][2]))
    return np.asarray(made, dtype=np.uint64)


class NetworkTable:
    """Looks addresses up."""

    def __init__(self, networks: Networks) -> None:
        self._of = networks

    def of(self, address: str) -> Network | None:
        """The network of an address, `None` when it is in no range. Raises `ValueError`."""
        asked = ip_address(address)
        table, value = self._of.v4, int(asked)
        if isinstance(asked, IPv6Address):
            if asked.ipv4_mapped is not None:
                return self.of(str(asked.ipv4_mapped))
            table, value = self._of.v6, value >> 64
        at = int(np.searchsorted(table[:, 0], np.uint64(value), "right")) - 1
        if at < 0 or int(table[at, 1]) < value:
            return None
        return self._of.networks[int(table[at, 2])]
