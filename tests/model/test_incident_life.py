"""What people may do with an incident follows the table of moves, whatever they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.incident_life import (
    REJECTING,
    after_alert_verdict,
    moves_of,
    needs_reason,
)
from zvon.model.lifecycle import INCIDENT_MOVES, IllegalMove, IncidentState
from zvon.model.verdict import AlertVerdict

S = IncidentState


@given(st.sampled_from(S))
def test_a_button_is_a_move_of_the_table(state: IncidentState) -> None:
    offered = moves_of(state)
    assert set(offered) <= INCIDENT_MOVES[state]
    assert not {S.MERGED, S.NEW} & set(offered)
    assert list(offered) == [each for each in S if each in offered]


def test_what_was_merged_is_taken_apart_elsewhere() -> None:
    assert moves_of(S.MERGED) == ()
    with pytest.raises(IllegalMove):
        after_alert_verdict(S.MERGED, AlertVerdict.TRUE_POSITIVE)


@given(st.sampled_from(S), st.sampled_from(AlertVerdict))
def test_a_verdict_leads_only_where_a_move_leads(state: IncidentState, value: AlertVerdict) -> None:
    if state is S.MERGED or value is AlertVerdict.DUPLICATE:
        return
    then = after_alert_verdict(state, value)
    assert then == state or then in INCIDENT_MOVES[state]


@pytest.mark.parametrize("state", [S.RESOLVED, S.CLOSED])
@pytest.mark.parametrize("value", [v for v in AlertVerdict if v is not AlertVerdict.DUPLICATE])
def test_a_verdict_opens_nothing_that_is_over(state: IncidentState, value: AlertVerdict) -> None:
    assert after_alert_verdict(state, value) is state


def test_a_true_positive_is_never_rejected() -> None:
    assert AlertVerdict.TRUE_POSITIVE not in REJECTING
    assert all(after_alert_verdict(s, AlertVerdict.TRUE_POSITIVE) is not S.REJECTED
               for s in set(S) - {S.MERGED})  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "needed"),
    [(S.NEW, S.TRIAGE, False), (S.OPEN, S.CONTAINED, False), (S.RESOLVED, S.CLOSED, False),
     (S.OPEN, S.ON_HOLD, True), (S.TRIAGE, S.REJECTED, True), (S.CLOSED, S.OPEN, True),
     (S.REJECTED, S.TRIAGE, True), (S.ON_HOLD, S.OPEN, False)],
)  # fmt: skip
def test_holding_rejecting_and_reopening_need_a_reason(
    old: IncidentState, new: IncidentState, needed: bool
) -> None:
    assert needs_reason(old, new) is needed
