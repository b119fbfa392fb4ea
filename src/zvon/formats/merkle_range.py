"""Proofs of a Merkle tree whose complete subtrees are stored (RFC 9162 section 2.1).

`formats.merkle` proves from all leaves, which costs as much as the tree is long. Here a proof is
first a list of ranges of leaves; each range is a few complete subtrees, which are looked up.
"""

from collections.abc import Sequence

from zvon.formats.merkle import EMPTY_ROOT, Frontier, MerkleError, node_hash

Range = tuple[int, int]
"""Leaves from the first up to, not including, the second."""
Node = tuple[int, int]
"""Level (0: leaves) and place of a complete subtree: leaves `place * 2**level` and on."""


def grow(frontier: Frontier, leaf: bytes) -> list[tuple[int, int, bytes]]:
    """Append `leaf`; give the level, place and hash of each subtree that it completes."""
    index, node = frontier.size, leaf
    done: list[tuple[int, int, bytes]] = []
    for height, (of_peak, left) in enumerate(reversed(frontier.peaks)):
        if of_peak != height:
            break
        node = node_hash(left, node)
        done.append((height + 1, index >> height + 1, node))
    frontier.add(leaf)
    return done


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose roots prove leaf `index` in a tree of `size`. Raises `MerkleError`."""
    if not 0 <= index < size:
        raise MerkleError("no such leaf")
    path: list[Range] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    return path[::-1]


def consistency_ranges(first: int, size: int) -> list[Range]:
    """The ranges whose roots prove that a tree of `first` leaves is a beginning of one of `size`.

    Raises `MerkleError` when `first` is larger.
    """
    if not 0 <= first <= size:
        raise MerkleError("the first size is larger than the tree")
    if first in (0, size):
        return []
    path: list[Range] = []
    low, high, whole = 0, size, True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low, whole = middle, False
    if not whole:
        path.append((low, high))
    return path[::-1]


def subtrees(leaves: Range) -> list[Node]:
    """The complete subtrees that make up a range of a proof, left to right."""
    low, high = leaves
    found: list[Node] = []
    while low < high:
        level = (high - low).bit_length() - 1
        found.append((level, low >> level))
        low += 1 << level
    return found


def join(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring complete subtrees, left to right."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1
