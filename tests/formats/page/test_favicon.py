"""The mark of a favicon is the one that others index by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.page.favicon import mark, murmur3


@pytest.mark.parametrize(("data", "seed", "number"), [
    (b"", 0, 0), (b"", 1, 0x514E28B7), (b"hello", 0, 0x248BFA47), (b"hello, world", 0, 0x149BBB7F),
    (b"aaaa", 0x9747B28C, 0x5A97808A), (b"The quick brown fox jumps over the lazy dog", 0x9747B28C, 0x2FA826CD),
])  # fmt: skip
def test_published_values(data: bytes, seed: int, number: int) -> None:
    assert murmur3(data, seed) % (1 << 32) == number


@given(st.binary(max_size=200))
def test_it_is_what_the_library_says(icon: bytes) -> None:
    mmh3 = pytest.importorskip("mmh3")
    import base64

    assert mark(icon) == mmh3.hash(base64.encodebytes(icon))
