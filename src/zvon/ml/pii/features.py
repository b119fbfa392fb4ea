"""What the tagger looks at: the word, its neighbours, and what stands between them.

Everything that depends on one word alone is hashed once per distinct word (`word_buckets`); what
depends on neighbours is computed for a whole text at once from small class numbers
(`context_buckets`), so that a text costs a few array operations and not a loop over features.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Facet = Callable[[str], int]  # a folded word to its class, 0 to FACETS - 1

FACETS = 32
SHAPES = 8
CLASSES = SHAPES * FACETS
GAPS = 24

HERE, NEAR, FAR, CONTEXT = 1 << 15, 1 << 13, 1 << 12, 1 << 15
# Offsets of the tables in one long row of buckets: this word, words at -1, +1, -2, +2, context.
TABLES = (HERE, NEAR, NEAR, FAR, FAR, CONTEXT)
STARTS = tuple(int(n) for n in np.cumsum((0, *TABLES)))
SIZE = STARTS[-1]

_DIGITS = re.compile(r"\d")


@lru_cache(maxsize=65536)
def shape(text: str) -> int:
    """How a word is written: lower, Capital, CAPITALS, one letter, digits, mixed, a placeholder."""
    if text[0] == "<":
        return 7
    if text.isdigit():
        return 4
    if any(c.isdigit() for c in text):
        return 5
    if len(text) == 1:
        return 3 if text.isupper() else 0
    if text.islower():
        return 0
    if text.isupper():
        return 2
    return 1 if text[0].isupper() else 6


_PLACES = {"<EMAIL>": 22, "<PHONE>": 23, "<URL>": 24, "<NET>": 24, "<ID>": 25, "<BRAND>": 26}


def class_of(text: str, folded: str, facet: Facet) -> int:
    """The class of a word for its neighbours: its shape and what the lists say of it."""
    kind = shape(text)
    if kind == 7:
        listed = _PLACES.get(text, 27)
    elif kind == 4:
        listed = min(len(text), 8) + 22  # 23..30: how many digits
    else:
        listed = facet(folded)
    return kind * FACETS + listed


def word_buckets(text: str, folded: str, cls: int) -> tuple[list[int], list[int], list[int]]:
    """Buckets of one word seen from its own place, from beside it, and from two words away."""
    plain = _DIGITS.sub("0", folded)
    raw = plain.encode("utf-8", "surrogatepass")
    here = [
        crc32(raw, 1), crc32(raw[:1], 2), crc32(raw[:2], 3), crc32(raw[:3], 4), crc32(raw[:4], 5),
        crc32(raw[:5], 6), crc32(raw[-1:], 7), crc32(raw[-2:], 8), crc32(raw[-3:], 9),
        crc32(raw[-4:], 10), crc32(raw[-5:], 11), crc32(b"%d" % cls, 12),
        crc32(b"%d" % min(len(raw), 12), 13), crc32(b"%d" % (cls % FACETS), 14),
        crc32(b"%d" % shape(text), 15), crc32(raw[-3:] + b"%d" % shape(text), 16),
    ]  # fmt: skip
    near = [
        crc32(raw, 21), crc32(raw[-3:], 22), crc32(raw[-2:], 23), crc32(raw[:4], 24),
        crc32(b"%d" % cls, 25), crc32(b"%d" % (cls % FACETS), 26),
    ]  # fmt: skip
    far = [crc32(raw, 31), crc32(b"%d" % cls, 32), crc32(b"%d" % (cls % FACETS), 33)]
    return [b % HERE for b in here], [b % NEAR for b in near], [b % FAR for b in far]


_GAP_CLASS = {
    "": 1, " ": 2, ", ": 3, ". ": 4, ": ": 5, "\n": 6, "\n\n": 7, " (": 8, ") ": 9, ".": 10,
    "/": 11, "-": 12, "_": 13, "@": 14, ":": 15, "=": 16, "; ": 17, ",": 3, ";": 17, "\t": 18,
    "\\": 19, " - ": 20, " – ": 20, "|": 21, " | ": 21,
}  # fmt: skip


@lru_cache(maxsize=8192)
def gap_class(gap: str) -> int:
    """What stands between two words; 0 is the beginning of the text."""
    found = _GAP_CLASS.get(gap)
    if found is not None:
        return found
    if "\n\n" in gap or "\n\r\n" in gap:
        return 7
    if "\n" in gap:
        return 6
    if "." in gap or "!" in gap or "?" in gap:
        return 4
    if ":" in gap:
        return 5
    if '"' in gap or "»" in gap or "„" in gap or "“" in gap or "'" in gap:
        return 22
    if "(" in gap or "[" in gap:
        return 8
    if ")" in gap or "]" in gap:
        return 9
    if "," in gap:
        return 3
    return 2 if gap.isspace() else 23


def context_buckets(classes: Ints, gaps: Ints) -> Ints:
    """Buckets of each word's surroundings, shape (words, 9).

    `classes` are those of the words, `gaps` what stands before each, one more at the end.
    """
    n = len(classes)
    wide = np.zeros(n + 4, np.int64)
    wide[2:-2] = classes + 1
    before, after = gaps[:n], gaps[1 : n + 1]
    here, left, right = wide[2:-2], wide[1:-3], wide[3:-1]
    kind, kind_left, kind_right = here % FACETS, left % FACETS, right % FACETS
    out = np.stack([
        before * 31 + 1,
        after * 31 + 2,
        (here * 32 + before) * 31 + 3,
        (here * 32 + after) * 31 + 4,
        ((left * 32 + before) * 512 + here) * 31 + 5,
        ((right * 32 + after) * 512 + here) * 31 + 6,
        (((kind_left * 32 + kind) * 32 + kind_right) * 32 + before) * 31 + 7,
        ((left * 512 + here) * 512 + right) * 31 + 8,
        ((wide[:-4] * 512 + left) * 32 + before) * 31 + 9,
    ], axis=1)  # fmt: skip
    # Multiplicative hashing (Knuth 6.4): the high bits of the product are the bucket.
    mixed = (out.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(49)
    return np.asarray(mixed.astype(np.int64) % CONTEXT)


def gap_classes(gaps: Sequence[str]) -> Ints:
    """Classes of the gaps before each word, and of the end."""
    return np.fromiter((gap_class(gap) for gap in gaps), np.int64, len(gaps))
