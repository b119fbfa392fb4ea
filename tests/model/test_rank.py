"""The place in the queue: terms that add up, each explained, and never falling for a worse fact."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.rank import BadWeights, Facts, Weights, lift, rank, read, shipped
from zvon.model.verdict import Reason

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
facts = st.builds(
    Facts,
    first_at=st.integers(-48, 2000).map(lambda h: NOW - timedelta(hours=h)),
    reported=st.just((Reason(code="RANK_PROBABILITY", weight=40.0),)),
    reports=st.integers(0, 10**6),
    alerts=st.integers(0, 10**6),
    novelty=st.floats(0, 1e6),
    severity=st.integers(-1, 9),
    worth=st.integers(0, 5),
    trust=st.floats(0, 1),
    triage=st.none() | st.floats(0, 1),
    escalation=st.integers(0, 9),
)


@given(facts)
def test_the_terms_add_up_to_the_rank_and_the_largest_comes_first(known: Facts) -> None:
    found = rank(known, shipped(), NOW)
    assert found.total == pytest.approx(sum(t.weight for t in found.terms), abs=1e-4)
    assert [t.weight for t in found.terms] == sorted((t.weight for t in found.terms), reverse=True)
    assert all(t.weight for t in found.terms)


@given(facts)
def test_a_worse_fact_never_lowers_the_rank(known: Facts) -> None:
    worse = msgspec.structs.replace(
        known, reports=known.reports + 1, alerts=known.alerts + 1, severity=known.severity + 1,
        novelty=known.novelty + 1, escalation=known.escalation + 1,
    )  # fmt: skip
    assert rank(worse, shipped(), NOW).total >= rank(known, shipped(), NOW).total
    later = rank(known, shipped(), NOW + timedelta(hours=7))
    assert later.total >= rank(known, shipped(), NOW).total


@given(facts)
def test_between_two_steps_of_age_the_rank_stays(known: Facts) -> None:
    found = rank(known, shipped(), NOW)
    assert (found.next_at is None) == (NOW - known.first_at >= timedelta(hours=168))
    if found.next_at is not None and found.next_at > NOW + timedelta(seconds=2):
        before = rank(known, shipped(), found.next_at - timedelta(seconds=1))
        assert before.total == found.total
        assert rank(known, shipped(), found.next_at).total > found.total


@given(facts)
def test_what_would_lift_it_is_at_most_three_steps_up_the_largest_first(known: Facts) -> None:
    steps = lift(known, shipped(), NOW)
    assert len(steps) <= 3
    assert all(step.points > 0 for step in steps)
    assert [s.points for s in steps] == sorted((s.points for s in steps), reverse=True)


def test_one_fresh_report_ranks_as_its_assessment_says() -> None:
    known = Facts(first_at=NOW, reports=1, reported=(Reason(code="RANK_PROBABILITY", weight=90.0),))
    assert rank(known, shipped(), NOW).total == 90.0


def test_the_promised_lift_is_what_happens() -> None:
    known = Facts(first_at=NOW - timedelta(hours=5), reports=4, severity=2, escalation=3, worth=5,
                  trust=1.0)  # fmt: skip
    steps = {s.code: s.points for s in lift(known, shipped(), NOW, most=9)}
    now = rank(known, shipped(), NOW).total
    worse = msgspec.structs.replace(known, severity=3)
    assert steps["LIFT_SEVERITY_3"] == rank(worse, shipped(), NOW).total - now
    doubled = msgspec.structs.replace(known, reports=8)
    assert steps["LIFT_REPORTS"] == pytest.approx(rank(doubled, shipped(), NOW).total - now)
    assert "LIFT_ESCALATION" not in steps
    assert "LIFT_ASSET" not in steps


@pytest.mark.parametrize("wrong", [
    {"severity": [0.0, 1.0]}, {"severity": [0.0, 5.0, 4.0, 6.0, 7.0]}, {"reporters": -1.0},
    {"reporters": float("nan")}, {"reporters": "many"}, {"age": [[4.0, 1.0], [1.0, 2.0]]},
    {"age": [[1.0, 5.0], [4.0, 1.0]]}, {"unknown": 1.0}, {"novelty": 1e9},
])  # fmt: skip
def test_weights_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    body = msgspec.to_builtins(shipped()) | wrong
    with pytest.raises(BadWeights):
        read(body)


def test_weights_read_back_as_they_were_written() -> None:
    assert read(msgspec.to_builtins(shipped())) == shipped()
    assert isinstance(shipped(), Weights)
