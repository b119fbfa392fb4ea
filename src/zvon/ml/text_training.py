"""Training of the message-text model: logistic regression with its calibration, in numpy.

Reproducible to the bit on one machine: randomness is a seed, the optimiser takes full batches.
"""

import random
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.text import SIZE, Floats, Model, features
from zvon.ml.text_corpus import Sample, samples

SEED, EACH, FOLDS = 7, 12, 4
STRENGTH = 2.0  # of the L2 penalty, in units of one text
STEPS, RATE = 150, 0.05
TEMPER = 0.5  # what is learnt from our own texts is taken with this much caution


class Figures(Struct, frozen=True):
    """How one way of holding texts out went: `recall` and `alarms` at probability .7."""

    texts: int
    lures: int
    auc: float
    recall: float
    alarms: float
    brier: float


class _Rows(Struct, frozen=True, eq=False):
    """Texts as rows of buckets: flat buckets, the owner of each, and the number of each row."""

    flat: NDArray[np.int64]
    owner: NDArray[np.int64]
    scale: Floats

    def dot(self, weights: Floats) -> Floats:
        sums = np.bincount(self.owner, weights[self.flat], minlength=len(self.scale))
        return np.asarray(sums * self.scale)

    def back(self, slope: Floats) -> Floats:
        return np.asarray(
            np.bincount(self.flat, (slope * self.scale)[self.owner], minlength=SIZE), dtype=float
        )


def fit(name: str, *, seed: int = SEED, each: int = EACH) -> tuple[Model, dict[str, Figures]]:
    """The model trained on all templates, and what held-out templates and kinds give.

    Calibrated on scores of templates that a fold did not learn from.
    """
    corpus = samples(random.Random(seed), each)
    held = _held_out(corpus, lambda s: s.template.id)
    kinds = _held_out(corpus, lambda s: s.template.kind)
    labels = np.array([s.lure for s in corpus], dtype=float)
    a, b = _platt(held, labels)
    a *= TEMPER
    weights, bias = _regress(corpus)
    figures = {
        "templates held out": measured(_sigmoid(a * held + b), labels),
        "kinds held out": measured(_sigmoid(a * kinds + b), labels),
    }
    for lang in ("sl", "hr", "en"):
        mine = np.array([s.template.lang == lang for s in corpus])
        p = _sigmoid(a * held[mine] + b)
        figures[f"templates held out, {lang}"] = measured(p, labels[mine])
    model = Model(name=name, weights=weights.astype(np.float16).astype(np.float32), bias=bias,
                  a=float(a), b=float(b))  # fmt: skip
    return model, figures


def measured(p: Floats, labels: Floats) -> Figures:
    """Figures of scores `p` against `labels` (1 lure, 0 ordinary); ties count half in the AUC."""
    lures, others = p[labels > 0.5], p[labels <= 0.5]
    both = np.concatenate([lures, others])
    order = np.argsort(both, kind="stable")
    ranks = np.empty(len(both))
    ranks[order] = np.arange(1, len(both) + 1)
    for value in np.unique(both):
        tied = both == value
        ranks[tied] = ranks[tied].mean()
    wins = ranks[: len(lures)].sum() - len(lures) * (len(lures) + 1) / 2
    return Figures(
        texts=len(p),
        lures=len(lures),
        auc=round(float(wins / max(1, len(lures) * len(others))), 4),
        recall=round(float((lures >= 0.7).mean()), 4),
        alarms=round(float((others >= 0.7).mean()), 4),
        brier=round(float(((p - labels) ** 2).mean()), 4),
    )


def _held_out(corpus: Sequence[Sample], group: Callable[[Sample], str]) -> Floats:
    """Raw scores of each text by a model that saw nothing of its group."""
    groups = sorted({group(s) for s in corpus})
    random.Random(SEED).shuffle(groups)
    fold = {name: n % FOLDS for n, name in enumerate(groups)}
    out = np.zeros(len(corpus))
    for n in range(FOLDS):
        weights, bias = _regress([s for s in corpus if fold[group(s)] != n])
        at = [i for i, s in enumerate(corpus) if fold[group(s)] == n]
        out[at] = _rows([corpus[i] for i in at]).dot(weights) + bias
    return out


def _rows(corpus: Sequence[Sample]) -> _Rows:
    rows = [features(s.text) for s in corpus]
    sizes = np.array([len(r) for r in rows])
    return _Rows(
        flat=np.concatenate(rows),
        owner=np.repeat(np.arange(len(rows)), sizes),
        scale=1 / np.sqrt(np.maximum(sizes, 1)),
    )


def _regress(corpus: Sequence[Sample]) -> tuple[Floats, float]:
    """Weights and bias by Adam on full batches; both classes weigh the same in each language."""
    rows = _rows(corpus)
    labels = np.array([s.lure for s in corpus], dtype=float)
    cells = [(s.template.lang, s.lure) for s in corpus]
    share = {cell: len(cells) / (len(set(cells)) * cells.count(cell)) for cell in set(cells)}
    each = np.array([share[cell] for cell in cells])
    state = np.zeros(SIZE + 1)
    mean, square = np.zeros(SIZE + 1), np.zeros(SIZE + 1)
    for step in range(1, STEPS + 1):
        slope = each * (_sigmoid(rows.dot(state[:-1]) + state[-1]) - labels)
        pull = np.append(rows.back(slope) + STRENGTH * state[:-1], slope.sum()) / len(corpus)
        mean = 0.9 * mean + 0.1 * pull
        square = 0.999 * square + 0.001 * pull**2
        state -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return state[:-1], float(state[-1])


def _platt(raw: Floats, labels: Floats) -> tuple[float, float]:
    """Slope and shift of the calibration by Newton's method."""
    a, b = 1.0, 0.0
    for _ in range(50):
        p = _sigmoid(a * raw + b)
        w = p * (1 - p) + 1e-9
        g = np.array([((p - labels) * raw).sum() + 1e-3 * a, (p - labels).sum()])
        h = np.array([[(w * raw * raw).sum() + 1e-3, (w * raw).sum()], [(w * raw).sum(), w.sum()]])
        step = np.linalg.solve(h, g)
        a, b = a - step[0], b - step[1]
    return float(a), float(b)


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -35, 35))))
