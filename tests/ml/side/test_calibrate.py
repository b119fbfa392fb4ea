"""Beliefs scaled so that they mean what they say."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.side.calibrate import Platt, measured, platt, probability


def drawn(slope: float, shift: float, count: int = 4000) -> tuple[list[float], list[bool]]:
    rng = random.Random(1)
    logits = [rng.uniform(-4, 4) for _ in range(count)]
    return logits, [rng.random() < probability(slope * z + shift) for z in logits]


def test_the_scaling_that_made_the_labels_is_found() -> None:
    found = platt(*drawn(0.5, 0.7), prior=Platt(), weight=1.0)
    assert math.isclose(found.slope, 0.5, abs_tol=0.06)
    assert math.isclose(found.shift, 0.7, abs_tol=0.12)


def test_scaling_lowers_loss_and_calibration_error() -> None:
    logits, labels = drawn(0.4, -0.5)
    found = platt(logits, labels, prior=Platt(), weight=1.0)
    before, after = measured(logits, labels), measured([found.of(z) for z in logits], labels)
    assert after.log_loss < before.log_loss
    assert after.calibration_error < before.calibration_error / 3


def test_few_values_leave_the_prior_nearly_as_it_is() -> None:
    found = platt([2.0, -1.0], [False, True], prior=Platt(), weight=50.0)
    assert abs(found.slope - 1) < 0.1
    assert abs(found.shift) < 0.1


@given(st.lists(st.tuples(st.floats(-20, 20), st.booleans()), max_size=30))
def test_any_values_give_finite_numbers(rows: list[tuple[float, bool]]) -> None:
    logits, labels = [z for z, _ in rows], [label for _, label in rows]
    found = platt(logits, labels, prior=Platt(), weight=2.0)
    assert math.isfinite(found.slope)
    assert math.isfinite(found.shift)
    assert measured(logits, labels).values == len(rows)
