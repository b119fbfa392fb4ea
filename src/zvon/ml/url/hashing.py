"""Hashes of n-grams and of whole spans, computed for a whole buffer at once."""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.url.layout import MAX_BYTES, Ints, Layout

GRAMS = (2, 3, 4, 5)
Hashes = NDArray[np.uint64]
_MASK = (1 << 64) - 1
_BASE = 0xD1342543DE82EF95  # odd, so that it has an inverse modulo 2**64
_PLACES = MAX_BYTES + 8


def mix(hashes: Hashes) -> Hashes:
    """Spread every bit over all 64 (the finaliser of splitmix64)."""
    out = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    out = (out ^ (out >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(out ^ (out >> np.uint64(31)))


def bucket(hashes: Hashes, bits: int) -> Ints:
    """Bucket of each hash in a table of 2**bits."""
    return (mix(hashes) >> np.uint64(64 - bits)).astype(np.int64)


# One odd value for each byte in the host (first half) and in the rest.
_VALUES = mix(np.arange(1, 513, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1)
_SHORT = (_VALUES >> np.uint64(32)).astype(np.uint32) | np.uint32(1)
_POWERS = np.array([pow(_BASE, n, 1 << 64) for n in range(_PLACES)], np.uint64)
_INVERSE = np.array([pow(pow(_BASE, -1, 1 << 64), n, 1 << 64) for n in range(_PLACES)], np.uint64)


def span_hash(text: bytes) -> int:
    """What `Spans.hashes` gives for the same bytes anywhere in a buffer."""
    return sum(int(_VALUES[c]) * int(_POWERS[n]) for n, c in enumerate(text)) & _MASK


class Spans(Struct, frozen=True, eq=False):
    """Prefix sums over a buffer: the hash of any span within one address costs two look-ups."""

    sums: Hashes
    place: NDArray[np.int32]

    @classmethod
    def of(cls, layout: Layout) -> "Spans":
        """Sum up a buffer; host and rest alike, in lower case."""
        sums = np.zeros(layout.size + 1, np.uint64)
        np.cumsum(_VALUES[layout.flat] * _POWERS[layout.place], out=sums[1:])
        return cls(sums, layout.place)

    def hashes(self, first: Ints, last: Ints) -> Hashes:
        """Hashes of the spans [first, last), equal for equal bytes."""
        return np.asarray((self.sums[last] - self.sums[first]) * _INVERSE[self.place[first]])


def gram_buckets(layout: Layout, bits: int) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """For each length n the bucket of the n-gram that begins at each byte; host and rest apart.

    N-grams that would leave their address are in it too: see `leaving`.
    """
    values = _SHORT[layout.flat.astype(np.uint16) + (layout.rest.astype(np.uint16) << 8)]
    rolling = np.zeros(layout.size, np.uint32)
    for n in range(1, max(GRAMS) + 1):
        ahead = np.zeros(layout.size, np.uint32)
        ahead[: max(layout.size - n + 1, 0)] = values[n - 1 :]
        rolling *= np.uint32(0x9E3779B1)
        rolling += ahead
        if n in GRAMS:
            mixed = rolling ^ (rolling >> np.uint32(15))
            mixed *= np.uint32(0x85EBCA6B + 2 * n)
            mixed ^= mixed >> np.uint32(13)
            mixed *= np.uint32(0xC2B2AE35)
            yield n, mixed >> np.uint32(32 - bits)


def leaving(layout: Layout, n: int) -> Ints:
    """Offsets at which an n-gram would run into the next address."""
    offsets = (layout.end[:, None] - np.arange(1, n)[None, :]).ravel()
    return np.asarray(np.maximum(offsets, np.repeat(layout.start, n - 1)))
