"""How long things take when some are not done yet: medians that forget nothing."""

import math
from collections.abc import Iterator, Sequence

from msgspec import Struct

from zvon.model.rate import Z95


class Durations(Struct, frozen=True, kw_only=True):
    """Times to an event in seconds, of `n` things of which `open` have not got there.

    `median` and `p90` are those of the Kaplan-Meier curve (1958), so that what is still open
    counts for as long as it waits; `low` and `high` bound the median with 95 % confidence
    (Brookmeyer and Crowley 1982, on the log-log scale). `None`: the curve does not come that far.
    """

    n: int
    open: int
    median: float | None
    low: float | None
    high: float | None
    p90: float | None


class _Step(Struct, frozen=True):
    at: float
    alive: float  # the share that has not got there
    low: float
    high: float


def durations(done: Sequence[float], waiting: Sequence[float]) -> Durations:
    """Of the seconds that `done` took, and those that `waiting` have waited so far.

    Raises `ValueError` for a negative or unreal number: that is a clock's error, and no duration.
    """
    if any(not math.isfinite(each) or each < 0 for each in (*done, *waiting)):
        raise ValueError("a duration is a number of seconds, and not negative")
    steps = list(_curve(done, waiting))
    return Durations(
        n=len(done) + len(waiting), open=len(waiting),
        median=next((s.at for s in steps if s.alive <= 0.5), None),
        low=next((s.at for s in steps if s.low <= 0.5), None),
        high=next((s.at for s in steps if s.high <= 0.5), None),
        p90=next((s.at for s in steps if s.alive <= 0.1), None),
    )  # fmt: skip


def _curve(done: Sequence[float], waiting: Sequence[float]) -> Iterator[_Step]:
    ends: dict[float, int] = {}
    for each in done:
        ends[each] = ends.get(each, 0) + 1
    censored = sorted(waiting)
    left, alive, greenwood, place = len(done) + len(waiting), 1.0, 0.0, 0
    for at in sorted(ends):
        # Whoever still waits at the same moment waits a little longer.
        while place < len(censored) and censored[place] < at:
            place += 1
            left -= 1
        n = ends[at]
        alive *= 1 - n / left
        greenwood += n / (left * (left - n)) if left > n else math.inf
        left -= n
        yield _Step(at, alive, *_bounds(alive, greenwood))


def _bounds(alive: float, greenwood: float) -> tuple[float, float]:
    if alive <= 0 or not math.isfinite(greenwood):
        return 0.0, alive
    if alive >= 1:
        return 1.0, 1.0
    half = Z95 * math.sqrt(greenwood) / abs(math.log(alive))
    return alive ** math.exp(half), alive ** math.exp(-half)
