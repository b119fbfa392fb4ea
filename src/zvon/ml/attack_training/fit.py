"""Fit the linear models. The same rows in the same order give the same weights."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse
from sklearn.svm import LinearSVC

from zvon.ml.attack.features import SIZE, WORDS, Floats, Rows, counted, weighted
from zvon.ml.attack.model import Scores, Wide
from zvon.ml.attack_training.corpus import Sentence

STRENGTH = 0.5  # C of the support vector machines
POSITIVE = 3.0  # how much more a labelled sentence weighs than another
OUTSIDE = 0.5  # how much a sentence that is not of a report weighs
TOLERANCE = 0.1  # that of liblinear itself; a tenth of it gives the same margins to .03
LEAST_WORD, LEAST_RUN = 2, 4  # sentences that must have a bucket
KEPT = 0.03  # of the largest weight; smaller ones are dropped from `wide`

Matrix: TypeAlias = Any  # scipy.sparse.csr_matrix, which has no types


def count(sentences: Sequence[Sentence]) -> Rows:
    """Buckets of many sentences."""
    return counted([sentence.text for sentence in sentences])


def frequencies(parts: Sequence[Rows]) -> Floats:
    """Inverse document frequency of each bucket; 0 for those that are too rare."""
    seen = sum(np.bincount(rows.column, minlength=SIZE) for rows in parts)
    total = sum(rows.count for rows in parts)
    least = np.where(np.arange(SIZE) < WORDS, LEAST_WORD, LEAST_RUN)
    idf = np.where(seen >= least, np.log((1 + total) / (1 + np.asarray(seen))) + 1, 0)
    return np.asarray(idf.astype(np.float16), np.float32)


def matrix(rows: Rows, idf: Floats) -> Matrix:
    """Weighted rows as a sparse matrix, shape (rows.count, SIZE)."""
    made = weighted(rows, idf)
    return sparse.csr_matrix((made.value, made.column, made.begin), shape=(made.count, SIZE))


def table(sentences: Sequence[Sentence], labels: Sequence[str]) -> Scores:
    """Which sentence has which label, and last whether it has any technique at all."""
    place = {label: n for n, label in enumerate(labels)}
    out = np.zeros((len(sentences), len(labels) + 1), np.float32)
    for n, sentence in enumerate(sentences):
        for technique in sentence.techniques:
            if technique in place:
                out[n, place[technique]] = 1
        out[n, -1] = bool(sentence.techniques)
    return out


def fit_tuned(rows: Matrix, wanted: Scores, weight: Floats) -> tuple[Floats, Floats]:
    """One support vector machine for each column: weights (SIZE, columns) and biases."""
    weights = np.zeros((rows.shape[1], wanted.shape[1]), np.float32)
    bias = np.full(wanted.shape[1], -3.0, np.float32)
    for n in range(wanted.shape[1]):
        if not wanted[:, n].any():
            continue
        machine = LinearSVC(
            C=STRENGTH, class_weight={0: 1.0, 1: POSITIVE}, tol=TOLERANCE, max_iter=300,
            random_state=0,
        )  # fmt: skip
        machine.fit(rows, wanted[:, n], sample_weight=weight)
        weights[:, n], bias[n] = machine.coef_[0], machine.intercept_[0]
    return weights, bias


def fit_wide(
    rows: Matrix, wanted: Sequence[str], weight: Floats, strength: float = 1.0
) -> tuple[Wide, tuple[str, ...]]:
    """One machine for each technique against all others; small weights are dropped."""
    machine = LinearSVC(C=strength, tol=TOLERANCE, max_iter=300, random_state=0)
    machine.fit(rows, np.array(wanted), sample_weight=weight)
    weights = np.asarray(machine.coef_.T, np.float32)
    weights[np.abs(weights) < KEPT * np.abs(weights).max()] = 0
    kept = sparse.csr_matrix(weights)
    wide = Wide(
        kept.indptr.astype(np.int64),
        kept.indices.astype(np.int64),
        kept.data.astype(np.float32),
        machine.intercept_.astype(np.float32),
    )
    return wide, tuple(map(str, machine.classes_))
