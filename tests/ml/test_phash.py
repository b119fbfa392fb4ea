"""Pictures that look alike have near hashes, others do not; nothing has no hash."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from zvon.ml import phash


def sign(letter: int, side: int = 96) -> NDArray[np.float64]:
    """A made-up logo: shapes of one seed, smooth enough to be recognised."""
    chance = np.random.default_rng(letter)
    waves = np.cos(np.linspace(0, np.pi, side)[:, None] * np.arange(1, 7))
    picture: NDArray[np.float64] = waves @ chance.normal(size=(6, 6)) @ waves.T
    bright: NDArray[np.float64] = (picture - picture.min()) / np.ptp(picture) * 255
    return bright


def test_a_picture_keeps_its_hash_in_another_size_brightness_and_with_noise() -> None:
    chance = np.random.default_rng(3)
    for seed in range(20):
        picture = sign(seed)
        for hashed in (phash.dct_hash, phash.difference_hash):
            wanted = hashed(picture)
            assert wanted is not None
            for other in (
                phash.shrink(picture, 60, 200),
                picture * 0.7 + 30,
                picture + chance.normal(0, 2, picture.shape),
                picture.astype(np.uint8),
            ):
                found = hashed(other)
                assert found is not None
                assert phash.distance(wanted, found) <= 6


def test_other_pictures_are_far_away() -> None:
    hashed = [phash.dct_hash(sign(seed)) for seed in range(30)]
    found = [phash.distance(a, b) for at, a in enumerate(hashed) if a is not None
             for b in hashed[at + 1 :] if b is not None]  # fmt: skip
    assert min(found) > 10
    assert 28 < sum(found) / len(found) < 36


def test_a_margin_is_no_part_of_a_logo() -> None:
    logo = sign(5)
    framed = np.full((200, 260), 255.0)
    framed[40:136, 30:126] = logo
    assert phash.dct_hash(phash.trimmed(framed)) == phash.dct_hash(phash.trimmed(logo))


@pytest.mark.parametrize(
    "picture", [np.zeros((0, 0)), np.zeros((40, 40)), np.full((9, 9), 200.0), np.zeros((1, 1))]
)
def test_an_empty_picture_has_no_hash(picture: NDArray[np.float64]) -> None:
    assert phash.dct_hash(picture) is None
    assert phash.difference_hash(picture) is None
    assert phash.trimmed(picture).shape == picture.shape


def test_the_lightest_change_of_a_bit_is_counted() -> None:
    assert phash.distance(0, (1 << 64) - 1) == 64
    assert phash.distance(0b1011, 0b0010) == 2


@given(st.lists(st.integers(-(1 << 63), (1 << 64) - 1), max_size=30), st.integers(0, (1 << 64) - 1))
def test_the_search_finds_what_a_plain_comparison_finds(known: list[int], wanted: int) -> None:
    plain = sorted(
        (phash.distance(wanted, value % (1 << 64)), at) for at, value in enumerate(known)
        if phash.distance(wanted, value % (1 << 64)) <= 30
    )  # fmt: skip
    assert phash.nearest(wanted, phash.hashes(known), 30) == [(at, far) for far, at in plain]


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 40), st.integers(1, 40))
def test_shrinking_keeps_the_mean(height: int, width: int, rows: int, columns: int) -> None:
    picture = np.arange(height * width, dtype=np.float64).reshape(height, width)
    small = phash.shrink(picture, rows, columns)
    assert small.shape == (rows, columns)
    assert small.mean() == pytest.approx(picture.mean())
