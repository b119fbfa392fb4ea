"""The weights of the tagger: a linear-chain model (Lafferty 2001)."""

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

from zvon.ml.pii.features import SIZE

Floats = NDArray[np.float32]

KINDS = ("NAME", "ORG", "ADDR", "USER", "HOST", "SECRET")
LABELS = ("O", *(f"{edge}-{kind}" for kind in KINDS for edge in "BI"))


class BadWeights(ValueError):
    """The weights do not match their description, or are not ours."""


class Model(Struct, frozen=True, eq=False):
    """`weights` has a row for each bucket, `moves[a, b]` is the weight of label b after a."""

    weights: Floats
    moves: Floats
    first: Floats


def pack(model: Model) -> bytes:
    """Write the arrays as a compressed file (no pickle), weights as whole numbers of a scale."""
    scale = np.maximum(np.abs(model.weights).max(axis=0), 1e-6) / 127
    out = BytesIO()
    np.savez_compressed(
        out,
        weights=np.round(model.weights / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        moves=model.moves.astype(np.float32),
        first=model.first.astype(np.float32),
    )
    return out.getvalue()


def load(weights: bytes, meta: Mapping[str, Any]) -> Model:
    """Read what `pack` wrote. Raises `BadWeights` when it is not what `meta` describes."""
    if hashlib.sha256(weights).hexdigest() != meta.get("sha256"):
        raise BadWeights("the weights are not those of the description")
    if tuple(meta.get("labels", ())) != LABELS:
        raise BadWeights("the labels are others")
    try:
        with np.load(BytesIO(weights), allow_pickle=False) as file:
            have = {name: file[name] for name in file.files}
        model = Model(
            np.asarray(have["weights"].astype(np.float32) * have["scale"], np.float32),
            have["moves"], have["first"],
        )  # fmt: skip
    except (KeyError, ValueError, OSError) as problem:
        raise BadWeights(f"the file cannot be read: {problem}") from None
    width = len(LABELS)
    if (model.weights.shape, model.moves.shape, model.first.shape) != ((SIZE, width), (width, width), (width,)):  # fmt: skip
        raise BadWeights("the arrays do not fit each other")
    return model


@cache
def shipped() -> Model:
    """The model in the package. Raises `BadWeights`, `FileNotFoundError`."""
    folder = resources.files("zvon.ml") / "pii"
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return load((folder / "weights.npz").read_bytes(), meta)
