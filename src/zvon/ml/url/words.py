"""The words of addresses: runs of letters and digits, and the part that each stands in."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.url.hashing import Hashes, Spans, span_hash
from zvon.ml.url.layout import Floats, Ints, Layout
from zvon.ml.url.suffixes import Cut
from zvon.ml.url.tables import OWN, REST, SUB, SUFFIX

EXTENSIONS = ("html", "htm", "php", "asp", "aspx", "jsp", "js", "pdf", "exe", "zip", "xml", "cgi")
_EXTENSION_KEYS = [np.uint64(span_hash(name.encode())) for name in EXTENSIONS]
_ALNUM = np.zeros(256, np.bool_)
_ALNUM[[*range(48, 58), *range(97, 123), *range(128, 256)]] = True


class Words(Struct, frozen=True, eq=False):
    """All words of a chunk in order: spans [first, last), hash, address and part (SUB … REST)."""

    first: Ints
    last: Ints
    hashes: Hashes
    owner: NDArray[np.int32]
    part: Ints

    def extension(self, layout: Layout) -> Floats:
        """1 + place in EXTENSIONS of the word after the last dot of each address; 0 for none."""
        out = np.zeros(layout.count, np.float32)
        if not len(self.first):
            return out
        closes = np.concatenate([self.owner[1:] != self.owner[:-1], [True]])
        dotted = layout.flat[self.first - 1] == ord(".")
        ends = np.flatnonzero(closes & dotted & (self.part == REST))
        for n, key in enumerate(_EXTENSION_KEYS, start=1):
            out[self.owner[ends[self.hashes[ends] == key]]] = n
        return out


def words_of(layout: Layout, at: Cut, spans: Spans) -> Words:
    """Find all words of a laid out chunk."""
    inside = _ALNUM[layout.flat]
    edge = np.flatnonzero(inside[1:] != inside[:-1]) + 1  # markers stand at both ends
    first, last = edge[0::2], edge[1::2]
    owner = layout.owner[first]
    part = np.full(len(first), REST)
    part[first < layout.stop[owner]] = SUFFIX
    part[first < at.suffix[owner]] = OWN
    part[first < at.own[owner]] = SUB
    return Words(first, last, spans.hashes(first, last), owner, part)
