"""The text of a lure without what changes from victim to victim.

Slots replace address, amount, date, code, number and name; words are folded. Two texts are one
template when their five-word shingles overlap enough, estimated by MinHash (Broder 1997).
"""

import hashlib
import re
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from zvon.ml.fold import accents

WORDS = 5
PERMUTATIONS = 128
BANDS = 16
ALIKE = 0.7
ALIKE_SET = 0.6  # of sets of resources, compared in `SET_BANDS` bands
SET_BANDS = 32
LEAST_SET = 4  # a page with fewer resources of its own says too little
MAX_CHARS = 20_000  # a lure says what it wants in its first pages
LEAST_SHINGLES = 4  # a shorter text says too little to be anybody's template

Signature = NDArray[np.uint32]

# Every repetition is bounded or anchored: a hostile text must not take more than linear time.
_SLOTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b(?:https?|hxxps?)\S+|\bwww\.\S+|\b[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}/\S*"),
     " urlslot "),
    (re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}"), " mailslot "),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b"), " ibanslot "),
    (re.compile(r"(?i)\b\d{1,9}(?:[.,]\d{1,3}){0,4}\s?(?:eur|€|kn|usd|\$)"
                r"|(?:€|\$)\s?\d{1,9}(?:[.,]\d{1,3}){0,4}"), " amountslot "),
    (re.compile(r"\b\d{1,2}\.\s?\d{1,2}\.(?:\s?\d{4})?|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}:\d\d\b"),
     " dateslot "),
    (re.compile(r"\+?\d(?:[ /-]?\d){6,18}"), " phoneslot "),
    (re.compile(r"\b(?=[A-Z0-9-]{0,40}\d)(?=[A-Z0-9-]{0,40}[A-Z])[A-Z0-9-]{5,40}\b"),
     " codeslot "),
    (re.compile(r"\d+"), " numberslot "),
)  # fmt: skip
_GREETING = re.compile(
    r"(?i)\b(spo[šs]tovan[ia]|pozdravljen[ia]?|[žz]ivijo|po[šs]tovan[ia]|dragi|draga|dear|hello|hi)"
    r"(?-i:((?:\s+[A-ZČŠŽĆĐ][\w'’-]+){1,3}))"
)
_WORD = re.compile(r"[a-z]+")


def template(text: str, most: int = MAX_CHARS) -> str:
    """The first `most` characters with slots, lower case, without accents and punctuation."""
    text = _GREETING.sub(r"\1 nameslot", text[:most])
    for pattern, slot in _SLOTS:
        text = pattern.sub(slot, text)
    return " ".join(_WORD.findall(accents(text)))


def shingles(text: str) -> frozenset[str]:
    """The runs of five words of the template of `text`."""
    words = template(text).split()
    return frozenset(" ".join(words[n : n + WORDS]) for n in range(len(words) - WORDS + 1))


def signature(text: str) -> Signature | None:
    """128 MinHash values, or `None` when the text is too short to be a template."""
    parts = shingles(text)
    return None if len(parts) < LEAST_SHINGLES else sketch(parts)


def sketch(parts: Collection[str]) -> Signature:
    """128 MinHash values of a set that is not empty; any order gives the same."""
    hashes = np.array([_hash(part) for part in sorted(parts)], dtype=np.uint64)
    mixed = hashes[:, None] * _MULTIPLY[None, :] + _ADD[None, :]  # wraps at 2**64, as intended
    smallest: Signature = (mixed >> np.uint64(32)).min(axis=0).astype(np.uint32)
    return smallest


def similarity(left: Signature, right: Signature) -> float:
    """The estimated Jaccard similarity of the two texts."""
    return float(np.mean(left == right))


def bands(sketched: Signature, count: int = BANDS) -> tuple[int, ...]:
    """`count` keys, as signed 64-bit numbers; alike sets share at least one.

    With 16 keys of eight values a pair of similarity .7 meets with probability .61, of .8 .95, of
    .9 more than .9999; with 32 keys of four one of .6 with .988, of .3 with .23.
    """
    rows = sketched.reshape(count, -1)
    return tuple(
        int.from_bytes(
            hashlib.blake2b(bytes([n]) + row.tobytes(), digest_size=8).digest(), signed=True
        )
        for n, row in enumerate(rows)
    )


def name(sketched: Signature) -> str:
    """A short stable name for the template whose first text has this signature."""
    return hashlib.blake2b(sketched.astype("<u4").tobytes(), digest_size=8).hexdigest()


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def _constants(salt: str) -> NDArray[np.uint64]:
    return np.array([_hash(f"{salt} {n}") for n in range(PERMUTATIONS)], dtype=np.uint64)


_MULTIPLY = _constants("multiply") | np.uint64(1)
_ADD = _constants("add")
