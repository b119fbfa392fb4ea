"""Rows turned once into hashes, so that the tables of each fold cost only sums and a linear fit."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.url.hashing import Spans, bucket, gram_buckets, leaving
from zvon.ml.url.layout import Ints, Layout, lay_out
from zvon.ml.url.suffixes import Rules, cut
from zvon.ml.url.tables import (
    GRAM_BITS,
    LETTER_BITS,
    SUFFIX_BITS,
    WORD_BITS,
    Tables,
    suffix_bucket,
    word_bucket,
)
from zvon.ml.url.words import words_of

CHUNK = 16384
FOLDS = 5
PRIOR = 0.35  # share of phishing that a never seen word stands for
SHRINK_WORD, SHRINK_SUFFIX = 4.0, 10.0  # rows' worth of doubt
Mask = NDArray[np.bool_]


class Linear(Struct, frozen=True):
    """The linear fit of n-grams: ridge strength, passes over the data, seed."""

    alpha: float = 2e-7
    passes: int = 6
    seed: int = 7


class Prepared(Struct, frozen=True, eq=False):
    """n rows: `grams` is a sparse (n, 2**GRAM_BITS) matrix of counts over the root of their number;
    `word`, `letter` pair a row with a bucket each; `suffix`, `last` are one bucket for each row.
    `domain` numbers the registered domains, `fold` is stable by domain, `platform` says that the
    host is a customer's name on a shared platform.
    """

    rules: Rules
    grams: Any
    word: tuple[Ints, Ints]
    letter: tuple[Ints, Ints]
    suffix: Ints
    last: Ints
    platform: Mask
    domain: Ints
    fold: Ints


def prepare(forms: Sequence[bytes], domains: Sequence[str], rules: Rules) -> Prepared:
    """Hash all rows. Needs scipy (extra `train`)."""
    from scipy.sparse import csr_matrix

    names, domain = np.unique(np.asarray(domains), return_inverse=True)
    fold = np.array([bucket(np.array([hash_name(n)], np.uint64), 16)[0] % FOLDS for n in names])
    parts: list[list[NDArray[Any]]] = [[] for _ in range(10)]
    found: tuple[NDArray[Any], ...]
    for begin in range(0, len(forms), CHUNK):
        layout = lay_out(forms[begin : begin + CHUNK])
        spans = Spans.of(layout)
        at = cut(layout, spans, rules)
        words = words_of(layout, at, spans)
        column, number, letter_row, letter = _gram_rows(layout)
        found = (
            column, number, np.repeat(1 / np.sqrt(np.maximum(number, 1)), number),
            words.owner + begin, word_bucket(words.hashes, words.part),
            letter_row + begin, letter,
            suffix_bucket(spans.hashes(at.suffix, layout.stop)),
            suffix_bucket(spans.hashes(at.last, layout.stop)),
            at.platform,
        )  # fmt: skip
        for part, values in zip(parts, found, strict=True):
            part.append(values)
    column, number, value, *rest = (np.concatenate(part) for part in parts)
    offsets = np.concatenate([[0], np.cumsum(number)])
    return Prepared(
        rules=rules,
        grams=csr_matrix(
            (value.astype(np.float32), column, offsets), shape=(len(forms), 1 << GRAM_BITS)
        ),
        word=(rest[0], rest[1]),
        letter=(rest[2], rest[3]),
        suffix=rest[4],
        last=rest[5],
        platform=rest[6],
        domain=domain,
        fold=fold[domain],
    )


def hash_name(name: str) -> int:
    """A stable number of a domain name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


def _gram_rows(layout: Layout) -> tuple[NDArray[np.int32], Ints, Ints, Ints]:
    """Buckets row by row, their number per row, and rows and buckets of the hosts' trigrams."""
    columns, rows = [], []
    letter_row, letter = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for n, buckets in gram_buckets(layout, GRAM_BITS):
        whole = np.ones(layout.size, np.bool_)
        whole[leaving(layout, n)] = False
        columns.append(buckets[whole].astype(np.int32))
        rows.append(layout.owner[whole])
        if n == 3:
            mine = whole & ~layout.rest
            letter_row = layout.owner[mine].astype(np.int64)
            letter = (buckets[mine] >> np.uint32(GRAM_BITS - LETTER_BITS)).astype(np.int64)
    row = np.concatenate(rows)
    order = np.argsort(row, kind="stable")
    number = np.bincount(row, minlength=layout.count)
    return np.concatenate(columns)[order], number, letter_row, letter


def fit_tables(
    data: Prepared, use: Mask, phishing: Mask, weight: NDArray[np.float32], linear: Linear
) -> Tables:
    """Fit every table on the rows of `use`. Needs scikit-learn (extra `train`)."""
    mine = use[data.word[0]]
    row = data.word[0][mine]
    word, word_seen = _odds(
        data, data.word[1][mine], row, phishing, weight, 1 << WORD_BITS, SHRINK_WORD
    )
    rows = np.flatnonzero(use)
    suffix, suffix_seen = _odds(
        data,
        np.concatenate([data.suffix[rows], data.last[rows]]),
        np.concatenate([rows, rows]),
        phishing,
        weight,
        1 << SUFFIX_BITS,
        SHRINK_SUFFIX,
    )
    mine = (use & ~phishing)[data.letter[0]]
    row = data.letter[0][mine]
    of_domain = np.bincount(data.domain[rows], minlength=int(data.domain.max()) + 1)
    seen = np.bincount(
        data.letter[1][mine], 1 / of_domain[data.domain[row]], minlength=1 << LETTER_BITS
    )
    return Tables(
        rules=data.rules,
        word=_half(word),
        word_seen=_half(word_seen),
        suffix=_half(suffix),
        suffix_seen=_half(suffix_seen),
        letters=_half(np.log((seen + 0.05) / seen.sum()) + 11),
        grams=(_half(linear_fit(data.grams[rows], phishing[rows], weight[rows], linear)),),
    )


def _half(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """As the packed weights will have it, so that trees see what they will see."""
    return values.astype(np.float16).astype(np.float32)


def _odds(
    data: Prepared, bucket_of: Ints, row: Ints, phishing: Mask, weight: NDArray[np.float32],
    size: int, shrink: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Shrunk log-odds, and log1p of the number of domains, of each bucket; a domain counts once."""
    _, first = np.unique(
        bucket_of.astype(np.int64) * (int(data.domain.max()) + 1) + data.domain[row],
        return_index=True,
    )
    bucket_of, row = bucket_of[first], row[first]
    bad = np.bincount(bucket_of, phishing[row] * weight[row], minlength=size)
    good = np.bincount(bucket_of, ~phishing[row] * weight[row], minlength=size)
    odds = np.log((bad + shrink * PRIOR) / (good + shrink * (1 - PRIOR)))
    return odds - np.log(PRIOR / (1 - PRIOR)), np.log1p(bad + good)


def linear_fit(
    grams: Any, phishing: Mask, weight: NDArray[np.float32], how: Linear
) -> NDArray[np.float64]:
    """Weights of a logistic regression by averaged stochastic descent, without its offset."""
    from sklearn.linear_model import SGDClassifier

    fitted = SGDClassifier(
        loss="log_loss", alpha=how.alpha, max_iter=how.passes, tol=None, average=True,
        random_state=how.seed,
    ).fit(grams, phishing, sample_weight=weight)  # fmt: skip
    return np.asarray(fitted.coef_[0])
