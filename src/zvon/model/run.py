"""The life of a run of a playbook and of its steps: the states, and the only moves between them.

The same moves are `transition` rows in the database, where triggers enforce them.
"""

from enum import StrEnum

from zvon.model.lifecycle import IllegalMove


class RunState(StrEnum):
    """Where a run stands; `late` waits for something longer than it was given."""

    RUNNING = "running"
    WAITING = "waiting"
    LATE = "late"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    COMPENSATING = "compensating"


class StepState(StrEnum):
    """Where one pass over one step stands."""

    READY = "ready"
    LEASED = "leased"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"


R, S = RunState, StepState

_ENDS = frozenset({R.DONE, R.FAILED, R.CANCELLED, R.COMPENSATING})
_STEP_ENDS = frozenset({S.DONE, S.FAILED, S.SKIPPED, S.TIMED_OUT})

RUN_MOVES: dict[RunState, frozenset[RunState]] = {
    R.RUNNING: _ENDS | {R.WAITING, R.LATE},
    R.WAITING: _ENDS | {R.RUNNING, R.LATE},
    R.LATE: _ENDS | {R.RUNNING, R.WAITING},
    R.COMPENSATING: frozenset({R.CANCELLED, R.FAILED}),
    R.DONE: frozenset(),
    R.FAILED: frozenset(),
    R.CANCELLED: frozenset(),
}

STEP_MOVES: dict[StepState, frozenset[StepState]] = {
    S.READY: _STEP_ENDS | {S.LEASED, S.WAITING},
    S.LEASED: _STEP_ENDS | {S.READY, S.WAITING},
    S.WAITING: _STEP_ENDS | {S.READY},
    S.DONE: frozenset(),
    S.FAILED: frozenset(),
    S.SKIPPED: frozenset(),
    S.TIMED_OUT: frozenset(),
}

OPEN_RUN: frozenset[RunState] = frozenset({R.RUNNING, R.WAITING, R.LATE})
OPEN_STEP: frozenset[StepState] = frozenset({S.READY, S.LEASED, S.WAITING})


def check_run_move(old: RunState, new: RunState) -> None:
    """Raise `IllegalMove` unless a run may go from `old` to `new`."""
    if new not in RUN_MOVES[old]:
        raise IllegalMove(f"a run cannot go from {old} to {new}")
