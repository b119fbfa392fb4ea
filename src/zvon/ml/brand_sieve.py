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
        # A few names hold other letters, as such or encoded; they are always worth a look.
        found = {at for at, name in enumerate(names) if "xn--" in name} if "xn--" in text else set()
        if not text.isascii():
            foreign = {at for at, name in enumerate(names) if not name.isascii()}
            text = _END.join("" if at in foreign else name for at, name in enumerate(names))
            found |= foreign
        words = text.translate(_CUT).split(" ")
        found.update(_places(words, self._wanted(set(words))))
        found.update(
            self._split([at for at, name in enumerate(names) if "-" in name], names, found)
        )
        return sorted(found)

    def _split(self, hyphened: list[int], names: Sequence[str], found: set[int]) -> Iterator[int]:
        """Of names with hyphens, those that hold an alias when the hyphens are taken out."""
        places = [at for at in hyphened if at not in found]
        some = [names[at] for at in places]
        labels = _END.join(some).translate(_JOIN).split(" ")
        forms, origins = _readings(set(labels) - {"", _END})
        near = self._holding(_Batch(forms))
        yield from (places[at] for at in _places(labels, {origins[at] for at in near}))
        # Hyphens between two letters that print like one: joined they read otherwise than apart.
        yield from (
            at for at, name in zip(places, some, strict=True) if "r-n" in name or "v-v" in name
        )

    def _wanted(self, words: set[str]) -> set[str]:
        """Of these words, those that the matcher might read as an alias."""
        forms, origins = _readings(words - {"", _END})
        batch = _Batch(forms)
        near = {*self._holding(batch), *self._erring(batch)}
        near.update(at for at, form in enumerate(forms) if form in self.whole)
        return {origins[at] for at in near}

    def _holding(self, batch: "_Batch") -> Iterable[int]:
        """The words that hold an alias as a part."""
        if not len(self.parts):
            return ()
        ends = np.fromiter((end for end, _ in self.parts.iter(batch.text)), dtype=np.int64)
        found: list[int] = np.unique(np.searchsorted(batch.stops, ends)).tolist()
        return found

    def _erring(self, batch: "_Batch") -> Iterator[int]:
        """The words that an alias becomes by an error or two.

        Words of about its length whose letters differ from its own by no more than the errors
        could bring; of those few the distance is measured.
        """
        order = np.argsort(batch.lengths, kind="stable")
        lengths, letters = batch.lengths[order], batch.letters()[order]
        for word, limit, own in self.typo:
            low, high = np.searchsorted(lengths, (len(word) - limit, len(word) + limit + 1))
            part = letters[low:high]
            close = np.flatnonzero(np.bitwise_count(part & ~own) <= limit)
            close = close[np.bitwise_count(own & ~part[close]) <= limit]
            for at in order[low + close].tolist():
                form = batch.words[at]
                ends = form[0] == word[0] or form[-1] == word[-1]
                if ends and OSA.distance(word, form, score_cutoff=limit) <= limit:
                    yield at


class _Batch:
    """Words laid out one after another, so that questions about all of them are asked at once."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.text = "".join(f"{word}{_END}" for word in words)
        self.codes = np.frombuffer(self.text.encode("ascii"), dtype=np.uint8)
        self.stops = np.flatnonzero(self.codes == ord(_END))
        self.lengths = np.diff(self.stops, prepend=-1) - 1

    def letters(self) -> NDArray[np.uint64]:
        """For each word the set of its characters as bits."""
        if not self.words:
            return np.zeros(0, dtype=np.uint64)
        starts = self.stops - self.lengths
        return np.bitwise_or.reduceat(_LETTER[self.codes], starts).astype(np.uint64, copy=False)


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


def _readings(words: Collection[str]) -> tuple[list[str], list[str]]:
    """The words and all other readings of them, and beside each the word that it is one of."""
    forms, origins = list(words), list(words)
    mixed = [word for word in forms if not word.isalpha() and not word.isdigit()]
    if mixed:
        text = _END.join(mixed)
        for table in (fold.LEET, fold.LEET_L):
            forms += text.translate(table).split(_END)
            origins += mixed
    for word in [word for word in words if "rn" in word or "vv" in word]:
        more = fold.unleet(word)
        forms += more
        origins += [word] * len(more)
    return forms, origins


def _letters(word: str) -> np.uint64:
    return np.uint64(np.bitwise_or.reduce(_LETTER[np.frombuffer(word.encode(), dtype=np.uint8)]))
