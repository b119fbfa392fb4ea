"""The weights of the tagger, and the decoding of a text: a linear-chain model (Lafferty 2001)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.pii.features import (
    SIZE,
    STARTS,
    Facet,
    Ints,
    class_of,
    context_buckets,
    gap_classes,
    word_buckets,
)

Floats = NDArray[np.float32]

KINDS = ("NAME", "ORG", "ADDR", "USER", "HOST", "SECRET")
LABELS = ("O", *(f"{edge}-{kind}" for kind in KINDS for edge in "BI"))
REMEMBERED = 40_000  # words whose scores are kept
PORTION = 4_000  # words that are read at once, so that a text of any length fits


class BadWeights(ValueError):
    """The weights do not match their description, or are not ours."""


class Tagged(Struct, frozen=True):
    """Words `first` to `last` (half-open) are of `kind`; `margin` is how much better than nothing."""

    first: int
    last: int
    kind: str
    margin: float


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


class Tagger:
    """A model with the lists it reads by, and what it remembers of words seen before.

    One object serves many texts; the memory is bounded and holds only hashed words' scores.
    """

    def __init__(self, model: Model, facet: Facet) -> None:
        self._model, self._facet = model, facet
        self._places: dict[str, int] = {}
        self._classes = np.zeros(REMEMBERED, np.int64)
        self._remembered = np.zeros((5, REMEMBERED, len(LABELS)), np.float32)
        width = len(LABELS)
        self._context = np.ascontiguousarray(model.weights[STARTS[5] :])
        # A word whose lead of `O` is larger than any move can make up for needs no path.
        self._safe = float(model.moves.max() - model.moves.min()) * 2
        self._width = width

    def _learn(self, words: Sequence[tuple[str, str]]) -> None:
        if len(self._places) + len(words) > REMEMBERED:
            self._places.clear()
        weights = self._model.weights
        for text, folded in words:
            if text in self._places:
                continue
            at = self._places[text] = len(self._places)
            self._classes[at] = cls = class_of(text, folded, self._facet)
            here, near, far = word_buckets(text, folded, cls)
            for table, buckets in enumerate((here, near, near, far, far)):
                self._remembered[table, at] = weights[[STARTS[table] + b for b in buckets]].sum(
                    axis=0
                )

    def _scores(
        self, texts: Sequence[str], folded: Sequence[str], gaps: Sequence[str]
    ) -> tuple[Floats, Ints]:
        """Scores of the labels for each word, shape (words, labels), and the words' classes.

        `gaps` are the strings before each word and after the last: one more than words.
        """
        places = self._places
        if not all(map(places.__contains__, texts)):
            self._learn(list(zip(texts, folded, strict=True)))
        at = np.fromiter((places[t] for t in texts), np.int64, len(texts))
        near = self._remembered
        out = near[0, at]
        out[1:] += near[1, at[:-1]]
        out[:-1] += near[2, at[1:]]
        out[2:] += near[3, at[:-2]]
        out[:-2] += near[4, at[2:]]
        classes = self._classes[at]
        out += self._context[context_buckets(classes, gap_classes(gaps))].sum(axis=1)
        return out, classes

    def tag(
        self, texts: Sequence[str], folded: Sequence[str], gaps: Sequence[str], lean: float = 0.0
    ) -> list[Tagged]:
        """What the words are. `lean` makes finding something easier, at the price of precision."""
        return self.read(texts, folded, gaps, lean)[1]

    def read(
        self, texts: Sequence[str], folded: Sequence[str], gaps: Sequence[str], lean: float = 0.0
    ) -> tuple[list[int], list[Tagged]]:
        """The class of each word (`features.class_of`), and what the words are."""
        out: list[Tagged] = []
        classes: list[int] = []
        for start in range(0, len(texts), PORTION):
            end = min(start + PORTION, len(texts))
            scores, found = self._scores(texts[start:end], folded[start:end], gaps[start : end + 1])
            classes += found.tolist()
            scores[:, 0] -= lean
            spans = _spans(scores, _path(scores, self._model, self._safe))
            out += [Tagged(s.first + start, s.last + start, s.kind, s.margin) for s in spans]
        return classes, out


def _path(scores: Floats, model: Model, safe: float) -> Ints:
    """The best labels of all words; only runs of words that may be something are searched."""
    out = np.zeros(len(scores), np.int64)
    lead = scores[:, 0] - scores[:, 1:].max(axis=1)
    unsure = np.flatnonzero(lead < safe)
    if not len(unsure):
        return out
    breaks = np.flatnonzero(np.diff(unsure) > 1) + 1
    starts = unsure[np.concatenate([[0], breaks])]
    ends = unsure[np.concatenate([breaks - 1, [len(unsure) - 1]])] + 1
    sizes = ends - starts
    longest = int(sizes.max())
    # All runs step together; a run that has ended keeps what it has.
    at = np.minimum(starts[:, None] + np.arange(longest), ends[:, None] - 1)
    best = scores[at[:, 0]] + np.where((starts == 0)[:, None], model.first, model.moves[0])
    back = np.zeros((longest, len(starts), scores.shape[1]), np.int64)
    for step in range(1, longest):
        through = best[:, :, None] + model.moves
        back[step] = through.argmax(axis=1)
        moved = through.max(axis=1) + scores[at[:, step]]
        best = np.where((step < sizes)[:, None], moved, best)
    label = (best + model.moves[:, 0]).argmax(axis=1)
    rows = np.arange(len(starts))
    for step in range(longest - 1, -1, -1):
        live = step < sizes
        out[at[live, step]] = label[live]
        if step:
            label = np.where(live, back[step, rows, label], label)
    return out


def _spans(scores: Floats, path: Ints) -> list[Tagged]:
    found = np.flatnonzero(path)
    out: list[Tagged] = []
    first = last = -1
    for at in map(int, found):
        label = int(path[at])
        inside = label % 2 == 0 and at == last and int(path[at - 1]) in {label, label - 1}
        if inside:
            last = at + 1
            continue
        if first >= 0:
            out.append(_tagged(scores, path, first, last))
        first, last = at, at + 1
    if first >= 0:
        out.append(_tagged(scores, path, first, last))
    return out


def _tagged(scores: Floats, path: Ints, first: int, last: int) -> Tagged:
    rows = np.arange(first, last)
    margin = float((scores[rows, path[rows]] - scores[rows, 0]).mean())
    return Tagged(first, last, KINDS[(int(path[first]) - 1) // 2], margin)
