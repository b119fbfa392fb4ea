"""Fit triage: leave each scenario out in turn, calibrate on what was left out, then use all."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.triage.features import BUCKETS, COLUMNS, Floats, columns
from zvon.ml.triage.model import Model, Part, word_row
from zvon.ml.triage_training.corpus import Scenario

# Strong enough for five scenarios; between 10 and 100 nothing changes in the second digit.
STRENGTH = {"full": 30.0, "blind": 1.0}
BINS = 10


class Figures(Struct, frozen=True):
    """Average precision, calibration error and Brier score; by scenario that was left out."""

    precision_full: float
    precision_blind: float
    by_scenario_full: dict[str, float]
    by_scenario_blind: dict[str, float]
    calibration_error_full: float
    calibration_error_blind: float
    brier_full: float
    brier_blind: float
    sightings: int
    attack: int


class _Rows(Struct, frozen=True, eq=False):
    name: str
    columns: Floats
    titles: Floats  # the words of each title
    title: NDArray[np.int64]  # which of them each sighting has
    truth: NDArray[np.bool_]


def train(scenarios: Sequence[Scenario], version: str) -> tuple[Model, Figures]:
    """The model of all scenarios, and figures of models that did not see what they judged.

    Raises `ValueError` for fewer than two scenarios.
    """
    if len(scenarios) < 2:
        raise ValueError("leaving one scenario out needs at least two")
    held = [_rows(each) for each in scenarios]
    parts: dict[str, Part] = {}
    found: dict[str, tuple[dict[str, float], float, float]] = {}
    for kind in ("full", "blind"):
        margins, by_scenario = [], {}
        for out in held:
            fitted = _fit([each for each in held if each is not out], kind)
            margin = _margin(fitted, out, kind)
            margins.append(margin)
            by_scenario[out.name] = average_precision(out.truth, margin)
        margin, truth = np.concatenate(margins), np.concatenate([each.truth for each in held])
        slope, shift = _platt(margin, truth)
        everything = _fit(held, kind)
        parts[kind] = Part(*everything, slope, shift)
        p = 1 / (1 + np.exp(-np.clip(slope * margin + shift, -40, 40)))
        found[kind] = (by_scenario, calibration_error(truth, p), float(np.mean((p - truth) ** 2)))
    titles = np.concatenate([each.titles for each in held])
    seen = np.any(titles[:, :BUCKETS] > 0, axis=0).astype(np.float64)
    return Model(version, parts["full"], parts["blind"], seen), Figures(
        float(np.mean(list(found["full"][0].values()))),
        float(np.mean(list(found["blind"][0].values()))),
        found["full"][0], found["blind"][0], found["full"][1], found["blind"][1],
        found["full"][2], found["blind"][2],
        sum(len(each.truth) for each in held), int(sum(each.truth.sum() for each in held)),
    )  # fmt: skip


def average_precision(truth: NDArray[np.bool_], score: Floats) -> float:
    """The mean of the precision at each attack, ties counted as one step (as scikit-learn does)."""
    order = np.argsort(-score, kind="stable")
    hits, ranked = np.cumsum(truth[order]), score[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    precision = hits[last] / (last + 1)
    recall = hits[last] / max(1, int(truth.sum()))
    return float(np.sum(np.diff(np.append(0.0, recall)) * precision))


def calibration_error(truth: NDArray[np.bool_], p: Floats) -> float:
    """The mean distance of what was said from what was, in ten bins of equal width."""
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    gaps = [
        abs(p[place == each].mean() - truth[place == each].mean()) * np.mean(place == each)
        for each in range(BINS)
        if np.any(place == each)
    ]
    return float(sum(gaps))


def _rows(each: Scenario) -> _Rows:
    clear = each.truth >= 0
    place = {signature: number for number, signature in enumerate(each.titles)}
    title = np.array([place[one.signature] for one in each.sightings])
    titles = np.stack([word_row(each.titles[signature]) for signature in place])
    return _Rows(
        each.name, columns(each.sightings)[clear], titles, title[clear], each.truth[clear] == 1
    )  # fmt: skip


def _fit(held: Sequence[_Rows], kind: str) -> tuple[Floats, Floats, Floats, float]:
    from sklearn.linear_model import LogisticRegression

    rows = np.concatenate([each.columns for each in held])
    truth = np.concatenate([each.truth for each in held])
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale == 0] = 1.0
    inputs = (rows - mean) / scale
    if kind == "full":
        from scipy.sparse import csr_matrix, hstack, vstack

        # Words are few of many: dense, five scenarios would be gigabytes.
        words = vstack([csr_matrix(each.titles)[each.title] for each in held])
        inputs = hstack([csr_matrix(inputs), words]).tocsr()
    model: Any = LogisticRegression(C=STRENGTH[kind], max_iter=3000).fit(inputs, truth)
    return mean, scale, model.coef_[0], float(model.intercept_[0])


def _margin(fitted: tuple[Floats, Floats, Floats, float], out: _Rows, kind: str) -> Floats:
    mean, scale, weight, bias = fitted
    count = len(COLUMNS)
    margin = (out.columns - mean) / scale @ weight[:count] + bias
    if kind == "full":
        margin = margin + (out.titles @ weight[count:])[out.title]
    return np.asarray(margin)


def _platt(margin: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(C=1e6, max_iter=1000).fit(margin[:, None], truth)
    return float(model.coef_[0][0]), float(model.intercept_[0])
