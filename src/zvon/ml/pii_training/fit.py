"""Fit the linear chain by stochastic gradient on labelled texts; the same texts, the same weights."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from zvon.ml.pii.features import (
    SIZE,
    STARTS,
    Facet,
    class_of,
    context_buckets,
    gap_classes,
    word_buckets,
)
from zvon.ml.pii.model import LABELS, Floats, Model
from zvon.ml.pii_training.generate import Labelled

EPOCHS = 8
BATCH = 128  # texts
RATE = 0.25
DECAY = 3e-6  # pull to zero per step
LEAST = 3  # texts' words that a bucket must have been in
WIDTH = len(LABELS)

Matrix = Any  # scipy.sparse.csr_matrix, which has no types


def labels(text: Labelled) -> NDArray[np.int64]:
    """The number of each word's label."""
    place = {label: n for n, label in enumerate(LABELS)}
    return np.array(
        [
            place[f"{'B' if begins else 'I'}-{kind}"] if kind else 0
            for kind, begins in zip(text.kinds, text.begins, strict=True)
        ],
        np.int64,
    )


def matrix(texts: Sequence[Labelled], facet: Facet, unlisted: Facet) -> Matrix:
    """A row of ones at its buckets for each word of all texts."""
    indices: list[NDArray[np.int64]] = []
    sizes: list[int] = []
    known: dict[tuple[str, bool], tuple[Any, ...]] = {}
    for text in texts:
        found = text.tokens
        rows = []
        for word, plain in zip(found.texts, found.folded, strict=True):
            key = (word, text.listed)
            if key not in known:
                cls = class_of(word, plain, facet if text.listed else unlisted)
                known[key] = (cls, *map(np.array, word_buckets(word, plain, cls)))
            rows.append(known[key])
        n = len(rows)
        around = context_buckets(np.array([r[0] for r in rows], np.int64), gap_classes(found.gaps)) + STARTS[5]  # fmt: skip
        for i, row in enumerate(rows):
            parts = [row[1] + STARTS[0], around[i]]
            if i > 0:
                parts.append(rows[i - 1][2] + STARTS[1])
            if i + 1 < n:
                parts.append(rows[i + 1][2] + STARTS[2])
            if i > 1:
                parts.append(rows[i - 2][3] + STARTS[3])
            if i + 2 < n:
                parts.append(rows[i + 2][3] + STARTS[4])
            one = np.concatenate(parts)
            indices.append(one)
            sizes.append(len(one))
    begin = np.concatenate([[0], np.cumsum(sizes)])
    column = np.concatenate(indices)
    return sparse.csr_matrix(
        (np.ones(len(column), np.float32), column, begin), shape=(len(sizes), SIZE)
    )


def fit(
    texts: Sequence[Labelled], facet: Facet, unlisted: Facet, say: Callable[[str], None]
) -> Model:
    """Maximum likelihood of the label paths, by AdaGrad (Duchi 2011) over batches in fixed order."""
    rows = matrix(texts, facet, unlisted)
    seen = np.asarray(rows.sum(axis=0)).ravel()
    rows = rows @ sparse.diags((seen >= LEAST).astype(np.float32))
    rows.eliminate_zeros()
    lengths = np.array([len(t.kinds) for t in texts])
    begins = np.concatenate([[0], np.cumsum(lengths)])
    wanted = [labels(text) for text in texts]
    weights = np.zeros((SIZE, WIDTH), np.float32)
    moves = np.zeros((WIDTH, WIDTH), np.float32)
    first = np.zeros(WIDTH, np.float32)
    squares = [np.full(a.shape, 1e-2, np.float32) for a in (weights, moves, first)]
    closed = _forbidden()
    order = np.argsort(lengths, kind="stable")
    batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    shuffle = np.random.default_rng(7)
    for epoch in range(EPOCHS):
        lost = 0.0
        for number in shuffle.permutation(len(batches)):
            batch = batches[number]
            at = np.concatenate([np.arange(begins[t], begins[t + 1]) for t in batch])
            part = rows[at]
            scores = np.asarray(part @ weights, np.float32)
            slopes, moved, started, loss = _gradient(
                scores, lengths[batch], [wanted[t] for t in batch],
                np.where(closed, -30.0, moves), np.where(closed[0], -30.0, first),
            )  # fmt: skip
            lost += loss
            steps = (np.asarray(part.T @ slopes, np.float32) / len(batch), moved / len(batch), started / len(batch))  # fmt: skip
            for array, step, square in zip((weights, moves, first), steps, squares, strict=True):
                square += step * step
                array -= RATE * step / np.sqrt(square) + RATE * DECAY * array
        say(f"epoch {epoch + 1}: {lost / len(texts):.3f} lost per text")
    moves = np.where(closed, -30.0, moves).astype(np.float32)
    return Model(weights, moves, np.where(closed[0], -30.0, first).astype(np.float32))


def _forbidden() -> NDArray[np.bool_]:
    """`I-X` follows only `B-X` and `I-X`."""
    out = np.zeros((WIDTH, WIDTH), np.bool_)
    for inside in range(2, WIDTH, 2):
        out[:, inside] = True
        out[inside - 1, inside] = out[inside, inside] = False
    return out


def _gradient(
    scores: Floats, lengths: Any, wanted: Sequence[Any], moves: Any, first: Any
) -> tuple[Floats, Any, Any, float]:
    """Gradients of the negative log-likelihood by forward and backward sums, and its value."""
    count, longest = len(lengths), int(lengths.max())
    shift = scores.max(axis=1, keepdims=True)
    power = np.zeros((count, longest, WIDTH))
    mask = np.arange(longest) < lengths[:, None]
    power[mask] = np.exp(scores - shift)
    go = np.exp(moves)
    truth = np.zeros((count, longest), np.int64)
    truth[mask] = np.concatenate(wanted)
    ahead = np.zeros((count, longest, WIDTH))
    scale = np.ones((count, longest))
    ahead[:, 0] = np.exp(first) * power[:, 0]
    for step in range(longest):
        if step:
            ahead[:, step] = (ahead[:, step - 1] @ go) * power[:, step]
        scale[:, step] = np.where(mask[:, step], ahead[:, step].sum(axis=1), 1.0)
        ahead[:, step] /= scale[:, step][:, None]
    back = np.zeros((count, longest, WIDTH))
    moved = np.zeros((WIDTH, WIDTH))
    for step in range(longest - 1, -1, -1):
        ends = step == lengths - 1
        if step + 1 < longest:
            onward = power[:, step + 1] * back[:, step + 1] / scale[:, step + 1][:, None]
            back[:, step] = onward @ go.T
            both = mask[:, step + 1]
            moved += (ahead[both, step].T @ onward[both]) * go
            np.add.at(moved, (truth[both, step], truth[both, step + 1]), -1.0)
        back[ends, step] = 1.0
    share = (ahead * back)[mask]
    true = truth[mask]
    right = share.copy()
    slopes = share
    slopes[np.arange(len(true)), true] -= 1.0
    started = (ahead[:, 0] * back[:, 0]).sum(axis=0) - np.bincount(truth[:, 0], minlength=WIDTH)
    loss = -float(np.log(np.maximum(right[np.arange(len(true)), true], 1e-12)).sum())
    return slopes.astype(np.float32), moved.astype(np.float32), started.astype(np.float32), loss
