"""From margins of sentences to techniques of reports: thresholds, calibration, figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.attack.features import Floats

PER_SENTENCE = 0.08  # a long report has more chances to be wrong; found on report-split folds
SHRINK = 5.0  # how strongly a label's threshold is held to the common one
STEEP = 4.0

Flags = NDArray[np.bool_]
Numbers = NDArray[Any]


class Judged(Struct, frozen=True):
    """Mean F1 over documents (an empty answer to an empty report is 1), and F1 over all pairs."""

    documents: float
    pooled: float


class Thresholds(Struct, frozen=True, eq=False):
    """A threshold for each label, and (slope, shift) of the probability above it."""

    threshold: Floats
    slope: float
    shift: float


def f1(said: Flags, true: Flags) -> Judged:
    """Figures of suggestions, both of shape (documents, labels)."""
    both = (said & true).sum(axis=1)
    sizes = said.sum(axis=1) + true.sum(axis=1)
    each = np.where(sizes > 0, 2 * both / np.maximum(sizes, 1), 1.0)
    return Judged(round(float(each.mean()), 4), round(float(2 * both.sum() / sizes.sum()), 4))


def best(margins: Floats, owner: NDArray[np.int64], documents: int) -> Floats:
    """The score of each label in each document: its best sentence, less for a long document."""
    out = np.full((documents, margins.shape[1]), -9.0, np.float32)
    np.maximum.at(out, owner, margins)
    sizes = np.bincount(owner, minlength=documents)
    return np.asarray(out - PER_SENTENCE * np.log(np.maximum(sizes, 1))[:, None], np.float32)


def thresholds(scores: Floats, true: Flags) -> Thresholds:
    """Thresholds for the mean F1 of documents: one for all, then each label's own, shrunk to it."""
    common = _best_shift(scores, np.zeros(scores.shape[1]), true, np.quantile(scores, _SHARES))
    own = np.full(scores.shape[1], common)
    for n in range(scores.shape[1]):
        own[n] -= _offset(STEEP * (scores[:, n] - common), true[:, n]) / STEEP
    own += _best_shift(scores, own, true, np.arange(-0.3, 0.3, 0.02))
    slope, shift = platt((scores - own).ravel(), true.ravel())
    return Thresholds(own.astype(np.float32), slope, shift)


_SHARES = np.linspace(0.5, 0.98, 150)


def _best_shift(scores: Floats, base: Numbers, true: Flags, shifts: Numbers) -> float:
    found = [(f1(scores > base + shift, true).documents, -abs(shift), shift) for shift in shifts]
    return float(max(found)[2])


def _offset(logits: Numbers, true: Flags) -> float:
    """How much more often a label is right than the common threshold says, shrunk to nothing."""
    offset = 0.0
    for _ in range(30):
        p = 1 / (1 + np.exp(-(logits + offset)))
        slope = float((true - p).sum()) - SHRINK * offset
        offset += slope / (float((p * (1 - p)).sum()) + SHRINK)
    return offset


def platt(raw: Numbers, true: Flags) -> tuple[float, float]:
    """Slope and shift that make a probability of a score (Platt 1999), by Newton's method."""
    a, b = 1.0, 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(a * raw + b, -35, 35)))
        w = p * (1 - p) + 1e-9
        g = np.array([((p - true) * raw).sum() + 1e-3 * a, (p - true).sum()])
        h = np.array([[(w * raw * raw).sum() + 1e-3, (w * raw).sum()], [(w * raw).sum(), w.sum()]])
        step = np.linalg.solve(h, g)
        a, b = a - float(step[0]), b - float(step[1])
    return float(a), float(b)


def nested(scores: Floats, true: Flags, folds: Sequence[int]) -> Judged:
    """Figures with the thresholds of each fold chosen on the others."""
    said = np.zeros_like(true)
    fold = np.array(folds)
    for n in np.unique(fold):
        chosen = thresholds(scores[fold != n], true[fold != n])
        said[fold == n] = scores[fold == n] > chosen.threshold
    return f1(said, true)
