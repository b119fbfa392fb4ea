"""The evidence model: a logistic sum of facts with fixed signs and an explicit prior."""

import math
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from msgspec import Struct


class BadWeights(ValueError):
    """A weight has the wrong sign, or the prior is no probability."""


class Weights(Struct, frozen=True):
    """Log-odds for each fact. Raises `BadWeights` when a sign is wrong."""

    version: str
    prior: float
    speaks_for: dict[str, float]
    speaks_against: dict[str, float]

    def __post_init__(self) -> None:
        if not 0 < self.prior < 1:
            raise BadWeights(f"prior {self.prior} is no probability")
        wrong = [key for key, weight in self.speaks_for.items() if weight < 0]
        wrong += [key for key, weight in self.speaks_against.items() if weight > 0]
        if wrong:
            raise BadWeights(f"wrong sign: {', '.join(sorted(wrong))}")

    @property
    def name(self) -> str:
        """How verdicts name this model, `evidence@2026-11-22`."""
        return f"evidence@{self.version}"

    def of(self, code: str, grade: str | None = None) -> float:
        """The weight of a fact. Raises `KeyError` for one that the model does not know."""
        key = f"{code}.{grade}" if grade else code
        return self.speaks_for[key] if key in self.speaks_for else self.speaks_against[key]

    def probability(self, weights: Iterable[float], prior: float) -> float:
        """The probability of malice where the share of malicious reports is `prior`.

        The shift of the prior is `logit prior - logit self.prior`; weights are summed in a fixed
        order, so the result does not depend on the order of the facts.
        """
        total = math.fsum([_logit(self.prior), *weights, _logit(prior) - _logit(self.prior)])
        return 1 / (1 + math.exp(-total))


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


@cache
def shipped() -> Weights:
    """The weights that come with the program; see `CARD.md`."""
    text = (files("zvon.ml.evidence") / "weights.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return Weights(data["version"], data["prior"], data["for"], data["against"])
