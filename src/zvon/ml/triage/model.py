"""The weights of triage, and probabilities from them: logistic regression, twice.

`full` also reads the words of the title; `blind` does not, and judges signatures whose words the
training never saw. Both are calibrated on scenarios that they were not fitted on.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
from msgspec import Struct

from zvon.ml.correlate.words import severity_of
from zvon.ml.triage.features import BUCKETS, COLUMNS, Floats, Sighting, buckets, columns

WORDS = BUCKETS + 1


class BadWeights(ValueError):
    """The weights do not match their description."""


class Part(Struct, frozen=True, eq=False):
    """One regression: columns are centred by `mean`, scaled by `scale`; words follow them.

    `slope` and `shift` make a probability of the margin (Platt 1999).
    """

    mean: Floats
    scale: Floats
    weight: Floats
    bias: float
    slope: float
    shift: float

    def probability(self, rows: Floats, words: Floats | float = 0.0) -> Floats:
        """Calibrated, for each row; `words` is what the titles add to the margins."""
        margin = (rows - self.mean) / self.scale @ self.weight[: len(COLUMNS)] + self.bias + words
        return np.asarray(1 / (1 + np.exp(-np.clip(self.slope * margin + self.shift, -40, 40))))


class Model(Struct, frozen=True, eq=False):
    """Both regressions, and which buckets of words the training saw."""

    version: str
    full: Part
    blind: Part
    seen: Floats

    def probabilities(
        self, sightings: Sequence[Sighting], title: Callable[[str], str], *, blind: bool = False
    ) -> Floats:
        """For each sighting, in order of time, the probability that it belongs to an attack.

        `title` gives the words of a signature. A signature of which less than half of the words
        were seen in training, is judged without them; with `blind` all are.
        """
        if not sightings:
            return np.zeros(0)
        rows = columns(sightings)
        without = self.blind.probability(rows)
        if blind:
            return without
        # Signatures are few, sightings many: each title is read once.
        signatures = {each.signature for each in sightings}
        said = {each: self._said(title(each)) for each in signatures}
        words = np.array([said[each.signature][0] for each in sightings])
        familiar = np.array([said[each.signature][1] for each in sightings])
        return np.where(familiar, self.full.probability(rows, words), without)

    def _said(self, title: str) -> tuple[float, bool]:
        """What a title adds to the margin, and whether training knew half of its words."""
        row = word_row(title)
        known = row[:BUCKETS] @ self.seen >= max(1.0, row[:BUCKETS].sum() / 2)
        return float(row @ self.full.weight[len(COLUMNS) :]), bool(known)


def word_row(title: str) -> Floats:
    """A one for each bucket of the title's words, and last its severity in fives."""
    row = np.zeros(WORDS)
    row[list(buckets(title))] = 1
    row[BUCKETS] = severity_of(title) / 5
    return row


def pack(model: Model) -> bytes:
    """The weights as `weights.npz`, the same bytes for the same weights."""
    parts: dict[str, Any] = {
        f"{name}_{field}": np.asarray(getattr(part, field))
        for name, part in (("full", model.full), ("blind", model.blind))
        for field in Part.__struct_fields__
    }
    out = BytesIO()
    np.savez_compressed(out, seen=model.seen, **parts)
    return out.getvalue()


def unpack(data: bytes, version: str, sha256: str) -> Model:
    """The model of the weights. Raises `BadWeights`."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadWeights("the weights of triage are not those that their description names")
    try:
        with np.load(BytesIO(data), allow_pickle=False) as held:
            full, blind = (
                Part(*(held[f"{name}_{field}"] for field in ("mean", "scale", "weight")),
                     *(float(held[f"{name}_{field}"]) for field in ("bias", "slope", "shift")))
                for name in ("full", "blind")
            )  # fmt: skip
            seen = held["seen"]
    except (KeyError, ValueError, OSError) as problem:
        raise BadWeights(f"weights of triage: {problem}") from None
    count = len(COLUMNS)
    sizes = (len(full.weight), len(blind.weight), len(full.mean), len(blind.mean), len(seen))
    if sizes != (count + WORDS, count, count, count, BUCKETS):
        raise BadWeights(f"weights of triage: sizes {sizes}")
    return Model(version, full, blind, seen)


@cache
def shipped() -> Model:
    """The model that comes with the program. Raises `BadWeights`."""
    folder = resources.files(__package__)
    meta = json.loads(folder.joinpath("meta.json").read_text("utf-8"))
    return unpack(folder.joinpath("weights.npz").read_bytes(), meta["version"], meta["sha256"])
