"""The tagger: a model, the lists it reads by, and what it remembers of words."""

from collections.abc import Sequence

import numpy as np

from zvon.ml.pii.decode import Tagged, best_path, reach
from zvon.ml.pii.decode import spans as spans_of
from zvon.ml.pii.features import (
    STARTS,
    Facet,
    Ints,
    class_of,
    context_buckets,
    gap_classes,
    word_buckets,
)
from zvon.ml.pii.model import LABELS, Floats, Model

REMEMBERED = 40_000  # words whose scores are kept
PORTION = 4_000  # words that are read at once, so that a text of any length fits

# Which columns of a word's buckets (16 of its own, 6 from beside, 3 from afar) each table reads.
_COLUMNS = ((0, 16), (16, 22), (16, 22), (22, 25), (22, 25))


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
        self._safe = reach(model.moves)
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
            found_spans = spans_of(scores, best_path(scores, self._moves, self._first, self._safe))
            out += [Tagged(s.first + start, s.last + start, s.kind, s.margin) for s in found_spans]
        return classes, out
