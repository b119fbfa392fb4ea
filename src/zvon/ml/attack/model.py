"""The weights of the tagger: one linear model for suggestions, one for the order of all techniques.

`tuned` scores the 50 techniques that whole reports are labelled with, and in its last column
whether a sentence speaks of any technique at all. `wide` ranks every technique of ATT&CK.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.attack.features import SIZE, Floats, Ints, Rows

Scores = NDArray[np.float32]


class BadWeights(ValueError):
    """The weights do not match their description, or are not ours."""


class Wide(Struct, frozen=True, eq=False):
    """Weights of all techniques by bucket: those of bucket b are [begin[b], begin[b + 1])."""

    begin: Ints
    column: Ints
    weight: Floats
    bias: Floats

    def margins(self, rows: Rows) -> Scores:
        """Margins of all techniques, shape (rows.count, len(bias))."""
        first, size = self.begin[rows.column], np.diff(self.begin)[rows.column]
        place = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
        at = np.repeat(first, size) + place
        owner = np.repeat(np.repeat(np.arange(rows.count), np.diff(rows.begin)), size)
        value = self.weight[at] * np.repeat(rows.value, size)
        width = len(self.bias)
        flat = np.bincount(owner * width + self.column[at], value, rows.count * width)
        return np.asarray(flat.reshape(rows.count, width) + self.bias, np.float32)


class Model(Struct, frozen=True, eq=False):
    """Everything that `predict` needs.

    `labels` are the techniques of `tuned` without its last column; `techniques` those of `wide`.
    A document's score of a label is the best margin of its sentences less `per_sentence` times
    the logarithm of their number; above `threshold` it is suggested. `slope` and `shift` make a
    probability of the distance to the threshold, `sentence` (slope, shift) one of a margin.
    `sharp` is how much margins of `wide` are stretched before they become shares.
    """

    version: str
    idf: Floats
    tuned: Floats
    tuned_bias: Floats
    labels: tuple[str, ...]
    wide: Wide
    techniques: tuple[str, ...]
    names: Mapping[str, str]
    revoked: Mapping[str, str]
    threshold: Floats
    per_sentence: float
    slope: float
    shift: float
    sentence: tuple[float, float]
    sharp: float

    def margins(self, rows: Rows) -> Scores:
        """Margins of the labels and, last, of any technique; shape (rows.count, labels + 1)."""
        out = np.zeros((rows.count, self.tuned.shape[1]), np.float32)
        filled = np.flatnonzero(np.diff(rows.begin))
        if len(filled):
            parts = self.tuned[rows.column] * rows.value[:, None]
            out[filled] = np.add.reduceat(parts, rows.begin[filled], axis=0)
        return np.asarray(out + self.tuned_bias)

    def current(self, technique: str) -> str:
        """The technique that stands for this one today; itself where nothing replaced it."""
        for _ in range(8):
            if technique not in self.revoked:
                break
            technique = self.revoked[technique]
        return technique


def pack(model: Model) -> bytes:
    """Write the arrays as a compressed file (no pickle); weights as whole numbers of a scale."""
    tuned, tuned_scale = _quantised(model.tuned.T)
    wide = np.round(model.wide.weight / _wide_scale(model.wide)).astype(np.int8)
    out = BytesIO()
    np.savez_compressed(
        out,
        idf=model.idf.astype(np.float16),
        tuned=tuned.T,
        tuned_scale=tuned_scale,
        tuned_bias=model.tuned_bias,
        wide_size=np.diff(model.wide.begin).astype(np.uint16),
        wide_column=model.wide.column.astype(np.uint16),
        wide_weight=wide,
        wide_scale=np.array([_wide_scale(model.wide)]),
        wide_bias=model.wide.bias,
        threshold=model.threshold,
        numbers=np.array([model.per_sentence, model.slope, model.shift, *model.sentence,
                          model.sharp]),
    )  # fmt: skip
    return out.getvalue()


def describe(model: Model) -> dict[str, Any]:
    """What `load` needs besides the arrays."""
    return {
        "attack_version": model.version,
        "labels": list(model.labels),
        "techniques": list(model.techniques),
        "names": dict(model.names),
        "revoked": dict(model.revoked),
    }


def load(weights: bytes, meta: Mapping[str, Any]) -> Model:
    """Read what `pack` and `describe` wrote. Raises `BadWeights` when they do not fit."""
    if hashlib.sha256(weights).hexdigest() != meta.get("sha256"):
        raise BadWeights("the weights are not those of the description")
    with np.load(BytesIO(weights), allow_pickle=False) as file:
        have = {name: file[name] for name in file.files}
    try:
        numbers = [float(number) for number in have["numbers"]]
        size = have["wide_size"].astype(np.int64)
        model = Model(
            version=str(meta["attack_version"]),
            idf=have["idf"].astype(np.float32),
            tuned=have["tuned"].astype(np.float32) * have["tuned_scale"],
            tuned_bias=have["tuned_bias"],
            labels=tuple(meta["labels"]),
            wide=Wide(
                np.concatenate([[0], np.cumsum(size)]),
                have["wide_column"].astype(np.int64),
                have["wide_weight"].astype(np.float32) * np.float32(have["wide_scale"][0]),
                have["wide_bias"],
            ),
            techniques=tuple(meta["techniques"]),
            names=dict(meta["names"]),
            revoked=dict(meta["revoked"]),
            threshold=have["threshold"],
            per_sentence=numbers[0],
            slope=numbers[1],
            shift=numbers[2],
            sentence=(numbers[3], numbers[4]),
            sharp=numbers[5],
        )
    except (KeyError, IndexError, TypeError) as problem:
        raise BadWeights(f"something is missing: {problem}") from None
    _check(model)
    return model


@cache
def shipped() -> Model:
    """The model in the package. Raises `BadWeights`, `FileNotFoundError`."""
    folder = resources.files("zvon.ml") / "attack"
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return load((folder / "weights.npz").read_bytes(), meta)


def _check(model: Model) -> None:
    labels, wide = len(model.labels), model.wide
    sizes = (
        model.idf.shape == (SIZE,),
        model.tuned.shape == (SIZE, labels + 1),
        model.tuned_bias.shape == (labels + 1,),
        model.threshold.shape == (labels,),
        wide.begin.shape == (SIZE + 1,),
        wide.column.shape == wide.weight.shape == (int(wide.begin[-1]),),
        wide.bias.shape == (len(model.techniques),),
        not wide.column.size or int(wide.column.max()) < len(model.techniques),
    )
    if not all(sizes):
        raise BadWeights("the arrays do not fit each other")


def _quantised(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Rows as whole numbers from -127 to 127, and the scale of each row."""
    scale = np.maximum(np.abs(weights).max(axis=1), 1e-9) / 127
    return np.round(weights / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def _wide_scale(wide: Wide) -> float:
    return float(max(np.abs(wide.weight).max(initial=0.0), 1e-9) / 127)
