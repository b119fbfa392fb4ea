"""Where verdicts and their undoing take an incident: only along the table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.lifecycle import (
    INCIDENT_MOVES,
    IllegalMove,
    IncidentState,
    after_undo,
    after_verdict,
)
from zvon.model.verdict import VerdictWord

states = st.sampled_from(IncidentState)


@given(states, st.sampled_from(VerdictWord))
def test_a_verdict_moves_only_along_the_table(state: IncidentState, word: VerdictWord) -> None:
    if state == IncidentState.MERGED:
        with pytest.raises(IllegalMove):
            after_verdict(state, word)
        return
    then = after_verdict(state, word)
    assert then == state or then in INCIDENT_MOVES[state]
    ended = {IncidentState.REJECTED, IncidentState.RESOLVED, IncidentState.CLOSED}
    assert (then in ended) == (word == VerdictWord.BENIGN)


@given(states, states, states)
def test_undoing_moves_only_along_the_table(
    now: IncidentState, decided: IncidentState, before: IncidentState
) -> None:
    then = after_undo(now, decided, before)
    assert then == now or then in INCIDENT_MOVES[now]
    if now != decided:
        assert then == now
