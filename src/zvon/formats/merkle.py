"""The Merkle tree of an append-only feed, and its two proofs (RFC 9162 section 2.1)."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
MAX_PATH = 64  # a tree of 2**63 leaves

EMPTY_ROOT = sha256(b"").digest()


class MerkleError(ValueError):
    """The request or the stored state cannot belong to a tree."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry, exactly as it was sent."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two neighbours."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """What is needed to append: O(log n) peaks, highest tree first.

    The only mutable value here; `encode` and `decode` carry it through the store.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[tuple[int, bytes]] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        self.size += 1
        height = 0
        while self.peaks and self.peaks[-1][0] == height:
            _, left = self.peaks.pop()
            leaf = node_hash(left, leaf)
            height += 1
        self.peaks.append((height, leaf))

    def root(self) -> bytes:
        """Root of all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        result = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            result = node_hash(left, result)
        return result

    def copy(self) -> "Frontier":
        """A second frontier that grows on its own."""
        return Frontier(self.size, self.peaks)

    def encode(self) -> bytes:
        """The peaks one after the other; their heights follow from the size."""
        return b"".join(peak for _, peak in self.peaks)

    @classmethod
    def decode(cls, size: int, peaks: bytes) -> "Frontier":
        """Read what `encode` wrote. Raises `MerkleError` when it does not fit the size."""
        heights = [bit for bit in range(size.bit_length() - 1, -1, -1) if size >> bit & 1]
        if len(peaks) != HASH_BYTES * len(heights):
            raise MerkleError("the peaks do not fit the size")
        return cls(
            size,
            [
                (height, peaks[HASH_BYTES * i : HASH_BYTES * (i + 1)])
                for i, height in enumerate(heights)
            ],
        )


def root(leaves: Iterable[bytes]) -> bytes:
    """Root of a whole list of leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Proof that leaf `index` is in the tree of all `leaves`. Raises `MerkleError`."""
    if not 0 <= index < len(leaves):
        raise MerkleError("no such leaf")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    return path[::-1]


def consistency(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Proof that the tree of the `first` leaves is a beginning of the whole tree.

    Raises `MerkleError` when `first` is larger than the tree.
    """
    if not 0 <= first <= len(leaves):
        raise MerkleError("the first size is larger than the tree")
    if first in (0, len(leaves)):
        return []
    path: list[bytes] = []
    low, high, whole = 0, len(leaves), True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        path.append(root(leaves[low:high]))
    return path[::-1]


def check_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes
) -> bool:
    """True when `path` proves that `leaf` is at `index` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or len(path) > MAX_PATH:
        return False
    fn, sn, result = index, size - 1, leaf
    for step in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            result = node_hash(step, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and result == expected


def check_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """True when `path` proves that the second tree continues the first (RFC 9162, 2.1.4.2)."""
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path
    if not 0 < first < second or not path or len(path) > MAX_PATH:
        return False
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(step, old), node_hash(step, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old == first_root and new == second_root
