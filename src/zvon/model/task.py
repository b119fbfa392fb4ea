"""The life of a task: work for a person. The same moves are `transition` rows in the database."""

from enum import StrEnum

from zvon.model.lifecycle import IllegalMove


class TaskState(StrEnum):
    """Where a task stands."""

    TODO = "todo"
    DOING = "doing"
    BLOCKED = "blocked"
    DONE = "done"
    DROPPED = "dropped"


T = TaskState
TASK_MOVES: dict[TaskState, frozenset[TaskState]] = {
    T.TODO: frozenset({T.DOING, T.DONE, T.BLOCKED, T.DROPPED}),
    T.DOING: frozenset({T.TODO, T.DONE, T.BLOCKED, T.DROPPED}),
    T.BLOCKED: frozenset({T.TODO, T.DOING, T.DROPPED}),
    T.DONE: frozenset({T.TODO}),
    T.DROPPED: frozenset({T.TODO}),
}
WAITING: frozenset[TaskState] = frozenset({T.TODO, T.DOING, T.BLOCKED})
# What has to be said with it: why it is dropped or cannot go on.
NEEDS_REASON: frozenset[TaskState] = frozenset({T.DROPPED, T.BLOCKED})


def check_task_move(old: TaskState, new: TaskState) -> None:
    """Raise `IllegalMove` unless a task may go from `old` to `new`."""
    if new not in TASK_MOVES[old]:
        raise IllegalMove(f"a task cannot go from {old} to {new}")
