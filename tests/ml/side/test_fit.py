"""What the model learns from examples."""

import pytest

from zvon.ml.side.fit import Example, fit


def rows(times: int = 20) -> list[Example]:
    here = Example((("*.L1", "from"), ("*.F", "")), attacker=True)
    there = Example((("*.L1", "our"), ("*.F", "")), attacker=False)
    return [here, there] * times


def test_a_word_learns_its_side_and_a_common_one_none() -> None:
    weights = fit(rows(), version="t")
    assert weights.slot["*.L1"]["from"] > 0.5
    assert weights.slot["*.L1"]["our"] < -0.5
    assert abs(weights.slot.get("*.F", {}).get("", 0.0)) < 0.05


def test_the_same_examples_give_the_same_weights() -> None:
    assert fit(rows(), version="t") == fit(rows(), version="t")


def test_the_rarer_side_counts_as_much() -> None:
    many = rows() + [Example((("*.L1", "our"), ("*.F", "")), attacker=False)] * 200
    weights = fit(many, version="t")
    assert weights.logit([("*.L1", "from"), ("*.F", "")]) > 0.5


def test_a_word_seen_once_is_not_learnt() -> None:
    once = Example((("*.L1", "hapax"),), attacker=True)
    assert "hapax" not in fit([*rows(), once], version="t").slot["*.L1"]


def test_one_side_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="both sides"):
        fit([Example((("*.L1", "from"),), attacker=True)], version="t")
