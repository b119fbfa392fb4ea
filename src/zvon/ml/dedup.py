"""Texts that say the same: the same letters, the same template, or most of the same pieces.

Pieces are runs of four words in a text of 60 words or more and runs of five letters in a shorter
one (a short message has too few runs of words), compared by MinHash (Broder 1997) of the words
that `ml.template` leaves. The pieces, the permutations and the bands are named by `scheme`:
signatures of two schemes cannot be compared.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from msgspec import Struct

from zvon.ml.template import (
    LEAST_SHINGLES,
    SET_BANDS,
    Signature,
    bands,
    similarity,
    sketch,
    template,
)

ALIKE = 0.5  # Jaccard similarity from which two texts are one card
LONG_WORDS = 60
RUN_WORDS = 4
RUN_LETTERS = 5
MAX_CHARS = 200_000
WORDS_SCHEME = "minhash128-words4-1"
LETTERS_SCHEME = "minhash128-letters5-1"
NO_SCHEME = "none"  # too short for a signature: only the same text or template is a duplicate

_SPACE = re.compile(r"\s+")
# A slot is one sign among letters, or two messages would be alike for having the same slots.
_SLOT = re.compile(r"\b(?:url|mail|iban|amount|date|phone|code|number|name)slot\b")


class Marks(Struct, frozen=True, eq=False):
    """What a text is compared by.

    `exact` is the digest of the text without its case and spacing, `template` of the text without
    what changes from victim to victim; both 32 hexadecimal digits, `template` empty where nothing
    is left. `signature` holds 128 MinHash values, or is `None` for a text of a few words.
    `bands` are 32 signed 64-bit keys for an index: texts of similarity .5 share one with
    probability .87, of .6 with .988, of .7 with .9998.
    """

    exact: str
    template: str
    signature: Signature | None
    bands: tuple[int, ...]
    scheme: str


class Placed(Struct, frozen=True):
    """Where a text went: its cluster and its nearest earlier text, both by position.

    `cluster` is the position of the first text of the cluster. `nearest` is `None`, and `jaccard`
    the best similarity below the threshold that was met, where the text is the first of its kind.
    """

    cluster: int
    nearest: int | None
    jaccard: float


def marks(text: str) -> Marks:
    """The marks of a text; only its first 200,000 characters count, except for `exact`."""
    plain = _SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()
    bare = template(text, MAX_CHARS)
    words = bare.split()
    if len(words) >= LONG_WORDS:
        scheme, pieces = WORDS_SCHEME, _runs(words)
    else:
        scheme, pieces = LETTERS_SCHEME, _letters(bare)
    exact = _digest(plain)
    if len(pieces) < LEAST_SHINGLES:
        return Marks(exact, _digest(bare) if words else "", None, (), NO_SCHEME)
    signature = sketch(pieces)
    return Marks(exact, _digest(bare), signature, _keys(signature, scheme), scheme)


def jaccard(left: Marks, right: Marks) -> float:
    """The similarity of two texts: 1 for the same text or template, else MinHash's estimate.

    The estimate has a standard error of .044 at most. Signatures of two schemes give 0.
    """
    if left.exact == right.exact or (left.template and left.template == right.template):
        return 1.0
    if left.signature is None or right.signature is None or left.scheme != right.scheme:
        return 0.0
    return similarity(left.signature, right.signature)


def place(texts: Iterable[Marks], threshold: float = ALIKE) -> Iterator[Placed]:
    """Put each text beside its nearest earlier one that is alike enough, or in a new cluster.

    Of equally near texts the earliest counts. Work grows with the texts that share a band, of
    which at most `MOST_COMPARED` clusters are compared.
    """
    index = _Index(threshold)
    for found in texts:
        yield index.add(found)


MOST_COMPARED = 400


class _Index:
    """Clusters by their exact text, template and bands.

    Of a cluster every text with a template of its own is kept: repeats add nothing.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.count = 0
        self.same: dict[str, int] = {}
        self.banded: dict[int, list[int]] = {}
        self.kept: dict[int, Marks] = {}
        self.cluster: dict[int, int] = {}

    def add(self, found: Marks) -> Placed:
        mine, self.count = self.count, self.count + 1
        for key in (found.exact, found.template):
            if key and key in self.same:
                nearest = self.same[key]
                self.same.setdefault(found.exact, nearest)
                return Placed(self.cluster[nearest], nearest, 1.0)
        best, near = self._nearest(found)
        alike = near is not None and best >= self.threshold
        self.cluster[mine] = self.cluster[near] if alike and near is not None else mine
        self.kept[mine] = found
        for key in (found.exact, found.template):
            if key:
                self.same[key] = mine
        for band in found.bands:
            self.banded.setdefault(band, []).append(mine)
        return Placed(self.cluster[mine], near if alike else None, round(best, 4))

    def _nearest(self, found: Marks) -> tuple[float, int | None]:
        shared: dict[int, int] = {}
        for band in found.bands:
            for other in self.banded.get(band, ()):
                shared[other] = shared.get(other, 0) + 1
        # Those that share most bands are the most alike ones.
        likely = sorted(shared, key=lambda n: (-shared[n], n))[:MOST_COMPARED]
        best: tuple[float, int | None] = (0.0, None)
        for other in sorted(likely):
            value = jaccard(found, self.kept[other])
            if value > best[0]:
                best = (value, other)
        return best


def _runs(words: Sequence[str]) -> frozenset[str]:
    return frozenset(" ".join(words[n : n + RUN_WORDS]) for n in range(len(words) - RUN_WORDS + 1))


def _letters(bare: str) -> frozenset[str]:
    line = f" {_SLOT.sub('0', bare)} "
    return frozenset(line[n : n + RUN_LETTERS] for n in range(len(line) - RUN_LETTERS + 1))


def _keys(signature: Signature, scheme: str) -> tuple[int, ...]:
    """Bands that only meet within one scheme."""
    salt = np.int64(int.from_bytes(hashlib.blake2b(scheme.encode(), digest_size=7).digest()))
    return tuple(int(np.int64(key) ^ salt) for key in bands(signature, SET_BANDS))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
