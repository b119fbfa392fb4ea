"""Fitting the evidence model: towards the labels, never across zero."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.ml.evidence import shipped
from zvon.ml.evidence.training import LEAST, MOST, Judged, factors, measured, scaled

CODES = ("CARD_FORM", "DOMAIN_NEW", "DEADLINE", "DOMAIN_OLD")
WEIGHTS = {"CARD_FORM": 1.2, "DOMAIN_NEW": 2.2, "DEADLINE": 0.6, "DOMAIN_OLD": -1.4}


def reports(count: int, seed: int, *, deadline_lies: bool = False) -> list[Judged]:
    """Reports in which cards speak the truth and, with `deadline_lies`, deadlines do not."""
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        bad = rng.random() < 0.5
        facts = {}
        if rng.random() < (0.7 if bad else 0.05):
            facts["CARD_FORM"] = WEIGHTS["CARD_FORM"]
        if rng.random() < ((0.1 if bad else 0.6) if deadline_lies else 0.3):
            facts["DEADLINE"] = WEIGHTS["DEADLINE"]
        if rng.random() < (0.1 if bad else 0.5):
            facts["DOMAIN_OLD"] = WEIGHTS["DOMAIN_OLD"]
        rows.append(Judged(facts, bad))
    return rows


def test_a_fact_that_keeps_its_word_gains_and_one_that_lies_loses_but_never_turns() -> None:
    found = factors(reports(600, 1, deadline_lies=True))
    assert found["CARD_FORM"] > 1.2
    assert found["DEADLINE"] == LEAST


def test_what_was_fitted_is_better_on_reports_that_it_did_not_see() -> None:
    found = factors(reports(600, 1, deadline_lies=True))
    later = reports(400, 2, deadline_lies=True)
    assert measured(later, found).log_loss < measured(later).log_loss
    assert measured(later, found).calibration_error < measured(later).calibration_error


def test_few_reports_move_little_and_the_same_reports_move_the_same() -> None:
    rows = [Judged({"CARD_FORM": 1.2}, True), Judged({}, False)]
    assert abs(factors(rows)["CARD_FORM"] - 1) < 0.2
    assert factors(rows) == factors(rows)


def test_one_side_alone_teaches_nothing() -> None:
    with pytest.raises(ValueError, match="both sides"):
        factors([Judged({"CARD_FORM": 1.2}, True)])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sets(st.sampled_from(CODES)), st.booleans()), min_size=2, max_size=30))
def test_no_reports_whatever_give_a_fact_another_side(
    rows: list[tuple[set[str], bool]],
) -> None:
    judged = [Judged({code: WEIGHTS[code] for code in codes}, bad) for codes, bad in rows]
    if len({row.malicious for row in judged}) < 2:
        return
    found = factors(judged)
    assert all(LEAST <= value <= MOST for value in found.values())
    changed = scaled(shipped(), found, "test")  # raises `BadWeights` when a sign is wrong
    assert changed.version == "test"
