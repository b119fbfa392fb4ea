"""What an attack found, against chance, with its confidence."""

from typing import Any

from msgspec import Struct

from zvon.model.rate import rate

TOLERANCE = 1.1
"""An attacker may be right this many times as often as by chance; more is a finding."""


class Finding(Struct, frozen=True, kw_only=True):
    """The result of one attack: how often it was right in how many trials.

    `chance` is how often somebody is right who looks at nothing, `limit` what passes. `low` and
    `high` are the 95 % interval of the rate (Wilson, 1927). It passes unless even `low` lies
    above `limit`: then, and only then, the trials are evidence against us.
    """

    attack: str
    trials: int
    hits: int
    chance: float
    limit: float
    low: float
    high: float
    passed: bool
    detail: dict[str, Any] = {}

    @property
    def rate(self) -> float:
        """How often the attacker was right."""
        return self.hits / self.trials if self.trials else 0.0

    @property
    def sharpest(self) -> float:
        """The smallest rate that these trials would have shown to be above the limit."""
        return next(
            (h / self.trials for h in range(self.trials + 1)
             if rate(h, self.trials).low > self.limit),
            1.0,
        )  # fmt: skip


def judged(
    attack: str, hits: int, trials: int, chance: float, limit: float | None = None, **detail: Any
) -> Finding:
    """A finding against `limit`, by default `TOLERANCE` times chance."""
    most = min(1.0, chance * TOLERANCE) if limit is None else limit
    found = rate(hits, trials)
    return Finding(
        attack=attack, trials=trials, hits=hits, chance=chance, limit=most, low=found.low, high=found.high,
        passed=found.low <= most, detail=detail,
    )  # fmt: skip


def none_allowed(
    attack: str, hits: int, trials: int, chance: float = 0.0, **detail: Any
) -> Finding:
    """A finding of an attack of which a single hit is too many."""
    found = rate(hits, trials)
    return Finding(
        attack=attack, trials=trials, hits=hits, chance=chance, limit=0.0, low=found.low, high=found.high,
        passed=hits == 0, detail=detail,
    )  # fmt: skip
