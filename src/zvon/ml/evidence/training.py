"""Fitting the evidence model to judged reports, without letting a fact change its side.

What is fitted is one factor for each code, between two bounds, that all its grades share: few
labels say little, so a factor stays near 1 unless they insist. Signs cannot change because the
factors are never below 0, and the prior is taken out first, so that what is learnt from one mix of
reports holds for another.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from zvon.ml.evidence import Weights

LEAST, MOST = 0.25, 2.0
SPREAD = 0.5  # how far a factor may lie from 1 before it costs as much as half a report
STEPS = 400

Floats = NDArray[np.float64]


class Judged(Struct, frozen=True):
    """One report: its facts with their weights in log-odds, and what people found it to be."""

    facts: Mapping[str, float]
    malicious: bool


class Fit(Struct, frozen=True, kw_only=True):
    """How well a set of weights says what people said: lower is better."""

    reports: int
    log_loss: float
    calibration_error: float


def factors(rows: Sequence[Judged], *, spread: float = SPREAD) -> dict[str, float]:
    """The factor of each code, from judged reports; the same rows give the same, to the bit.

    Projected gradient descent on the logistic loss with a normal prior around 1. Raises
    `ValueError` when one of the two sides is missing.
    """
    labels = np.array([row.malicious for row in rows], dtype=float)
    if not 0 < labels.mean() < 1:
        raise ValueError("reports of both sides are needed")
    codes = sorted({code for row in rows for code in row.facts})
    table = np.array([[row.facts.get(code, 0.0) for code in codes] for row in rows])
    base = float(np.log(labels.mean() / (1 - labels.mean())))
    found = np.ones(len(codes))
    # The step is that of the steepest possible curvature, so that the descent cannot overshoot.
    step = 1 / (0.25 * float((table**2).sum()) + 1 / spread**2)
    for _ in range(STEPS):
        slope = table.T @ (_p(base + table @ found) - labels) + (found - 1) / spread**2
        found = np.clip(found - step * slope, LEAST, MOST)
    return {code: round(float(value), 4) for code, value in zip(codes, found, strict=True)}


def scaled(weights: Weights, by: Mapping[str, float], version: str) -> Weights:
    """Weights with each code's factor; what has none stays as it is."""

    def times(given: Mapping[str, float]) -> dict[str, float]:
        return {key: round(value * by.get(key.partition(".")[0], 1.0), 4)
                for key, value in given.items()}  # fmt: skip

    return structs.replace(weights, version=version, speaks_for=times(weights.speaks_for),
                           speaks_against=times(weights.speaks_against))  # fmt: skip


def measured(rows: Sequence[Judged], by: Mapping[str, float] | None = None) -> Fit:
    """Log loss, and the calibration error in ten bins, at the mix of `rows`."""
    by = by or {}
    labels = np.array([row.malicious for row in rows], dtype=float)
    share = min(max(float(labels.mean()), 1e-6), 1 - 1e-6)
    sums = [sum(w * by.get(code, 1.0) for code, w in row.facts.items()) for row in rows]
    p = _p(np.log(share / (1 - share)) + np.array(sums))
    loss = -np.where(labels > 0.5, np.log(p), np.log1p(-p)).mean()
    bins = np.minimum((p * 10).astype(int), 9)
    error = sum(
        abs(float(p[bins == n].mean()) - float(labels[bins == n].mean())) * (bins == n).mean()
        for n in range(10)
        if (bins == n).any()
    )
    return Fit(reports=len(rows), log_loss=round(float(loss), 4),
               calibration_error=round(float(error), 4))  # fmt: skip


def _p(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))))
