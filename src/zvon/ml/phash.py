"""Pictures that look alike, whatever their size: 64-bit hashes of their coarse structure.

The DCT hash is that of the field (Zauner 2010, pHash; the block of the lowest 8 × 8 frequencies),
the difference hash compares neighbours. Arrays are grey, 2-D, any numeric type; the caller decodes.
The hash of a whole page finds pages of one kit; which brand it shows, it does not know (pages of
two Posts in one layout have the same hash).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS = 64
SIDE = 32
BLOCK = 8
# Less contrast than this (of 255) is an empty picture: its hash would be noise.
LEAST_CONTRAST = 8.0
BORDER = 12.0
Grey = NDArray[Any]


def dct_hash(grey: Grey) -> int | None:
    """The DCT hash of a picture, `None` for one without contrast."""
    if _flat(grey):
        return None
    small = shrink(grey, SIDE, SIDE)
    low = (_COSINES @ small @ _COSINES.T)[:BLOCK, :BLOCK].ravel()
    return _packed(low > np.median(low[1:]))


def difference_hash(grey: Grey) -> int | None:
    """The difference hash of a picture, `None` for one without contrast."""
    if _flat(grey):
        return None
    small = shrink(grey, BLOCK, BLOCK + 1)
    return _packed((small[:, 1:] > small[:, :-1]).ravel())


def distance(left: int, right: int) -> int:
    """How many of the 64 bits differ."""
    return (left ^ right).bit_count()


def nearest(wanted: int, known: NDArray[np.uint64], most: int) -> list[tuple[int, int]]:
    """(index, distance) of those of `known` at most `most` bits away, nearest first."""
    if not len(known):
        return []
    far = np.bitwise_count(known ^ np.uint64(wanted)).astype(np.int64)
    found = np.flatnonzero(far <= most)
    order = np.lexsort((found, far[found]))
    return [(int(found[at]), int(far[found[at]])) for at in order]


def hashes(values: Sequence[int]) -> NDArray[np.uint64]:
    """Values, signed (as a database keeps them) or not, for `nearest`."""
    return np.array([value % (1 << BITS) for value in values], dtype=np.uint64)


def trimmed(grey: Grey) -> Grey:
    """The picture without its even border, so that a logo is the same with and without margin."""
    picture = np.asarray(grey, dtype=np.float64)
    if picture.size == 0:
        return picture
    corners = picture[[0, 0, -1, -1], [0, -1, 0, -1]]
    inside = np.abs(picture - np.median(corners)) > BORDER
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows) or not len(columns):
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def shrink(grey: Grey, height: int, width: int) -> NDArray[np.float64]:
    """Resample to `height` × `width` by area, also upwards; exact for any input size."""
    picture = np.asarray(grey, dtype=np.float64)
    small: NDArray[np.float64] = (
        _shares(picture.shape[0], height) @ picture @ _shares(picture.shape[1], width).T
    )
    return small


def _shares(size: int, parts: int) -> NDArray[np.float64]:
    """How much of each of `size` points falls into each of `parts`, rows adding up to one."""
    edges = np.linspace(0.0, size, parts + 1)
    starts = np.arange(size, dtype=np.float64)
    upper = np.minimum(edges[1:, None], starts[None, :] + 1)
    lower = np.maximum(edges[:-1, None], starts[None, :])
    overlap = np.clip(upper - lower, 0.0, None)
    shares: NDArray[np.float64] = overlap / overlap.sum(axis=1, keepdims=True)
    return shares


def _flat(grey: Grey) -> bool:
    return grey.size == 0 or float(np.ptp(np.asarray(grey, dtype=np.float64))) < LEAST_CONTRAST


def _packed(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


_COSINES = np.cos(
    np.pi * np.arange(SIDE)[:, None] * (2 * np.arange(SIDE)[None, :] + 1) / (2 * SIDE)
)
