"""Shares with their intervals, and how well two people agree."""

import math
from collections.abc import Sequence

from msgspec import Struct

Z95 = 1.959963984540054


class Rate(Struct, frozen=True):
    """A share of `of`, with its 95 % interval by Wilson (1927)."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share; 0 of nothing is 0."""
        return self.hits / self.of if self.of else 0.0


def rate(hits: int, of: int, z: float = Z95) -> Rate:
    """A share with its interval, of another confidence with another `z`; of nothing the interval is
    everything.
    """
    if of == 0:
        return Rate(0, 0, 0.0, 1.0)
    p, z2 = hits / of, z * z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = z * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Rate(hits, of, max(0.0, middle - half) if hits else 0.0, min(1.0, middle + half))


class Kappa(Struct, frozen=True):
    """How well two people agree over `pairs` items.

    `value` is agreement beyond chance (Cohen 1960), between `low` and `high` with 95 %
    confidence; `None` where it has no meaning: nothing was judged twice, or all was called the
    same.
    """

    pairs: int
    agreed: int
    value: float | None
    low: float | None
    high: float | None


def kappa(pairs: Sequence[tuple[str, str]]) -> Kappa:
    """Cohen's kappa of (first, second) judgements, with its large-sample interval.

    The standard error is sqrt(p (1 - p) / n) / (1 - c), with p agreement seen and c by chance
    (Cohen 1960, equation 7).
    """
    n = len(pairs)
    agreed = sum(a == b for a, b in pairs)
    if not n:
        return Kappa(0, 0, None, None, None)
    words = {word for pair in pairs for word in pair}
    chance = math.fsum(
        sum(a == word for a, _ in pairs) * sum(b == word for _, b in pairs) / n**2
        for word in sorted(words)
    )
    if chance == 1:
        return Kappa(n, agreed, None, None, None)
    share = agreed / n
    value = (share - chance) / (1 - chance)
    half = Z95 * math.sqrt(share * (1 - share) / n) / (1 - chance)
    return Kappa(n, agreed, value, max(-1.0, value - half), min(1.0, value + half))
