"""Prefixes as sorted ranges: one bisection finds the narrowest that holds an address."""

from bisect import bisect_right
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Generic, TypeVar

import numpy as np

Hit = TypeVar("Hit")
"""What is known of a prefix."""


class Ranges(Generic[Hit]):
    """Sorted, disjoint ranges; inside nested prefixes the narrowest speaks."""

    __slots__ = ("_ends", "_hits", "_starts")

    def __init__(self, prefixes: Mapping[str, Hit], version: int) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._hits: list[Hit] = []
        nets = [(ip_network(text), hit) for text, hit in prefixes.items()]
        rows = sorted(
            ((int(net.network_address), -int(net.broadcast_address), hit)
             for net, hit in nets if net.version == version),
            key=lambda row: row[:2],
        )  # fmt: skip
        around: list[tuple[int, Hit]] = []  # the prefixes that are open, the narrowest last
        at = 0
        for start, negative, hit in rows:
            at = self._close(around, at, start)
            if around and at < start:
                self._append(at, start - 1, around[-1][1])
            at = start
            around.append((-negative, hit))
        self._close(around, at, 1 << 129)

    def _close(self, around: list[tuple[int, Hit]], at: int, before: int) -> int:
        """End the open prefixes that end before an address; where the next range begins."""
        while around and around[-1][0] < before:
            end, hit = around.pop()
            if at <= end:
                self._append(at, end, hit)
                at = end + 1
        return at

    def _append(self, start: int, end: int, hit: Hit) -> None:
        if self._ends and self._ends[-1] + 1 == start and self._hits[-1] == hit:
            self._ends[-1] = end
            return
        self._starts.append(start)
        self._ends.append(end)
        self._hits.append(hit)

    def hit(self, start: int, end: int) -> Hit | None:
        """What is known of an address range: of the narrowest prefix that holds all of it."""
        at = bisect_right(self._starts, start) - 1
        return self._hits[at] if at >= 0 and end <= self._ends[at] else None

    def within(self, addresses: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """For an array of addresses: true where a prefix holds one."""
        if not self._starts:
            return np.zeros(addresses.shape, bool)
        starts = np.asarray(self._starts, np.uint64)
        ends = np.asarray(self._ends, np.uint64)
        wide = addresses.astype(np.uint64)
        at = np.searchsorted(starts, wide, "right").astype(np.int64) - 1
        return (at >= 0) & (wide <= ends[np.maximum(at, 0)])
