"""From scores of labels to the best labels, and from labels to what was found."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from zvon.ml.pii.model import KINDS, LABELS, Floats


class Tagged(Struct, frozen=True):
    """Words `first` to `last` (half-open) are of `kind`; `margin` is how much better than nothing."""

    first: int
    last: int
    kind: str
    margin: float


def reach(moves: Floats) -> float:
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


def best_path(scores: Floats, moves: Sequence[Sequence[float]], first: Sequence[float], safe: float) -> list[int]:  # fmt: skip
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


def spans(scores: Floats, path: list[int]) -> list[Tagged]:
    """What the labels say was found, in order."""
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
