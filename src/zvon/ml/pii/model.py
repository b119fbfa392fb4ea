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


# Which columns of a word's buckets (16 of its own, 6 from beside, 3 from afar) each table reads.
_COLUMNS = ((0, 16), (16, 22), (16, 22), (22, 25), (22, 25))


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
        self._safe = _reach(model.moves)
        self._moves: list[list[float]] = model.moves.tolist()
        self._first: list[float] = model.first.tolist()
        self._width = width

    def classes(self, texts: Sequence[str], folded: Sequence[str]) -> list[int]:
        """The classes of words (`features.class_of`), without a look at what is around them."""
        return [class_of(t, f, self._facet) for t, f in zip(texts, folded, strict=True)]

    def _learn(self, words: Sequence[tuple[str, str]]) -> None:
        """Remember the scores of words, all new ones of a text in one go."""
        if len(self._places) + len(words) > REMEMBERED:
            self._places.clear()
        places = self._places
        first = len(places)
        buckets: list[list[int]] = []
        for text, folded in words:
            if text not in places:
                at = places[text] = len(places)
                self._classes[at] = cls = class_of(text, folded, self._facet)
                here, near, far = word_buckets(text, folded, cls)
                buckets.append([*here, *near, *far])
        rows = np.array(buckets, np.int64)
        weights = self._model.weights
        for table, (low, high) in enumerate(_COLUMNS):
            found = weights[rows[:, low:high] + STARTS[table]]
            self._remembered[table, first : len(places)] = found.sum(axis=1)

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
            spans = _spans(scores, _path(scores, self._moves, self._first, self._safe))
            out += [Tagged(s.first + start, s.last + start, s.kind, s.margin) for s in spans]
        return classes, out


def _reach(moves: Floats) -> float:
    """How large a lead of `O` can be made up for by the moves to a label and away from it."""
    outer = [0, *range(1, len(LABELS), 2)]  # what may follow `O`
    best = 0.0
    for label in range(1, len(LABELS)):
        to = (moves[:, label] - moves[:, 0]).max()
        away = (moves[label, outer] - moves[0, outer]).max()
        best = max(best, float(to + away))
    return min(best, CERTAIN)


CERTAIN = 2.0  # a word that is nothing by so much needs no path; loses 1 value in 150
_ALONE = (0, *range(1, len(LABELS), 2))  # what one word by itself may be
BEAM = 4.0  # labels so far behind the best one of a word are not tried


def _path(scores: Floats, moves: Sequence[Sequence[float]], first: Sequence[float], safe: float) -> list[int]:  # fmt: skip
    """The best labels of all words (Viterbi 1967).

    Only runs of words that may be something are searched, and only labels near a word's best; a
    few labels of a few words are sooner done in plain loops than by arrays.
    """
    out = [0] * len(scores)
    best = scores[:, 1:].max(axis=1)
    unsure = np.flatnonzero(scores[:, 0] - best < safe).tolist()
    if not unsure:
        return out
    rows = scores[unsure].tolist()
    at = 0
    while at < len(unsure):
        end = at + 1
        while end < len(unsure) and unsure[end] == unsure[end - 1] + 1:
            end += 1
        before = first if unsure[at] == 0 else moves[0]
        if end - at == 1:
            row = rows[at]
            best_label = max(_ALONE, key=lambda n: before[n] + row[n] + moves[n][0])
            out[unsure[at]] = best_label
        else:
            out[unsure[at] : unsure[end - 1] + 1] = _run(rows[at:end], before, moves)
        at = end
    return out


def _run(
    rows: Sequence[Sequence[float]], before: Sequence[float], moves: Sequence[Sequence[float]]
) -> list[int]:
    """The best labels of words that follow a word that is nothing, and are followed by one."""
    trail: list[dict[int, int]] = []
    reached: dict[int, float] = {}
    for row in rows:
        least = max(row) - BEAM
        labels = [0]
        for begin in range(1, len(row), 2):
            if row[begin] >= least or row[begin + 1] >= least:
                labels += (begin, begin + 1)
        onward: dict[int, float] = {}
        back: dict[int, int] = {}
        for label in labels:
            top, source = -1e30, 0
            if label and label % 2 == 0:  # inside: only behind its own kind
                for old in (label - 1, label):
                    if old in reached and reached[old] + moves[old][label] > top:
                        top, source = reached[old] + moves[old][label], old
            elif not trail:
                top = before[label]
            else:
                for old, value in reached.items():
                    gained = value + moves[old][label]
                    if gained > top:
                        top, source = gained, old
            onward[label] = top + row[label]
            back[label] = source
        trail.append(back)
        reached = onward
    label = max(reached, key=lambda found: reached[found] + moves[found][0])
    out = []
    for back in reversed(trail):
        out.append(label)
        label = back[label]
    return out[::-1]


def _spans(scores: Floats, path: list[int]) -> list[Tagged]:
    found = [at for at, label in enumerate(path) if label]
    if not found:
        return []
    labels = path
    gains = (scores[found, [path[at] for at in found]] - scores[found, 0]).tolist()
    out: list[Tagged] = []
    first = last = -1
    total = 0.0
    for at, gain in zip((*found, len(path) + 1), (*gains, 0.0), strict=True):
        if (
            at == last
            and at < len(labels)
            and labels[at] % 2 == 0
            and labels[at - 1] in {labels[at], labels[at] - 1}
        ):
            last += 1
            total += gain
            continue
        if first >= 0:
            kind = KINDS[(labels[first] - 1) // 2]
            out.append(Tagged(first, last, kind, total / (last - first)))
        first, last, total = at, at + 1, gain
    return out
