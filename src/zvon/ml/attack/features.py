"""Sentences as rows of weighted buckets: words and pairs of them, and runs of letters in words.

The same code feeds training and use. Weights are (1 + ln count) * idf; the words and the runs of
one sentence each have length one.
"""

import re
import zlib
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

WORD_BITS = 16
RUN_BITS = 16
RUNS = (3, 4, 5)
WORDS = 1 << WORD_BITS
SIZE = WORDS + (1 << RUN_BITS)  # words and pairs first, then runs of letters

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_TOKEN = re.compile(r"[^\W_](?:[\w.\\-]*\w)?|\w")
_PAIR = np.uint32(0x9E3779B1)


class Rows(Struct, frozen=True, eq=False):
    """The buckets of many sentences: `column` and `value` of row n are [begin[n], begin[n + 1])."""

    begin: Ints
    column: Ints
    value: Floats

    @property
    def count(self) -> int:
        """How many sentences."""
        return len(self.begin) - 1


def counted(texts: Sequence[str]) -> Rows:
    """How often each bucket is in each masked sentence."""
    word_row, word_column = _words(texts)
    run_row, run_column = _runs(texts)
    row = np.concatenate([word_row, run_row])
    column = np.concatenate([word_column, run_column + WORDS])
    keys, times = np.unique(row * SIZE + column, return_counts=True)
    rows, columns = np.divmod(keys, SIZE)
    begin = np.searchsorted(rows, np.arange(len(texts) + 1))
    return Rows(begin, columns, times.astype(np.float32))


def weighted(rows: Rows, idf: Floats) -> Rows:
    """Counts as weights. Buckets without an idf (0: not seen in training) fall out."""
    value = (1 + np.log(rows.value)) * idf[rows.column]
    keep = value > 0
    owner = np.repeat(np.arange(rows.count), np.diff(rows.begin))[keep]
    column, value = rows.column[keep], value[keep]
    # The two halves of a row are normed apart.
    half = owner * 2 + (column >= WORDS)
    norm = np.sqrt(np.bincount(half, value * value, minlength=2 * rows.count))
    value = (value / np.maximum(norm[half], 1e-9)).astype(np.float32)
    begin = np.searchsorted(owner, np.arange(rows.count + 1))
    return Rows(begin, column, value)


def _words(texts: Sequence[str]) -> tuple[Ints, Ints]:
    found = [[zlib.crc32(word.encode()) for word in _TOKEN.findall(text)] for text in texts]
    lengths = np.fromiter(map(len, found), np.int64, len(found))
    hashes = np.fromiter((h for row in found for h in row), np.uint32, int(lengths.sum()))
    owner = np.repeat(np.arange(len(texts)), lengths)
    pairs = (hashes[:-1] * _PAIR) ^ hashes[1:]
    inside = owner[:-1] == owner[1:]
    row = np.concatenate([owner, owner[:-1][inside]])
    mixed = _mixed(np.concatenate([hashes, pairs[inside]]))
    return row, (mixed >> np.uint32(32 - WORD_BITS)).astype(np.int64)


def _runs(texts: Sequence[str]) -> tuple[Ints, Ints]:
    joined = "".join(f" {text} " for text in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter((len(text) + 2 for text in texts), np.int64, len(texts))
    owner = np.repeat(np.arange(len(texts)), lengths)
    blank = codes == 32
    blanks = np.concatenate([[0], np.cumsum(blank)])
    rolling = np.zeros(len(codes), np.uint32)
    rows, columns = [], []
    for n in range(1, max(RUNS) + 1):
        size = len(codes) - n + 1
        if size <= 0:
            break
        rolling = rolling[:size]
        rolling = (rolling ^ codes[n - 1 :]) * _PAIR
        rolling ^= rolling >> np.uint32(15)
        if n not in RUNS:
            continue
        # Blanks only at the edges: a run stays within one word and its borders.
        inner = blanks[n - 1 : n - 1 + size] - blanks[1 : 1 + size]
        keep = np.flatnonzero(inner == 0)
        rows.append(owner[keep])
        columns.append(
            (_mixed(rolling[keep] + np.uint32(n)) >> np.uint32(32 - RUN_BITS)).astype(np.int64)
        )
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(rows), np.concatenate(columns)


def _mixed(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    out = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    out = (out ^ (out >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return np.asarray(out ^ (out >> np.uint32(16)))
