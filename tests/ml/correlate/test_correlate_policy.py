"""The policy: shipped numbers are whole, a wrong file is named."""

import pytest

from zvon.ml.correlate.policy import read, shipped


def test_the_shipped_policy_says_what_an_alert_weighs() -> None:
    policy = shipped()
    assert [policy.band(severity) for severity in (0, 4, 5, 7, 8, 15)] == [
        "low", "low", "medium", "medium", "high", "high",
    ]  # fmt: skip
    assert policy.weight(15) > policy.weight(5) > policy.weight(0)
    assert policy.slow_gap_h(15) < policy.slow_gap_h(5) < policy.slow_gap_h(0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"version = ", "correlation policy"),
        (b"version = '1'", "novelty"),
        (b"\xff", "correlation policy"),
        (b"version = '1'\nmore = 1", "more"),
    ],
)
def test_a_wrong_policy_is_refused_with_the_place(text: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(text)
