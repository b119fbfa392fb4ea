"""Has what comes in changed? The population stability index of scores."""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

BINS = 20
WARN, ALARM = 0.1, 0.25  # customary limits of the index (Siddiqi 2006, credit scoring)
LEAST = 200  # scores of a side below which nothing is said


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
