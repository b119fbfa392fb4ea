"""Training: labels, leaving one out, and figures that agree with plain counting."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.triage_training.corpus import Labelled, Scenario, scenario
from zvon.ml.triage_training.fit import average_precision, calibration_error, train

HOUR = 3600


def made(name: str, seed: int) -> Scenario:
    """A day and a half of noise each hour, and an attack of an hour in them."""
    rng = random.Random(seed)
    noise = [
        Labelled(
            hour * HOUR + rng.randrange(HOUR),
            f"N{kind}",
            f"Update number {kind}",
            host,
            "false_positive",
        )
        for hour in range(36)
        for kind in range(3)
        for host in ("mail", "vpn")
    ]
    begin = (20 + seed) * HOUR
    attack = [
        Labelled(
            begin + 60 * n + rng.randrange(60), f"A{n % 9}", f"Attack step {n % 9}", "web", "scan"
        )
        for n in range(40)
    ]
    inside = [Labelled(begin + 90, "N1", "Update number 1", "mail", "scan")]
    return scenario(name, noise + attack + inside)


def test_background_inside_the_window_of_an_attack_is_left_out() -> None:
    found = made("a", 1)
    kinds = {(s.signature[0], int(t)) for s, t in zip(found.sightings, found.truth, strict=True)}
    assert kinds == {("N", 0), ("N", -1), ("A", 1)}
    at = [each.at for each in found.sightings]
    assert at == sorted(at)


def test_a_model_finds_the_attack_of_a_scenario_that_it_never_saw() -> None:
    pytest.importorskip("sklearn")
    model, figures = train([made("a", 1), made("b", 3), made("c", 5)], "1")
    assert figures.precision_full > 0.9
    assert figures.precision_blind > 0.9
    assert set(figures.by_scenario_blind) == {"a", "b", "c"}
    other = made("d", 7)
    p = model.probabilities(other.sightings, other.titles.__getitem__)
    assert average_precision(other.truth == 1, p) > 0.9


def test_one_scenario_is_too_few() -> None:
    with pytest.raises(ValueError, match="at least two"):
        train([made("a", 1)], "1")


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=30))
def test_average_precision_is_the_sum_over_steps(pairs: list[tuple[bool, int]]) -> None:
    truth, scores = np.array([t for t, _ in pairs]), np.array([float(s) for _, s in pairs])
    total = max(1, int(truth.sum()))
    expected = 0.0
    for cut in sorted(set(scores.tolist()), reverse=True):
        above = truth[scores >= cut]
        new = truth[scores == cut].sum()
        expected += above.mean() * new / total
    assert np.isclose(average_precision(truth, scores), expected)


def test_calibration_error_is_how_far_words_are_from_deeds() -> None:
    truth = np.array([True, False, True, False])
    assert np.isclose(calibration_error(truth, np.full(4, 0.5)), 0.0)
    assert np.isclose(calibration_error(truth, np.full(4, 0.9)), 0.4)
