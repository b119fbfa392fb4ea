"""Fitting the weights: logistic regression with a normal prior, the same to the bit every time."""

import random
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.side import Feature, Weights, pruned

STEPS = 600
LEAST = 0.02
Floats = NDArray[np.float64]


class Example(Struct, frozen=True):
    """One value in one text: its features, and whose it is."""

    features: tuple[Feature, ...]
    attacker: bool


def thinned(rows: Sequence[Example], *, copies: int, drop: float, seed: int) -> list[Example]:
    """Copies of every example that each miss a share of the features, so that no one word decides.

    Labelled mails are few and every one is seen many times; the copies keep them from being learnt
    by heart. The same seed gives the same copies.
    """
    rng = random.Random(seed)
    return [
        Example(tuple(f for f in row.features if rng.random() >= drop), row.attacker)
        for row in rows
        for _ in range(copies)
    ]


def fit(rows: Sequence[Example], *, version: str, spread: float = 0.3) -> Weights:
    """Weights of all features that occur twice or more.

    Accelerated gradient descent (Nesterov) on the mean logistic loss; the sides weigh the same.
    Raises `ValueError` when one of the two sides is missing.
    """
    labels = np.array([row.attacker for row in rows], dtype=np.float64)
    if not 0 < labels.mean() < 1:
        raise ValueError("values of both sides are needed")
    names = _names(rows)
    at, row_of = _sparse(rows, names)
    share = labels.mean()
    weight = np.where(labels > 0.5, 0.5 / share, 0.5 / (1 - share)) / len(rows)
    ridge = 1.0 / (spread**2 * len(rows))
    found = np.zeros(len(names))
    bias, ahead, ahead_bias, pace = 0.0, found.copy(), 0.0, 1.0
    # The longest row and the heaviest example bound the curvature, so no step overshoots.
    longest = max(len(row.features) for row in rows) + 1
    curve = 0.25 * float(np.bincount(at, weight[row_of], len(names)).max() * longest + 1) + ridge
    for _ in range(STEPS):
        logit = np.bincount(row_of, ahead[at], len(rows)) + ahead_bias
        error = (1 / (1 + np.exp(-np.clip(logit, -30, 30))) - labels) * weight
        slope = np.bincount(at, error[row_of], len(names)) + ridge * ahead
        new, new_bias = ahead - slope / curve, ahead_bias - float(error.sum()) / curve
        after = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        push = (pace - 1) / after
        ahead, ahead_bias = new + push * (new - found), new_bias + push * (new_bias - bias)
        found, bias, pace = new, new_bias, float(after)
    slots: dict[str, dict[str, float]] = {}
    for (slot, token), value in zip(names, found.tolist(), strict=True):
        slots.setdefault(slot, {})[token] = value
    return Weights(version, pruned(slots, LEAST))


def _names(rows: Sequence[Example]) -> dict[Feature, int]:
    count: dict[Feature, int] = {}
    for row in rows:
        for feature in row.features:
            count[feature] = count.get(feature, 0) + 1
    return {feature: i for i, feature in enumerate(sorted(f for f, n in count.items() if n > 1))}


def _sparse(
    rows: Sequence[Example], names: dict[Feature, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Column and row of every feature that is there."""
    at: list[int] = []
    row_of: list[int] = []
    for i, row in enumerate(rows):
        known = [names[f] for f in row.features if f in names]
        at += known
        row_of += [i] * len(known)
    return np.array(at, dtype=np.int64), np.array(row_of, dtype=np.int64)
