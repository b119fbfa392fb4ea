"""Training of the lexical model: labelled addresses in, weights and honest numbers out."""

import hashlib
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.url import BITS, CHUNK, DENSE, Floats, Model, dense_features, gram_hashes, score_form


class Labelled(Struct, frozen=True):
    """One address: `phishing` is its label, `day` the ISO date or empty, `domain` registered."""

    url: str
    phishing: bool
    day: str
    domain: str
    source: str


class Figures(Struct, frozen=True):
    """Numbers on a held-out part; rates are fractions, intervals 95 % by bootstrap over domains."""

    phishing: int
    benign: int
    pr_auc: float
    roc_auc: float
    tpr_at_1pct: float
    tpr_at_1pct_low: float
    tpr_at_1pct_high: float
    tpr_at_01pct: float
    ece: float


def fold_of(domain: str, folds: int = 10) -> int:
    """Which fold a registered domain belongs to: stable, so no domain is on both sides."""
    return hashlib.blake2b(domain.encode(), digest_size=4).digest()[0] % folds


def fit(name: str, rows: Sequence[Labelled], *, strength: float = 4.0, seed: int = 7) -> Model:
    """Fit on nine folds of the domains, calibrate (Platt) on the tenth.

    Needs scikit-learn (extra `train`). `strength` is the inverse of the ridge penalty.
    """
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    forms = [score_form(r.url)[8:] for r in rows]
    label = np.array([r.phishing for r in rows])
    held = np.array([fold_of(r.domain) == 9 for r in rows])
    hashes, counts = [], []
    for start in range(0, len(forms), CHUNK):
        part, _, count = gram_hashes(forms[start : start + CHUNK])
        hashes.append(part)
        counts.append(count)
    per_row = np.concatenate(counts)
    offsets = np.concatenate([[0], np.cumsum(per_row)]).astype(np.int64)
    values = np.repeat(1.0 / np.sqrt(np.maximum(per_row, 1)), per_row.astype(int))
    grams = csr_matrix((values, np.concatenate(hashes), offsets), shape=(len(rows), 1 << BITS))
    grams.sum_duplicates()
    dense = dense_features(forms)
    mean, scale = dense[~held].mean(axis=0), np.maximum(dense[~held].std(axis=0), 1e-6)
    table = hstack([grams, csr_matrix((dense - mean) / scale)]).tocsr()
    fitted = LogisticRegression(C=strength, solver="liblinear", random_state=seed, max_iter=400)
    fitted.fit(table[~held], label[~held])
    raw = fitted.decision_function(table[held])
    platt = LogisticRegression(C=1e6).fit(raw[:, None], label[held])
    coefficients = fitted.coef_[0]
    return Model(
        name=name,
        grams=coefficients[: 1 << BITS].astype(np.float16).astype(np.float32),
        dense=coefficients[1 << BITS :].astype(float),
        mean=mean,
        scale=scale,
        bias=float(fitted.intercept_[0]),
        a=float(platt.coef_[0][0]),
        b=float(platt.intercept_[0]),
    )


def figures(
    score: Floats, phishing: NDArray[np.bool_], domains: Sequence[str], *, seed: int = 7
) -> Figures:
    """Judge scores: ties enter together, intervals by bootstrap over registered domains."""
    rng = np.random.default_rng(seed)
    at_1 = tpr_at(score, phishing, 0.01)
    names, group = np.unique(np.asarray(domains), return_inverse=True)
    draws = []
    for _ in range(200):
        weight = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[group]
        draws.append(tpr_at(np.repeat(score, weight), np.repeat(phishing, weight), 0.01))
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(phishing[order])
    precision = hits / np.arange(1, len(score) + 1)
    return Figures(
        phishing=int(phishing.sum()),
        benign=int((~phishing).sum()),
        pr_auc=float((precision * phishing[order]).sum() / max(phishing.sum(), 1)),
        roc_auc=_roc(score, phishing),
        tpr_at_1pct=at_1,
        tpr_at_1pct_low=float(np.quantile(draws, 0.025)),
        tpr_at_1pct_high=float(np.quantile(draws, 0.975)),
        tpr_at_01pct=tpr_at(score, phishing, 0.001),
        ece=calibration_error(score, phishing),
    )


def threshold_at(benign_scores: Floats, rate: float) -> float:
    """Lowest threshold whose false-positive rate over `benign_scores` is at most `rate`."""
    ranked = np.sort(benign_scores)[::-1]
    allowed = int(np.floor(rate * len(ranked)))
    return float(np.nextafter(ranked[allowed], np.inf)) if allowed < len(ranked) else 0.0


def tpr_at(score: Floats, phishing: NDArray[np.bool_], rate: float) -> float:
    """Share of phishing at or above the threshold of `rate` false positives."""
    if not phishing.any() or phishing.all():
        return float("nan")
    return float((score[phishing] >= threshold_at(score[~phishing], rate)).mean())


def calibration_error(score: Floats, phishing: NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error over equal-width bins."""
    index = np.minimum((score * bins).astype(int), bins - 1)
    size = np.bincount(index, minlength=bins)
    mean = np.bincount(index, score, minlength=bins)
    true = np.bincount(index, phishing.astype(float), minlength=bins)
    filled = size > 0
    return float(np.abs(mean[filled] - true[filled]).sum() / len(score))


def _roc(score: Floats, phishing: NDArray[np.bool_]) -> float:
    """Area under the ROC curve by ranks, ties averaged."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    n = int(phishing.sum())
    m = len(score) - n
    return float((ranks[phishing].sum() - n * (n + 1) / 2) / max(n * m, 1))


def describe() -> dict[str, object]:
    """What the features are, for `meta.json`."""
    return {"bits": BITS, "grams": "bytes 2-5, host and path apart", "dense": list(DENSE)}
