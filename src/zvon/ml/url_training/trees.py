"""Training of the symmetric trees (CatBoost, extra `train`)."""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.url.forest import Forest
from zvon.ml.url.layout import Floats


class Growth(Struct, frozen=True):
    """How many trees, how deep, how fast; `threads` is part of what makes a run repeatable."""

    trees: int = 700
    depth: int = 8
    rate: float = 0.1
    borders: int = 64
    ridge: float = 5.0
    threads: int = 2
    seed: int = 7


def grow(
    matrix: Floats, phishing: NDArray[np.bool_], weight: Floats, how: Growth
) -> tuple[Forest, tuple[int, ...]]:
    """Fit trees on a matrix of shape (n, columns).

    Returns the forest, whose columns are numbered anew, and the columns that it asks about.
    """
    from catboost import CatBoostClassifier

    fitted = CatBoostClassifier(
        iterations=how.trees, depth=how.depth, learning_rate=how.rate, border_count=how.borders,
        l2_leaf_reg=how.ridge, bootstrap_type="MVS", subsample=0.7, boosting_type="Plain",
        random_seed=how.seed, thread_count=how.threads, allow_writing_files=False, verbose=False,
    ).fit(matrix, phishing, sample_weight=weight)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:  # the library only writes its trees to a file
        file = Path(folder) / "trees.json"
        fitted.save_model(str(file), format="json")
        return _read(json.loads(file.read_bytes()), how.depth)


def _read(written: dict[str, Any], depth: int) -> tuple[Forest, tuple[int, ...]]:
    """The trees of CatBoost's JSON. A tree that stopped early is padded with "never"."""
    trees = written["oblivious_trees"]
    column = np.zeros((len(trees), depth), np.int16)
    border = np.full((len(trees), depth), np.inf, np.float32)
    leaf = np.zeros((len(trees), 1 << depth), np.float32)
    asked = sorted({s["float_feature_index"] for t in trees for s in t["splits"] or ()})
    number = {name: n for n, name in enumerate(asked)}
    for n, tree in enumerate(trees):
        for d, question in enumerate(tree["splits"] or ()):
            column[n, d] = number[question["float_feature_index"]]
            border[n, d] = question["border"]
        leaf[n, : len(tree["leaf_values"])] = tree["leaf_values"]
    scale, (bias,) = written["scale_and_bias"]
    return Forest(column, border, leaf * np.float32(scale), float(bias)), tuple(asked)
