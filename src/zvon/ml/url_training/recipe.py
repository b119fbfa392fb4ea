"""The whole recipe: weights of rows, tables out of fold, trees on top, calibration."""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from zvon.ml.url.columns import matrix, names_of
from zvon.ml.url.form import read_texts
from zvon.ml.url.model import Model, Scores
from zvon.ml.url.suffixes import Rules
from zvon.ml.url_training.prepared import FOLDS, Linear, fit_tables, prepare
from zvon.ml.url_training.rows import Labelled
from zvon.ml.url_training.trees import Growth, grow

REFERENCE = 0.5  # phishing addresses for each harmless one where the score is calibrated
LEAST_SLOPE = 0.05  # of the calibration, so that a higher score is never a lower probability


class Recipe(Struct, frozen=True):
    """What a run is made of. Same rows and recipe, same bytes.

    `half_life` in months: phishing that much older counts half, down to `oldest`; undated rows
    count `oldest`. `platform` is the weight of harmless customers of shared platforms, so that
    "free hosting" alone does not decide. `sources` multiplies the weight of a list.
    """

    half_life: float = 12.0
    oldest: float = 0.02
    platform: float = 4.0
    sources: Mapping[str, float] = {}
    linear: Linear = field(default_factory=Linear)
    growth: Growth = field(default_factory=Growth)


def months(day: str) -> int:
    """Months since year 0 of an ISO day; 0 when it is empty."""
    return int(day[:4]) * 12 + int(day[5:7]) if len(day) >= 7 else 0


def weights_of(
    rows: Sequence[Labelled], platform: NDArray[np.bool_], recipe: Recipe
) -> NDArray[np.float32]:
    """How much each row counts."""
    newest = max((months(r.day) for r in rows if r.phishing), default=0)
    out = np.empty(len(rows), np.float32)
    for n, row in enumerate(rows):
        weight = row.weight * recipe.sources.get(row.source, 1.0)
        if row.phishing:
            age = newest - months(row.day)
            weight *= max(0.5 ** min(age / recipe.half_life, 60.0), recipe.oldest)
        elif platform[n]:
            weight *= recipe.platform
        out[n] = weight
    return out


def fit(name: str, rows: Sequence[Labelled], rules: Rules, recipe: Recipe) -> Model:
    """Fit on all `rows`, uncalibrated. Needs the extra `train`.

    The trees see every row with tables that its registered domain had no part in.
    """
    forms = read_texts(r.url for r in rows)
    phishing = np.array([r.phishing for r in rows])
    data = prepare(forms, [r.domain for r in rows], rules)
    weight = weights_of(rows, data.platform, recipe)
    final = fit_tables(data, np.ones(len(rows), np.bool_), phishing, weight, recipe.linear)
    names = names_of(final)
    seen = np.empty((len(rows), len(names)), np.float32)
    for fold in range(FOLDS):
        mine = data.fold == fold
        if not mine.any():
            continue
        tables = fit_tables(data, ~mine, phishing, weight, recipe.linear)
        part = matrix([forms[n] for n in np.flatnonzero(mine)], tables, names)
        seen[mine] = part.T
    forest, asked = grow(seen, phishing, weight, recipe.growth)
    return Model(name=name, tables=final, forest=forest, used=tuple(names[n] for n in asked))


def reference_weights(phishing: NDArray[np.bool_]) -> Scores:
    """Weights that give a sample the reference mix: one phish to two harmless addresses."""
    share = phishing.sum() / max((~phishing).sum(), 1)
    return np.where(phishing, 1.0, share / REFERENCE)


def calibrated(model: Model, raw: Scores, phishing: NDArray[np.bool_]) -> Model:
    """`model` with calibration from its log-odds of later rows, at the reference mix."""
    low, high, offset = beta(raw, phishing, reference_weights(phishing))
    return replace(model, low=low, high=high, offset=offset)


def beta(raw: Scores, phishing: NDArray[np.bool_], weight: Scores) -> tuple[float, float, float]:
    """Slopes of both ends and offset of a weighted logistic fit; no slope below LEAST_SLOPE.

    Newton's method from (1, 1, 0), a step halved until it helps. A ridge of about a row keeps it
    finite when the two kinds do not overlap.
    """
    design = np.stack([-np.logaddexp(0, -raw), np.logaddexp(0, raw), np.ones_like(raw)], axis=1)
    sign = np.where(phishing, 1.0, -1.0)
    start = np.array([1.0, 1.0, 0.0])

    def loss(at: Scores) -> float:
        fit_ = (weight * np.logaddexp(0, -sign * (design @ at))).sum()
        return float(fit_ + 0.5 * ((at - start) ** 2).sum())

    found = start.copy()
    for _ in range(100):
        p = 0.5 * (1 + np.tanh(design @ found / 2))
        slope = design.T @ (weight * (p - phishing)) + (found - start)
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design + np.eye(3)
        step = np.linalg.solve(curve, slope)
        while loss(found - step) > loss(found) and np.abs(step).max() > 1e-12:
            step /= 2
        found -= step
        if np.abs(step).max() < 1e-10:
            break
    low, high, offset = map(float, found)
    return max(low, LEAST_SLOPE), max(high, LEAST_SLOPE), offset
