"""Which groups hang together: union by size with an undo log; the links are the truth.

No path compression: each step is undone by resetting one parent. An arbitrary link that a person
removes is not undone here; `components` builds the one component anew from the links that live.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

Pair = tuple[int, int]


class Refusal(StrEnum):
    """Why two groups do not come together."""

    SAME = "same"
    APART = "apart"
    FULL = "full"


class Join(Struct, frozen=True):
    """`root` took in `other`."""

    root: int
    other: int


class Forest:
    """Components of groups. Ids are any integers; who was never named is alone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parent: dict[int, int] = {}
        self._size: dict[int, int] = {}
        self._least: dict[int, int] = {}
        # Groups that a person parted, and the same by root, so that a join sees it at once.
        self._pairs: set[Pair] = set()
        self._apart: dict[int, set[Pair]] = {}
        self._log: list[tuple[int, int, int]] = []

    def find(self, group: int) -> int:
        """The root of a group."""
        parent = self._parent
        while (above := parent.get(group, group)) != group:
            group = above
        return group

    def name(self, group: int) -> int:
        """The smallest group of the component: its name for others."""
        root = self.find(group)
        return self._least.get(root, root)

    def size(self, group: int) -> int:
        """How many groups hang together with it, itself included."""
        return self._size.get(self.find(group), 1)

    def forbid(self, a: int, b: int) -> None:
        """The two never come together. Raises `ValueError` when they are together now."""
        ra, rb = self.find(a), self.find(b)
        if ra == rb:
            raise ValueError(f"{a} and {b} are one incident; part them first")
        pair = (min(a, b), max(a, b))
        self._pairs.add(pair)
        self._apart.setdefault(ra, set()).add(pair)
        self._apart.setdefault(rb, set()).add(pair)

    def join(self, a: int, b: int, *, forced: bool = False) -> Join | Refusal:
        """Bring two groups together; says why not. A person's join (`forced`) has no size limit."""
        ra, rb = self.find(a), self.find(b)
        if ra == rb:
            return Refusal.SAME
        mine, theirs = self._apart.get(ra), self._apart.get(rb)
        if mine and theirs and not mine.isdisjoint(theirs):
            return Refusal.APART
        size, other = self._size.get(ra, 1), self._size.get(rb, 1)
        if not forced and size + other > self._limit:
            return Refusal.FULL
        # The older name wins among equals, so the result does not hang on who is named first.
        if (size, -self._least.get(ra, ra)) < (other, -self._least.get(rb, rb)):
            ra, rb, mine, theirs = rb, ra, theirs, mine
        self._log.append((rb, ra, self._least.get(ra, ra)))
        self._parent[rb] = ra
        self._size[ra] = size + other
        self._least[ra] = min(self._least.get(ra, ra), self._least.get(rb, rb))
        if theirs:
            self._apart.setdefault(ra, set()).update(theirs)
        return Join(ra, rb)

    def mark(self) -> int:
        """Where the undo log stands."""
        return len(self._log)

    def undo(self, to: int) -> None:
        """Take back all joins since the mark, the last first."""
        while len(self._log) > to:
            child, root, least = self._log.pop()
            del self._parent[child]
            self._size[root] -= self._size.get(child, 1)
            self._least[root] = least
        self._apart = {}
        for pair in self._pairs:
            for group in pair:
                self._apart.setdefault(self.find(group), set()).add(pair)

    def settle(self) -> None:
        """Forget how to undo: what stands so far stays."""
        self._log.clear()

    def pairs(self) -> tuple[Pair, ...]:
        """The groups that stay apart."""
        return tuple(sorted(self._pairs))

    def forget(self, groups: Iterable[int]) -> None:
        """Drop whole components, named by all their groups; joins before it stay as they are."""
        self.settle()
        gone = set(groups)
        for group in gone:
            for table in (self._parent, self._size, self._least, self._apart):
                table.pop(group, None)
        self._pairs = {pair for pair in self._pairs if gone.isdisjoint(pair)}


def components(
    groups: Iterable[int],
    links: Iterable[Pair],
    cannot: Iterable[Pair] = (),
    must: Iterable[Pair] = (),
    limit: int = 5000,
) -> dict[int, int]:
    """The component of each group, named by its smallest: after a split, from the links that live.

    `must` comes first and has no size limit; `cannot` beats every link but not `must`. Among
    links the given order decides who comes together when not all can.
    """
    forest = Forest(limit)
    names = list(groups)
    for a, b in must:
        forest.join(a, b, forced=True)
    for a, b in cannot:
        if forest.find(a) != forest.find(b):
            forest.forbid(a, b)
    for a, b in links:
        forest.join(a, b)
    return {group: forest.name(group) for group in names}
