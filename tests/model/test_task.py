"""A task can always be ended or taken up again, and goes nowhere by surprise."""

import pytest

from zvon.model.lifecycle import IllegalMove
from zvon.model.task import NEEDS_REASON, TASK_MOVES, WAITING, TaskState, check_task_move

T = TaskState


def test_every_task_that_waits_can_be_dropped_and_every_other_begun_again() -> None:
    assert all(T.DROPPED in TASK_MOVES[state] for state in WAITING)
    assert all(TASK_MOVES[state] == {T.TODO} for state in set(T) - WAITING)
    assert {T.DROPPED, T.BLOCKED} == NEEDS_REASON


@pytest.mark.parametrize("old", T)
@pytest.mark.parametrize("new", T)
def test_only_the_moves_of_the_table(old: TaskState, new: TaskState) -> None:
    if new in TASK_MOVES[old]:
        check_task_move(old, new)
        assert old is not new
    else:
        with pytest.raises(IllegalMove, match=f"from {old} to {new}"):
            check_task_move(old, new)


def test_what_is_blocked_is_not_done() -> None:
    assert T.DONE not in TASK_MOVES[T.BLOCKED]
