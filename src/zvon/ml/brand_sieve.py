"""Which names of a batch are worth a look by the brand matcher: cheap rejection first.

A stream of names holds tens of thousands of words that nobody saw before, and nearly none is near
an alias. So a batch is cut into its words at once; each different word is asked a few questions
that are answered in C: is it an alias, does it hold one, are its letters those of one but for an
error or two. What passes is only a candidate: the matcher decides. It never drops a name that the
matcher would hit; a test compares them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import ahocorasick
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from zvon.ml import fold

_END = "\n"
_KEPT = "abcdefghijklmnopqrstuvwxyz0123456789$"
_ASCII = dict.fromkeys(range(128), " ") | {ord(_END): " \n "}
# What is no letter or digit parts words; the end of a name is a word of its own.
_CUT = _ASCII | {ord(c): c for c in _KEPT}
# The same with only dots as parting: a label without its hyphens.
_JOIN = (
    dict.fromkeys(range(128), "") | {ord("."): " ", ord(_END): " \n "} | {ord(c): c for c in _KEPT}
)
_LETTER = np.zeros(256, dtype=np.uint64)
for _n, _c in enumerate(_KEPT):
    _LETTER[ord(_c)] = np.uint64(1 << _n)


class Sieve:
    """The questions, compiled from a registry's words.

    `whole` are aliases, `glued` those that may be part of a word, `split` those that hyphens may
    cut, `inside` the official names, `typo` the aliases with the errors that they may have.
    """

    def __init__(
        self,
        *,
        whole: Collection[str],
        glued: Collection[str],
        split: Collection[str],
        inside: Collection[str],
        typo: Mapping[str, int],
    ) -> None:
        # An official name is cut into words too; the longest that is no top-level domain stands
        # for it.
        self.whole = frozenset(whole) | {
            max(fold.tokens(name.rpartition(".")[0]), key=len) for name in inside
        }
        self.parts = ahocorasick.Automaton()
        for word in {*glued, *split}:
            self.parts.add_word(word, len(word))
        if len(self.parts):
            self.parts.make_automaton()
        self.typo = sorted(
            ((word, limit, _letters(word)) for word, limit in typo.items()),
            key=lambda row: len(row[0]),
        )

    def sift(self, names: Sequence[str]) -> list[int]:
        """The places of the candidates among `names`, in order. Names are A-labels in lower case."""
        text = _END.join(names)
        found: set[int] = set()
        if not text.isascii() or "xn--" in text:
            # A few names hold other letters, as such or encoded; they are always worth a look.
            found = {at for at, name in enumerate(names) if not name.isascii() or "xn--" in name}
            text = _END.join("" if at in found else name for at, name in enumerate(names))
        words = text.translate(_CUT).split(" ")
        found.update(_places(words, self._wanted(set(words))))
        hyphened = [at for at, name in enumerate(names) if "-" in name and at not in found]
        found.update(self._split([names[at] for at in hyphened], hyphened))
        return sorted(found)

    def _split(self, names: list[str], places: list[int]) -> Iterator[int]:
        """Of names with hyphens, those that hold an alias when the hyphens are taken out."""
        labels = _END.join(names).translate(_JOIN).split(" ")
        different = set(labels) - {"", _END}
        readings = _readings(different)
        near = self._holding([*different, *(readings.keys() - different)])
        wanted = {word for form in near for word in readings.get(form, ())} | (near & different)
        yield from (places[at] for at in _places(labels, wanted))
        # Hyphens between two letters that print like one: joined they read otherwise than apart.
        yield from (
            at for at, name in zip(places, names, strict=True) if "r-n" in name or "v-v" in name
        )

    def _wanted(self, words: set[str]) -> set[str]:
        """Of these words, those that the matcher might read as an alias."""
        words -= {"", _END}
        wanted = words & self.whole
        readings = _readings(words)
        forms = [*words, *readings.keys() - words]
        near = self._holding(forms) | self._erring(forms) | (self.whole & readings.keys())
        for form in near:
            wanted.update(readings.get(form, ()))
        return wanted | (near & words)

    def _holding(self, forms: list[str]) -> set[str]:
        """The words that hold an alias as a part."""
        if not len(self.parts):
            return set()
        text = _END.join(forms)
        ends = np.fromiter((end for end, _ in self.parts.iter(text)), dtype=np.int64)
        if not len(ends):
            return set()
        lengths = np.fromiter(map(len, forms), dtype=np.int64, count=len(forms))
        stops = np.cumsum(lengths + 1)
        return {forms[at] for at in np.unique(np.searchsorted(stops, ends, side="right"))}

    def _erring(self, forms: list[str]) -> set[str]:
        """The words that an alias becomes by an error or two.

        Words of about its length whose letters differ from its own by no more than the errors
        could bring; of those few the distance is measured.
        """
        if not self.typo or not forms:
            return set()
        lengths = np.fromiter(map(len, forms), dtype=np.int64, count=len(forms))
        order = np.argsort(lengths, kind="stable")
        lengths = lengths[order]
        letters = _letter_sets(forms)[order]
        found: set[str] = set()
        for word, limit, own in self.typo:
            low, high = np.searchsorted(lengths, (len(word) - limit, len(word) + limit + 1))
            part = letters[low:high]
            close = np.bitwise_count(part & ~own) <= limit
            close &= np.bitwise_count(own & ~part) <= limit
            for at in np.flatnonzero(close):
                form = forms[order[low + at]]
                if (
                    form not in found
                    and (form[0] == word[0] or form[-1] == word[-1])
                    and OSA.distance(word, form, score_cutoff=limit) <= limit
                ):
                    found.add(form)
        return found


def _places(words: Sequence[str], wanted: set[str]) -> Iterator[int]:
    """The names, counted by their ends, that hold a wanted word."""
    if not wanted:
        return
    at = 0
    marks = wanted | {_END}
    for word in [word for word in words if word in marks]:
        if word == _END:
            at += 1
        else:
            yield at


def _readings(words: Iterable[str]) -> dict[str, list[str]]:
    """Other readings of the words that have any, each with the words that it is a reading of."""
    found: dict[str, list[str]] = {}
    for word in [w for w in words if not w.isalpha() or "rn" in w or "vv" in w]:
        for form in fold.unleet(word):
            found.setdefault(form, []).append(word)
    return found


def _letters(word: str) -> np.uint64:
    return np.uint64(np.bitwise_or.reduce(_LETTER[np.frombuffer(word.encode(), dtype=np.uint8)]))


def _letter_sets(forms: Sequence[str]) -> NDArray[np.uint64]:
    """For each word the set of its characters as bits."""
    text = "".join(forms).encode()
    lengths = np.fromiter(map(len, forms), dtype=np.int64, count=len(forms))
    starts = np.cumsum(lengths) - lengths
    bits = np.bitwise_or.reduceat(_LETTER[np.frombuffer(text, dtype=np.uint8)], starts)
    return bits.astype(np.uint64, copy=False)
