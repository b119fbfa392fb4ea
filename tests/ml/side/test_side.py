"""Weights of words as bytes and back, and what they come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.side import BadWeights, Weights, pruned, read_weights, shipped, write_weights

tables = st.dictionaries(
    st.sampled_from(["ip.L1", "*.L1", "mail.X", "*.G"]),
    st.dictionaries(st.text(max_size=6), st.floats(-4, 4, allow_nan=False), max_size=5),
)


@given(tables)
def test_written_weights_read_back_the_same(slot: dict[str, dict[str, float]]) -> None:
    weights = Weights("v", slot)
    assert read_weights(write_weights(weights)) == weights


@given(st.binary(max_size=60))
def test_other_bytes_raise_only_our_error(raw: bytes) -> None:
    with pytest.raises(BadWeights) as said:
        read_weights(raw)
    assert str(said.value)


def test_an_unknown_word_adds_nothing() -> None:
    weights = Weights("v", {"ip.L1": {"from": 1.5}, "*.L1": {"from": 0.5, "our": -2.0}})
    assert weights.logit([("ip.L1", "from"), ("*.L1", "from")]) == 2.0
    assert weights.logit([("ip.L1", "zzz"), ("ip.Q", "from")]) == 0.0


def test_a_group_has_its_own_weights_and_those_of_all() -> None:
    weights = Weights("v", {"ip.L1": {"from": 1.5}, "*.L1": {"from": 0.5, "our": -2.0}, "url.L1": {"at": 9.0}})  # fmt: skip
    assert weights.of("ip") == {"L1": {"from": 2.0, "our": -2.0}}


def test_small_weights_and_empty_slots_go() -> None:
    assert pruned({"a": {"x": 0.001}, "b": {"y": 1.23456, "z": 0.0}}, 0.01) == {"b": {"y": 1.235}}


def test_what_ships_knows_the_three_languages() -> None:
    weights = shipped()
    before = weights.slot["*.L1"]
    for word in ("from", "napada", "our"):
        assert word in before
    assert weights.of("ip")["L1"]["our"] < 0


def test_weights_without_a_version_are_refused() -> None:
    with pytest.raises(BadWeights):
        read_weights(b'{"slot":{}}')
