"""Where the public suffix of each host begins, for a whole buffer at once (publicsuffix.org)."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.url.hashing import Hashes, Spans, bucket, span_hash
from zvon.ml.url.layout import Ints, Layout

EXACT, BELOW, EXCEPT, PLATFORM = 1, 2, 4, 8
_SIEVE_BITS = 20
_NONE = np.int64(1) << 40


class Rules(Struct, frozen=True, eq=False):
    """The list as hashes. `keys` are sorted; `kinds` are sums of EXACT (`com.hr`), BELOW (`*.ck`),
    EXCEPT (`!www.ck`) and PLATFORM (a company that gives its customers names).
    """

    keys: Hashes
    kinds: NDArray[np.uint8]
    sieve: NDArray[np.bool_]

    @classmethod
    def of(cls, keys: Hashes, kinds: NDArray[np.uint8]) -> "Rules":
        """Rules from sorted keys, with a sieve that answers most misses."""
        sieve = np.zeros(1 << _SIEVE_BITS, np.bool_)
        sieve[bucket(keys, _SIEVE_BITS)] = True
        return cls(keys, kinds, sieve)

    def kind(self, hashes: Hashes) -> NDArray[np.uint8]:
        """The kinds of the rules with these hashes, 0 where there is none."""
        out = np.zeros(len(hashes), np.uint8)
        maybe = np.flatnonzero(self.sieve[bucket(hashes, _SIEVE_BITS)])
        at = np.minimum(np.searchsorted(self.keys, hashes[maybe]), len(self.keys) - 1)
        same = self.keys[at] == hashes[maybe]
        out[maybe[same]] = self.kinds[at[same]]
        return out


def rules_of(kinds: Mapping[str, int]) -> Rules:
    """Rules from names in A-label form without `*.` and `!`."""
    hashed = sorted((span_hash(name.encode()), kind) for name, kind in kinds.items())
    return Rules.of(
        np.array([key for key, _ in hashed], np.uint64),
        np.array([kind for _, kind in hashed], np.uint8),
    )


class Cut(Struct, frozen=True, eq=False):
    """Offsets in the buffer where the registrable label, the suffix and the last label of each
    host begin, its number of labels, and whether the suffix is a platform's. All shape (n,).

    A host that is itself a suffix has `own == suffix`.
    """

    own: Ints
    suffix: Ints
    last: Ints
    labels: Ints
    platform: NDArray[np.bool_]


def cut(layout: Layout, spans: Spans, rules: Rules) -> Cut:
    """Cut each host at its longest public suffix; an unknown last label is a suffix."""
    dots = np.flatnonzero((layout.flat == 46) & ~layout.rest) + 1
    label = np.sort(np.concatenate([layout.host, dots]))
    owner = layout.owner[label]
    kind = rules.kind(spans.hashes(label, layout.stop[owner]))
    number = np.arange(len(label))
    opens = np.concatenate([[True], owner[1:] != owner[:-1]])
    closes = np.concatenate([opens[1:], [True]])
    first, last = number[opens], number[closes]
    begins = np.where(kind & EXACT, number, _NONE)
    begins = np.where(kind & BELOW, np.maximum(number - 1, first[owner]), begins)
    begins = np.minimum(begins, last[owner])
    suffix = np.minimum.reduceat(begins, first)
    excepted = np.flatnonzero(kind & EXCEPT)
    suffix[owner[excepted]] = np.minimum(excepted + 1, last[owner[excepted]])
    return Cut(
        own=label[np.maximum(suffix - 1, first)],
        suffix=label[suffix],
        last=label[last],
        labels=last - first + 1,
        platform=np.logical_or.reduceat((kind & PLATFORM) > 0, first),
    )
