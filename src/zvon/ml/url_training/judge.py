"""Honest numbers of a model: overall, per stratum, with intervals by registered domain."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.url.model import Scores

BINS = 15
DRAWS = 200
Flags = NDArray[np.bool_]


class Rate(Struct, frozen=True):
    """A share with its 95 % interval (bootstrap over registered domains)."""

    value: float
    low: float
    high: float


class Stratum(Struct, frozen=True):
    """Harmless: how many of `n` lie above the two thresholds. Phishing: how many are found."""

    name: str
    phishing: bool
    n: int
    at_1pct: float
    at_01pct: float


class Change(Struct, frozen=True):
    """TPR at 0.1 % of a candidate minus that of the model in use, on the same rows, paired.

    95 % interval by bootstrap over registered domains.
    """

    against: str
    value: float
    low: float
    high: float


class Figures(Struct, frozen=True):
    """Numbers on a held-out part; rates are fractions.

    Thresholds, TPR and strata are over all harmless rows, `curated` without telemetry and with its
    own thresholds. PR-AUC, Brier and ECE are at the reference mix of one phish to two harmless.
    `pinned` are harmless addresses that must never be above the 1 % threshold, `alarms` how many
    are. `speed` is addresses per second of the whole command, 0 when not measured; `size` bytes.
    """

    phishing: int
    benign: int
    pr_auc: float
    pr_auc_at_1pct_prior: float
    roc_auc: float
    tpr_at_1pct: Rate
    tpr_at_01pct: Rate
    own_at_1pct: Rate
    own_at_01pct: Rate
    curated_at_1pct: Rate
    curated_at_01pct: Rate
    brier: float
    ece: float
    threshold_1pct: float
    threshold_01pct: float
    strata: tuple[Stratum, ...]
    pinned: int
    alarms: int
    size: int = 0
    speed: float = 0.0
    change: Change | None = None


class Judged(Struct, frozen=True, eq=False):
    """n scored rows: label, registered domain, stratum, and whether it is curated (no telemetry).

    The stratum of phishing is `own domain`, `free hosting` or `shared`.
    """

    score: Scores
    phishing: Flags
    domain: Sequence[str]
    stratum: Sequence[str]
    curated: Flags


def threshold_at(benign_scores: Scores, rate: float) -> float:
    """Lowest threshold whose false-positive rate over `benign_scores` is at most `rate`."""
    ranked = np.sort(benign_scores)[::-1]
    allowed = int(np.floor(rate * len(ranked)))
    return float(np.nextafter(ranked[allowed], np.inf)) if allowed < len(ranked) else 0.0


def tpr_at(score: Scores, phishing: Flags, rate: float) -> float:
    """Share of phishing at or above the threshold of `rate` false positives."""
    if not phishing.any() or phishing.all():
        return float("nan")
    return float((score[phishing] >= threshold_at(score[~phishing], rate)).mean())


def pr_auc(score: Scores, phishing: Flags, benign_weight: float = 1.0) -> float:
    """Area under precision over recall, ties together, a harmless row counting `benign_weight`."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(phishing[order])
    misses = np.cumsum(~phishing[order]) * benign_weight
    ends = np.append(np.diff(score[order]) != 0, True)
    precision = (hits / np.maximum(hits + misses, 1e-12))[ends]
    gained = np.diff(np.concatenate([[0], hits[ends]]))
    return float((precision * gained).sum() / max(int(phishing.sum()), 1))


def roc_auc(score: Scores, phishing: Flags) -> float:
    """Area under the ROC curve by ranks, ties averaged."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n = int(phishing.sum())
    return float((ranks[phishing].sum() - n * (n + 1) / 2) / max(n * (len(score) - n), 1))


def calibration_error(score: Scores, phishing: Flags, weight: Scores | None = None) -> float:
    """Expected calibration error over 15 equal-width bins."""
    weight = np.ones(len(score)) if weight is None else weight
    index = np.minimum((score * BINS).astype(int), BINS - 1)
    mean = np.bincount(index, score * weight, minlength=BINS)
    true = np.bincount(index, phishing * weight, minlength=BINS)
    return float(np.abs(mean - true).sum() / weight.sum())


def figures(
    judged: Judged, *, weight: Scores, pinned: Scores, size: int = 0, seed: int = 7
) -> Figures:
    """Judge scores. `weight` brings the rows to the reference mix, `pinned` are the scores of the
    addresses that must not raise an alarm.
    """
    score, phishing = judged.score, judged.phishing
    benign = ~phishing
    one, tenth = threshold_at(score[benign], 0.01), threshold_at(score[benign], 0.001)
    own = phishing & (np.asarray(judged.stratum) == "own domain")
    weight_of_benign = float(weight[benign].mean() / weight[phishing].mean())
    rates = _intervals(judged, own, seed)
    return Figures(
        phishing=int(phishing.sum()),
        benign=int(benign.sum()),
        pr_auc=pr_auc(score, phishing, weight_of_benign),
        pr_auc_at_1pct_prior=pr_auc(score, phishing, 99 * phishing.sum() / benign.sum()),
        roc_auc=roc_auc(score, phishing),
        tpr_at_1pct=rates[0],
        tpr_at_01pct=rates[1],
        own_at_1pct=rates[2],
        own_at_01pct=rates[3],
        curated_at_1pct=rates[4],
        curated_at_01pct=rates[5],
        brier=float((weight * (score - phishing) ** 2).sum() / weight.sum()),
        ece=calibration_error(score, phishing, weight),
        threshold_1pct=one,
        threshold_01pct=tenth,
        strata=tuple(_strata(judged, one, tenth)),
        pinned=len(pinned),
        alarms=int((pinned >= one).sum()),
        size=size,
    )


def _strata(judged: Judged, one: float, tenth: float) -> list[Stratum]:
    names = np.asarray(judged.stratum)
    out = []
    for name, label in sorted(set(zip(names.tolist(), judged.phishing.tolist(), strict=True))):
        score = judged.score[(names == name) & (judged.phishing == label)]
        out.append(Stratum(name, label, len(score), float((score >= one).mean()),
                           float((score >= tenth).mean())))  # fmt: skip
    return out


def _six(score: Scores, judged: Judged, own: Flags, rows: NDArray[np.int64]) -> list[float]:
    """The six rates on chosen rows."""
    s, y, o, c = score[rows], judged.phishing[rows], own[rows], judged.curated[rows]
    out = []
    for rate in (0.01, 0.001):
        t, k = threshold_at(s[~y], rate), threshold_at(s[~y & c], rate)
        out.append([(s[y] >= t).mean(), (s[o] >= t).mean(), (s[y] >= k).mean()])
    return [float(pair[n]) for n in range(3) for pair in out]


def draws_by_domain(domain: Sequence[str], draws: int, seed: int) -> list[NDArray[np.int64]]:
    """Row numbers of each bootstrap draw; a domain is drawn with all its rows."""
    rng = np.random.default_rng(seed)
    names, group = np.unique(np.asarray(domain), return_inverse=True)
    out = []
    for _ in range(draws):
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[group]
        out.append(np.repeat(np.arange(len(group)), times))
    return out


def _intervals(judged: Judged, own: Flags, seed: int) -> list[Rate]:
    with np.errstate(invalid="ignore"):
        values = _six(judged.score, judged, own, np.arange(len(judged.score)))
        drawn = np.array([
            _six(judged.score, judged, own, rows)
            for rows in draws_by_domain(judged.domain, DRAWS, seed)
        ])  # fmt: skip
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    return [Rate(*map(float, row)) for row in zip(values, low, high, strict=True)]


def change(
    candidate: Scores, champion: Scores, judged: Judged, name: str, *, draws: int = 1000,
    seed: int = 7,
) -> Change:  # fmt: skip
    """How much better `candidate` is than `champion` on the rows of `judged` (its score unused)."""

    def gain(rows: NDArray[np.int64]) -> float:
        label = judged.phishing[rows]
        return tpr_at(candidate[rows], label, 0.001) - tpr_at(champion[rows], label, 0.001)

    found = [gain(rows) for rows in draws_by_domain(judged.domain, draws, seed)]
    low, high = np.nanquantile(found, [0.025, 0.975])
    return Change(name, gain(np.arange(len(candidate))), float(low), float(high))
