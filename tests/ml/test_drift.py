"""The drift monitor: quiet on a stable stream, loud on a shifted one; known values."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.drift import BINS, Word, bin_of, index, judge


def histogram(rng: Random, n: int, shift: float) -> list[int]:
    bins = [0] * BINS
    for _ in range(n):
        bins[bin_of(min(1.0, max(0.0, rng.betavariate(1, 6) + shift)))] += 1
    return bins


def test_a_stable_stream_makes_no_alarm_in_five_hundred_weeks() -> None:
    rng = Random(3)
    reference = histogram(rng, 4000, 0)
    words = [judge({"own": reference}, {"own": histogram(rng, 400, 0)})[0].word
             for _ in range(500)]  # fmt: skip
    assert words.count(Word.ALARM) == 0
    assert words.count(Word.WARN) <= 5


def test_a_shifted_stream_makes_an_alarm() -> None:
    rng = Random(4)
    [found] = judge({"own": histogram(rng, 4000, 0)}, {"own": histogram(rng, 400, 0.3)})
    assert found.word is Word.ALARM
    assert (found.grey or 0) > 0.5


def test_too_few_scores_say_nothing() -> None:
    [found] = judge({"own": [300] + [0] * 19}, {"own": [0] * 19 + [50]})
    assert (found.word, found.index) == (Word.FEW, None)


def test_a_stratum_that_is_new_is_seen() -> None:
    assert [d.stratum for d in judge({"a": [9] * BINS}, {"b": [9] * BINS})] == ["a", "b"]


def test_the_index_has_its_known_value() -> None:
    # Two bins, 1/4 and 3/4 against 3/4 and 1/4: 2 * (1/2) * ln 3, but for the half counts.
    assert index([25_000, 75_000], [75_000, 25_000]) == pytest.approx(1.0986, abs=1e-3)


@given(st.lists(st.integers(0, 1000), min_size=BINS, max_size=BINS),
       st.lists(st.integers(0, 1000), min_size=BINS, max_size=BINS))  # fmt: skip
def test_the_index_is_symmetric_and_never_negative(a: list[int], b: list[int]) -> None:
    assert index(a, b) == pytest.approx(index(b, a))
    assert index(a, b) >= -1e-12
    assert index(a, a) == pytest.approx(0)
