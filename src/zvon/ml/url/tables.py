"""What was learned about words, suffixes, letters and n-grams: arrays that addresses look up."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.url.hashing import Hashes, bucket
from zvon.ml.url.layout import Floats, Ints
from zvon.ml.url.suffixes import Rules

WORD_BITS = 17
SUFFIX_BITS = 14
LETTER_BITS = 16
GRAM_BITS = 18
SUB, OWN, SUFFIX, REST = range(4)  # the four parts of an address
# The same word means something else in a subdomain, a registrable label, a suffix and a path.
_SALTS = np.array([0x1234567, 0x89ABCDE, 0x13579BD, 0x2468ACE], np.uint64)


class Tables(Struct, frozen=True, eq=False):
    """All learned look-up tables; log-odds are natural, 0 is "never seen".

    `word` and `word_seen`: log-odds, and log1p of the number of domains, of a whole word in its
    part. `suffix` and `suffix_seen`: the same for public suffixes and last labels. `letters`:
    log-likelihood of host trigrams among harmless names. `grams`: for each linear model of hashed
    n-grams its weights, shape (2**GRAM_BITS,).
    """

    rules: Rules
    word: Floats
    word_seen: Floats
    suffix: Floats
    suffix_seen: Floats
    letters: Floats
    grams: tuple[Floats, ...]


def word_bucket(hashes: Hashes, part: NDArray[np.int64]) -> Ints:
    """Where a word of a part of an address is kept."""
    return bucket(hashes ^ _SALTS[part], WORD_BITS)


def suffix_bucket(hashes: Hashes) -> Ints:
    """Where a suffix is kept."""
    return bucket(hashes, SUFFIX_BITS)
