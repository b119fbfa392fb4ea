"""Has what comes in changed? The population stability index of scores, and rates with intervals."""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

BINS = 20
WARN, ALARM = 0.1, 0.25  # customary limits of the index (Siddiqi 2006, credit scoring)
LEAST = 200  # scores of a side below which nothing is said
Z95 = 1.959963984540054


class Word(StrEnum):
    """What the monitor says of a stratum."""

    STABLE = "stable"
    WARN = "warn"
    ALARM = "alarm"
    FEW = "few"


class Drift(Struct, frozen=True, kw_only=True):
    """One stratum: the index of its scores now against the reference, and what follows.

    `grey` is the share of scores between a fifth and four fifths now.
    """

    stratum: str
    index: float | None
    word: Word
    reference: int
    now: int
    grey: float | None


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


def bin_of(probability: float) -> int:
    """The bin of a probability, 0 to `BINS` - 1."""
    return min(max(int(probability * BINS), 0), BINS - 1)


def index(reference: Sequence[int], now: Sequence[int]) -> float:
    """The population stability index of two histograms of `BINS` counts; 0 for equal shapes.

    Half a count is added to each bin, so that an empty bin is a surprise and not infinity.
    """
    if len(reference) != len(now):
        raise ValueError(f"histograms of {len(reference)} and {len(now)} bins")
    a = [(count + 0.5) / (sum(reference) + 0.5 * len(reference)) for count in reference]
    b = [(count + 0.5) / (sum(now) + 0.5 * len(now)) for count in now]
    return math.fsum((q - p) * math.log(q / p) for p, q in zip(a, b, strict=True))


def expected(reference: int, now: int, bins: int = BINS) -> float:
    """What chance alone makes of the index for samples of these sizes: (bins - 1)(1/n + 1/m)."""
    return (bins - 1) * (1 / reference + 1 / now)


def judge(
    reference: Mapping[str, Sequence[int]], now: Mapping[str, Sequence[int]]
) -> tuple[Drift, ...]:
    """Every stratum of either side, in their order; chance is taken off the index first."""
    found = []
    for stratum in sorted(reference.keys() | now.keys()):
        before, after = reference.get(stratum, [0] * BINS), now.get(stratum, [0] * BINS)
        n, m = sum(before), sum(after)
        grey = sum(after[BINS // 5 : BINS - BINS // 5]) / m if m else None
        if min(n, m) < LEAST:
            found.append(Drift(stratum=stratum, index=None, word=Word.FEW, reference=n, now=m,
                               grey=grey))  # fmt: skip
            continue
        value = max(0.0, index(before, after) - expected(n, m))
        word = Word.ALARM if value >= ALARM else Word.WARN if value >= WARN else Word.STABLE
        found.append(Drift(stratum=stratum, index=value, word=word, reference=n, now=m, grey=grey))
    return tuple(found)


def rate(hits: int, of: int) -> Rate:
    """A share with its interval; of nothing the interval is everything."""
    if of == 0:
        return Rate(0, 0, 0.0, 1.0)
    p, z2 = hits / of, Z95 * Z95
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Rate(hits, of, max(0.0, middle - half), min(1.0, middle + half))


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Agreement of two people beyond chance (Cohen 1960); `None` where it has no meaning."""
    if not pairs:
        return None
    words = {word for pair in pairs for word in pair}
    agreed = sum(a == b for a, b in pairs) / len(pairs)
    chance = math.fsum(
        sum(a == word for a, _ in pairs) * sum(b == word for _, b in pairs) / len(pairs) ** 2
        for word in sorted(words)
    )
    return None if chance == 1 else (agreed - chance) / (1 - chance)
