"""Attack 7: two publications that differ by one report are compared.

The attacker knows all the other reports and what the counter would be with and without the last
one, and sees one noisy publication. Differential privacy bounds how often it is right (Wasserman
and Zhou, 2010): e^epsilon / (1 + e^epsilon).
"""

import math
from bisect import bisect_left
from collections.abc import Sequence

from zvon.privacy.attack.finding import Finding, judged


def differencing(with_one: Sequence[float], without: Sequence[float], epsilon: float) -> Finding:
    """How often the attacker tells whether the report was there.

    Both are repeated publications of one counter, in the order in which they were drawn. The cut
    is learned on the first half of them, and judged on the second.
    """
    half = min(len(with_one), len(without)) // 2
    cut, above = _cut(with_one[:half], without[:half])
    hits = sum(_says(value, cut, above) for value in with_one[half : 2 * half])
    hits += sum(not _says(value, cut, above) for value in without[half : 2 * half])
    limit = math.exp(epsilon) / (1 + math.exp(epsilon))
    return judged("differencing", hits, 2 * half, 0.5, limit=limit, epsilon=epsilon)


def _says(value: float, cut: float, above: bool) -> bool:
    return (value >= cut) == above


def _cut(with_one: Sequence[float], without: Sequence[float]) -> tuple[float, bool]:
    """The cut and its side that are right most often: a report makes a counter larger, mostly."""
    best, cut, side = -1, 0.0, True
    ordered = sorted({*with_one, *without})
    mine, others = sorted(with_one), sorted(without)
    for value in ordered:
        over = len(mine) - bisect_left(mine, value)
        under = bisect_left(others, value)
        for right, above in (
            (over + under, True),
            (len(mine) + len(others) - over - under, False),
        ):
            if right > best:
                best, cut, side = right, value, above
    return cut, side
