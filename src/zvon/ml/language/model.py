"""Naive Bayes over hashed runs of one to four letters (Cavnar and Trenkle 1994 counted them).

Each row of the table is a bucket, each column a language: the logarithm of how much more frequent
the run is there than on average. Runs that no language showed weigh nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

BITS = 15
SIZE = 1 << BITS
RUNS = (1, 2, 3, 4)
BLOCK = 1 << 16  # letters that are scored at once

Floats = NDArray[np.float32]
Buckets = NDArray[np.int64]


class BadWeights(ValueError):
    """The weights do not match their description, or are not ours."""


class Model(Struct, frozen=True, eq=False):
    """`table` has shape (SIZE + 1, len(languages)); its last row is zero.

    `scale` turns a sum of logarithms, which counts every letter four times, into log-odds.
    """

    languages: tuple[str, ...]
    table: Floats
    scale: float

    def sums(self, prose: Sequence[str]) -> Floats:
        """Log-odds of each language against the average one, shape (len(prose), languages)."""
        out = np.zeros((len(prose), len(self.languages)), np.float32)
        begin, size = 0, 0
        for n, text in enumerate(prose):
            size += len(text)
            if size >= BLOCK:
                self._block(prose[begin : n + 1], out[begin : n + 1])
                begin, size = n + 1, 0
        if begin < len(prose):
            self._block(prose[begin:], out[begin:])
        return out

    def _block(self, prose: Sequence[str], out: Floats) -> None:
        buckets, first = runs(prose)
        total = self.table[buckets[0]]
        for row in buckets[1:]:
            total += self.table[row]
        out[:] = np.add.reduceat(total, first, axis=0) * self.scale


def runs(prose: Sequence[str]) -> tuple[list[Buckets], Buckets]:
    """Buckets of the runs that begin at each letter, one array for each length, and where each
    text begins. Runs that leave their text are in the last bucket.
    """
    joined = "".join(f" {text} \0" for text in prose)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter((len(text) + 3 for text in prose), np.int64, len(prose))
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    found: list[Buckets] = []
    rolling = np.zeros(len(codes), np.uint32)
    leaving = np.zeros(len(codes), np.bool_)
    for n in range(1, max(RUNS) + 1):
        ahead = np.zeros(len(codes), np.uint32)
        ahead[: len(codes) - n + 1] = codes[n - 1 :]
        leaving = leaving | (ahead == 0)
        rolling = (rolling ^ ahead) * np.uint32(0x9E3779B1)
        rolling ^= rolling >> np.uint32(15)
        mixed = (rolling + np.uint32(n)) * np.uint32(0x85EBCA6B)
        bucket = (mixed >> np.uint32(32 - BITS)).astype(np.int64)
        bucket[leaving] = SIZE
        found.append(bucket)
    return found, first


def pack(model: Model) -> bytes:
    """Write weights as a compressed array file (no pickle)."""
    out = BytesIO()
    np.savez_compressed(
        out,
        table=model.table[:-1].astype(np.float16),
        scale=np.array([model.scale]),
        languages=np.array(model.languages),
    )
    return out.getvalue()


def load(weights: bytes, meta: dict[str, Any]) -> Model:
    """Read what `pack` wrote. Raises `BadWeights` when the shape or the digest differ."""
    if hashlib.sha256(weights).hexdigest() != meta.get("sha256"):
        raise BadWeights("the weights are not those of the description")
    with np.load(BytesIO(weights), allow_pickle=False) as found:
        table = found["table"].astype(np.float32)
        languages = tuple(map(str, found["languages"]))
        scale = float(found["scale"][0])
    if table.shape != (SIZE, len(languages)) or not np.isfinite(table).all():
        raise BadWeights(f"the table has shape {table.shape}")
    whole = np.vstack([table, np.zeros((1, len(languages)), np.float32)])
    return Model(languages=languages, table=whole, scale=scale)


@cache
def shipped() -> Model:
    """The model in the package. Raises `BadWeights`, `FileNotFoundError`."""
    folder = resources.files("zvon.ml") / "language"
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return load((folder / "weights.npz").read_bytes(), meta)
