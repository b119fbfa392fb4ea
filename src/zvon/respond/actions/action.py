"""What every action of a playbook has: how it begins, how it goes on after a wait, how it is undone.

An action works inside the transaction of its step, so that its effect and the step's end are one:
a step that ends has done its work once, and one that does not end has done nothing. What takes the
network is a job of `collect` or `share` that the action asks for and waits for.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.store.run_answer import Answer
from zvon.store.run_effect import Effect
from zvon.store.run_row import RunRow, StepRow, WaitRow
from zvon.store.transaction import Tx


class CannotAct(ValueError):
    """The action cannot be done, now or later; `code` is a message of the `run` catalogue."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(" ".join([code, ", ".join(map(str, params.values()))]).strip())
        self.code, self.params = code, params


class Act(Struct, frozen=True, kw_only=True):
    """What an action is given. `viewer` is the person that the run acts for.

    `step.uuid` is the key of this pass over the step: the same however often it is tried.
    """

    context: Context
    run: RunRow
    step: StepRow
    viewer: Viewer
    input: Any
    timeout: timedelta
    now: datetime
    title: str = ""
    wait: WaitRow | None = None
    answers: Sequence[Answer] = ()

    @property
    def key(self) -> str:
        """The key as text."""
        return str(self.step.uuid)

    @property
    def incident(self) -> UUID:
        """The incident. Raises `CannotAct` for a run without one."""
        if self.run.incident_uuid is None:
            raise CannotAct("NO_INCIDENT")
        return self.run.incident_uuid

    @property
    def told(self) -> Mapping[str, Any] | None:
        """What a job said about this step, once it did."""
        return None if self.wait is None else self.wait.result


class Done(Struct, frozen=True):
    """The step has done what it was for; `output` are its results by name."""

    output: Mapping[str, Any] = {}


class Failed(Struct, frozen=True):
    """The step ended without success; `error` is a code of the catalogue."""

    error: str


class Declined(Struct, frozen=True):
    """Somebody who may said no. The playbook's way for failures is taken, else the one that reads
    the output; where it has neither, the run ends here, because nobody agreed to what follows.
    """

    error: str
    output: Mapping[str, Any] = {}


class Waits(Struct, frozen=True, kw_only=True):
    """The step waits: for time, a person, a job, or for what it made.

    Without `deadline` the step's own time counts.
    """

    kind: str
    deadline: datetime | None = None
    question: str = ""
    options: Sequence[str] = ()
    role: str | None = None
    about: UUID | None = None
    output: Mapping[str, Any] = {}


Result = Done | Failed | Declined | Waits
Begin = Callable[[Tx, Act], Awaitable[Result]]
Resume = Callable[[Tx, Act], Awaitable[Result | None]]
Undo = Callable[[Tx, Viewer, Sequence[Effect], Context, datetime], Awaitable[None]]


class Doing(Struct, frozen=True, kw_only=True):
    """How an action is done. `resume` gives nothing while it goes on waiting.

    `needs` is what the person that the run acts for must be permitted. `outward` says that
    somebody outside would notice: an exercise only says what it would have done.
    """

    begin: Begin
    resume: Resume | None = None
    undo: Undo | None = None
    needs: Permission | None = None
    outward: bool = False
