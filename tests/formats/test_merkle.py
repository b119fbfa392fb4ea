"""The tree of RFC 9162: every size, every proof, and no proof that was tampered with."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import merkle

# The public 8-leaf vector of Certificate Transparency implementations.
INPUTS = [bytes.fromhex(x) for x in
          ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
           "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(str(n).encode()) for n in range(71)]


def test_the_public_vector_gives_the_public_roots() -> None:
    leaves = [merkle.leaf_hash(data) for data in INPUTS]
    assert [merkle.root(leaves[:n]).hex() for n in range(1, 9)] == ROOTS
    assert merkle.root([]) == sha256(b"").digest()


def test_every_leaf_of_every_tree_up_to_70_has_a_proof() -> None:
    for size in range(1, 71):
        root = merkle.root(LEAVES[:size])
        for index in range(size):
            path = merkle.inclusion(LEAVES[:size], index)
            assert merkle.check_inclusion(LEAVES[index], index, size, path, root)
            other = (index + 1) % size
            assert size == 1 or not merkle.check_inclusion(LEAVES[other], index, size, path, root)


def test_every_tree_up_to_40_continues_every_earlier_one() -> None:
    roots = [merkle.root(LEAVES[:n]) for n in range(41)]
    for second in range(41):
        for first in range(second + 1):
            path = merkle.consistency(LEAVES[:second], first)
            assert merkle.check_consistency(first, second, roots[first], roots[second], path)
            if first > 0:
                forged = merkle.leaf_hash(b"forged")
                assert not merkle.check_consistency(first, second, forged, roots[second], path)
                assert not merkle.check_consistency(first, second, roots[first], forged, path)


@given(st.integers(2, 70), st.data())
def test_a_changed_proof_is_refused(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, size - 1))
    path = merkle.consistency(LEAVES[:size], first)
    place = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = (int.from_bytes(path[place]) ^ 1 << bit).to_bytes(32)
    forged = [*path[:place], changed, *path[place + 1 :]]
    old, new = merkle.root(LEAVES[:first]), merkle.root(LEAVES[:size])
    assert not merkle.check_consistency(first, size, old, new, forged)
    assert not merkle.check_consistency(first, size, old, new, path[:-1])
    assert not merkle.check_consistency(first, size, old, new, [*path, changed])


@given(st.integers(0, 70))
def test_a_frontier_survives_storage(size: int) -> None:
    frontier = merkle.Frontier()
    for leaf in LEAVES[:size]:
        frontier.add(leaf)
    again = merkle.Frontier.decode(size, frontier.encode())
    assert again.root() == merkle.root(LEAVES[:size])
    again.add(LEAVES[0])
    assert again.root() == merkle.root([*LEAVES[:size], LEAVES[0]])
    assert frontier.size == size


def test_state_and_questions_that_fit_no_tree_are_refused() -> None:
    with pytest.raises(merkle.MerkleError):
        merkle.Frontier.decode(3, b"\0" * 32)
    with pytest.raises(merkle.MerkleError):
        merkle.inclusion(LEAVES[:3], 3)
    with pytest.raises(merkle.MerkleError):
        merkle.consistency(LEAVES[:3], 4)
