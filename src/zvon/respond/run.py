"""What a run does next: a pure function of where it stands and of what happened.

The model is that of CACAO 2.0 (section 4). A branch of `If`, `While`, `Switch` or `Parallel` is a
token of its own, with the token that opened it as `parent`. The branch ends at its own `End`; when
the last branch has ended, control goes back to the step that opened them, which goes on with its
`on_completion`, or asks its condition again when it is a loop.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from zvon.model.playbook import (
    DEFAULT,
    ROUNDS,
    Action,
    AnyStep,
    Call,
    End,
    If,
    Outcome,
    Parallel,
    Playbook,
    Switch,
    While,
    next_of,
)
from zvon.model.playbook_condition import Value, holds

Values = Mapping[str, Value]


class Token(Struct, frozen=True, kw_only=True):
    """A place where the run stands; `children` branches of it are open, `turns` rounds were done."""

    n: int
    step: str
    parent: int | None = None
    children: int = 0
    turns: int = 0


class Place(Struct, frozen=True, kw_only=True):
    """Where a run stands. `visits` is how often each step was reached, `steps` their sum."""

    tokens: Mapping[int, Token] = {}
    visits: Mapping[str, int] = {}
    steps: int = 0
    next_token: int = 1


class Began(Struct, frozen=True):
    """A step that takes time was reached; its key is run, step and iteration."""

    token: int
    step: str
    iteration: int


class Passed(Struct, frozen=True):
    """A step that only says where to go was gone through; `way` is the branch that was taken."""

    token: int
    step: str
    iteration: int
    way: str = ""


class Finished(Struct, frozen=True):
    """The run is over; `error` says why when it failed, and is empty when it is done."""

    error: str = ""
    step: str = ""


Transition = Began | Passed | Finished


class NotThere(LookupError):
    """The run does not stand on that token any more: it ended or was ended."""


class _Stop(Exception):
    """How a walk ends that cannot go on; no error of the caller."""

    def __init__(self, error: str, step: str) -> None:
        super().__init__(error)
        self.error, self.step = error, step


def start(playbook: Playbook, values: Values) -> tuple[Place, Sequence[Transition]]:
    """The first place of a run, and what happened on the way to it."""
    walk = _Walk(playbook, Place(), values)
    return walk.run(lambda: walk.put(playbook.start, None))


def advance(
    playbook: Playbook, place: Place, token: int, outcome: Outcome, values: Values
) -> tuple[Place, Sequence[Transition]]:
    """The next place after the step of `token` ended with `outcome`.

    Raises `NotThere`. A failure that the playbook has no way for ends the run; ask `answers`
    first whether a person should rather be asked.
    """
    if token not in place.tokens or place.tokens[token].children:
        raise NotThere(token)
    walk = _Walk(playbook, place, values)
    return walk.run(lambda: walk.leave(token, outcome))


def replant(
    playbook: Playbook, place: Place, places: Mapping[int, str], values: Values
) -> tuple[Place, Sequence[Transition]]:
    """Set tokens that stand on a step on another one, and begin it; for a run that changes version.

    A token whose branches are open stays where they come back to.
    """
    walk = _Walk(playbook, place, values)
    return walk.run(lambda: walk.replant(places))


def answers(playbook: Playbook, step: str, outcome: Outcome) -> bool:
    """Whether the playbook itself says how it goes on; if not, a person is asked.

    `on_completion` is for what went well: that a block could not be proposed must not pass in
    silence because somebody drew one arrow.
    """
    if outcome is Outcome.SUCCESS:
        return True
    found = playbook.steps.get(step)
    return found is not None and next_of(playbook, found, outcome) is not None


class _Walk:
    """One transition under way; a list of tokens to go on with, never recursion."""

    def __init__(self, playbook: Playbook, place: Place, values: Values) -> None:
        self.playbook, self.values = playbook, values
        self.tokens = dict(place.tokens)
        self.visits = dict(place.visits)
        self.steps, self.next_token = place.steps, place.next_token
        self.said: list[Transition] = []
        self.moving: list[int] = []
        self.going: list[tuple[int, str | None]] = []

    def run(self, first: Callable[[], None]) -> tuple[Place, Sequence[Transition]]:
        try:
            first()
            while self.going or self.moving:
                if self.going:
                    self._to(*self.going.pop(0))
                else:
                    self._enter(self.moving.pop(0))
            if not self.tokens:
                self.said.append(Finished())
        except _Stop as stop:
            self.tokens = {}
            self.said.append(Finished(stop.error, stop.step))
        place = Place(
            tokens=self.tokens, visits=self.visits, steps=self.steps, next_token=self.next_token
        )
        return place, self.said

    def put(self, step: str, parent: int | None) -> None:
        """Set a new token on `step`."""
        token = Token(n=self.next_token, step=step, parent=parent)
        self.tokens[token.n] = token
        self.next_token += 1
        self.moving.append(token.n)

    def replant(self, places: Mapping[int, str]) -> None:
        """Tokens stand on other steps from now on."""
        for n, step in places.items():
            token = self.tokens[n]
            self.tokens[n] = replace(token, step=step)
            if not token.children:
                self.moving.append(n)

    def leave(self, n: int, outcome: Outcome) -> None:
        """Go on from where token `n` stands."""
        name = self.tokens[n].step
        step = self._step(name)
        if outcome is Outcome.SUCCESS and not isinstance(step, Action | Call):
            self._pass(n, step)  # it only rested before it says where to go
            return
        to = next_of(self.playbook, step, outcome)
        if to is None and outcome is not Outcome.SUCCESS:
            raise _Stop(f"STEP_{outcome.name}", name)
        self.going.append((n, to))

    def _to(self, n: int, step: str | None) -> None:
        if step is None:  # no way on is the end of the branch
            self._end(n)
            return
        if (loop := self._loop_around(n, step)) is not None:
            self._end_round(n, loop)
            return
        self.tokens[n] = replace(self.tokens[n], step=step, turns=0)
        self.moving.append(n)

    def _loop_around(self, n: int, step: str) -> int | None:
        """The token on the loop `step` whose body token `n` is in, if it is.

        Not past a `Parallel`: its other branches are still under way, so this one just ends.
        """
        if not isinstance(self.playbook.steps.get(step), While):
            return None
        parent, stop = self.tokens[n].parent, None
        while parent is not None:
            above = self.tokens[parent]
            if above.step == step:
                return parent if stop is None else stop
            if stop is None and isinstance(self._step(above.step), Parallel):
                stop = parent
            parent = above.parent
        return None

    def _end_round(self, n: int, loop: int) -> None:
        """Leave the branches between a step and the loop (or `Parallel`) that they are in."""
        while (parent := self.tokens[n].parent) != loop:
            assert parent is not None
            del self.tokens[n]
            n = parent
        self._end(n)

    def _end(self, n: int) -> None:
        while True:
            ended = self.tokens.pop(n)
            if ended.parent is None:
                return
            parent = self.tokens[ended.parent]
            left = parent.children - 1
            self.tokens[parent.n] = replace(parent, children=left)
            if left:
                return
            opener = self._step(parent.step)
            if isinstance(opener, While):
                self.moving.append(parent.n)
                return
            to = next_of(self.playbook, opener, Outcome.SUCCESS)
            if to is not None:
                self.going.append((parent.n, to))
                return
            n = parent.n

    def _step(self, name: str) -> AnyStep:
        step = self.playbook.steps.get(name)
        if step is None:
            raise _Stop("STEP_MISSING", name)
        return step

    def _enter(self, n: int) -> None:
        name = self.tokens[n].step
        step = self._step(name)
        self.steps += 1
        if self.steps > self.playbook.budget:
            raise _Stop("STEP_BUDGET", name)
        if isinstance(step, Action | Call) or step.delay_s:
            self.said.append(Began(n, name, self._visit(name)))
        else:
            self._pass(n, step)

    def _visit(self, name: str) -> int:
        iteration = self.visits.get(name, 0)
        self.visits[name] = iteration + 1
        return iteration

    def _pass(self, n: int, step: AnyStep) -> None:
        token = self.tokens[n]
        way, to = "", []
        match step:
            case If():
                way = "on_true" if holds(step.condition, self.values) else "on_false"
                branch = step.on_true if way == "on_true" else step.on_false
                to = [branch] if branch is not None else []
            case While():
                if holds(step.condition, self.values):
                    way, to = "on_true", [step.on_true]
                    if token.turns >= (step.rounds or ROUNDS):
                        raise _Stop("LOOP_BUDGET", token.step)
                    self.tokens[n] = replace(token, turns=token.turns + 1)
            case Switch():
                way = _way(step, self.values.get(step.variable))
                to = [step.branches[way]] if way in step.branches else []
            case Parallel():
                to = list(step.branches)
            case _:
                pass
        self.said.append(Passed(n, token.step, self._visit(token.step), way))
        if to:
            self.tokens[n] = replace(self.tokens[n], children=len(to))
            for branch in to:
                self.put(branch, n)
        elif isinstance(step, End):
            self._end(n)
        else:
            self.going.append((n, next_of(self.playbook, step, Outcome.SUCCESS)))


def _way(step: Switch, value: Value) -> str:
    """The branch of a value as it is written there; a list takes the first that has one."""
    for one in value if isinstance(value, list) else [value]:
        spoken = str(one).lower() if isinstance(one, bool) else str(one)
        if spoken in step.branches:
            return spoken
    return DEFAULT
