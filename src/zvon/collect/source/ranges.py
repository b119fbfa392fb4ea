"""Numbers of messages as ranges: which of a stream are taken, in a few bytes."""

from collections.abc import Iterable

Ranges = list[list[int]]
"""Sorted, without overlap, each `[first, last]` inclusive; plain lists, as a cursor keeps them."""


def holds(ranges: Ranges, number: int) -> bool:
    """True when the number is in one of them."""
    return any(first <= number <= last for first, last in ranges)


def added(ranges: Ranges, numbers: Iterable[int], floor: int = 0) -> Ranges:
    """With these numbers, and without what is at or below `floor`."""
    pairs = sorted([*ranges, *([n, n] for n in numbers)])
    found: Ranges = []
    for first, last in pairs:
        if last <= floor:
            continue
        first = max(first, floor + 1)
        if found and first <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    return found
