"""A proof from stored subtrees is the proof from all leaves."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.merkle import Frontier, consistency, inclusion, leaf_hash, root
from zvon.formats.merkle_range import (
    Node,
    Range,
    consistency_ranges,
    grow,
    inclusion_ranges,
    join,
    subtrees,
)


class Tree:
    """A tree that keeps its complete subtrees, as the store does."""

    def __init__(self, size: int) -> None:
        self.leaves = [leaf_hash(b"%d" % n) for n in range(size)]
        self.nodes: dict[Node, bytes] = {}
        self.frontier = Frontier()
        for place, leaf in enumerate(self.leaves):
            self.nodes[0, place] = leaf
            for level, where, node in grow(self.frontier, leaf):
                assert (level, where) not in self.nodes
                self.nodes[level, where] = node

    def root(self, leaves: Range) -> bytes:
        return join([self.nodes[node] for node in subtrees(leaves)])


@given(st.integers(1, 200), st.data())
def test_both_proofs_are_those_of_all_leaves(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    assert tree.frontier.root() == root(tree.leaves) == tree.root((0, size))
    index = data.draw(st.integers(0, size - 1))
    assert [tree.root(r) for r in inclusion_ranges(index, size)] == inclusion(tree.leaves, index)
    first = data.draw(st.integers(0, size))
    assert [tree.root(r) for r in consistency_ranges(first, size)] == consistency(
        tree.leaves, first
    )


@given(st.integers(2, 10**15), st.data())
def test_a_proof_of_a_long_record_is_a_few_lookups(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    for ranges in (inclusion_ranges(index, size), consistency_ranges(index, size)):
        assert len(ranges) <= size.bit_length() + 1
        assert sum(len(subtrees(one)) for one in ranges) <= 3 * size.bit_length()
