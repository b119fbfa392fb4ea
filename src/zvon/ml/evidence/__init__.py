"""The evidence model: a logistic sum of facts with fixed signs and an explicit prior."""

import math
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from msgspec import Struct, convert

MOST_SCORE = 1.5  # what a model's score may add; a verdict needs more


class BadWeights(ValueError):
    """A weight has the wrong sign, or the prior is no probability."""


class Score(Struct, frozen=True, forbid_unknown_fields=True):
    """How the score of another model becomes a fact.

    A probability of at least `least` weighs `slope` times its log-odds, and at most `most`.
    """

    least: float
    slope: float
    most: float


class Weights(Struct, frozen=True):
    """Log-odds for each fact. Raises `BadWeights` when a sign is wrong.

    `missing` are for stages that have not spoken; they are never above 0, so that a look that
    brings something bad never lowers the probability.
    """

    version: str
    prior: float
    speaks_for: dict[str, float]
    speaks_against: dict[str, float]
    missing: dict[str, float] = {}
    scores: dict[str, Score] = {}

    def __post_init__(self) -> None:
        if not 0 < self.prior < 1:
            raise BadWeights(f"prior {self.prior} is no probability")
        wrong = [key for key, weight in self.speaks_for.items() if weight < 0]
        wrong += [key for key, weight in self.speaks_against.items() if weight > 0]
        wrong += [key for key, weight in self.missing.items() if weight > 0]
        wrong += [
            key
            for key, score in self.scores.items()
            if score.slope < 0 or not 0 <= score.most <= MOST_SCORE or not 0.5 <= score.least < 1
        ]
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

    def scored(self, code: str, probability: float) -> float:
        """The weight of another model's score; 0 below its threshold."""
        score = self.scores[code]
        if not score.least <= probability:
            return 0.0
        sure = min(probability, 1 - 1e-9)
        return round(min(score.most, score.slope * _logit(sure)), 6)

    def silent(self, stages: Iterable[str]) -> list[float]:
        """The weights of stages that have not spoken."""
        return [self.missing.get(stage, 0.0) for stage in stages]

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
    return convert(
        {
            "version": data["version"],
            "prior": data["prior"],
            "speaks_for": data["for"],
            "speaks_against": data["against"],
            "missing": data["missing"],
            "scores": data["score"],
        },
        Weights,
    )
