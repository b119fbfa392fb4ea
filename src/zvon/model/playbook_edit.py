"""Changes of a playbook that leave it whole: a step more, a step less, another way, a term.

Each takes a playbook and gives a new one. Identifiers of new steps come from the caller, one from
each call of `new_id` with the kind of the step. Raises `BadEdit` for what makes no sense.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from zvon.model import playbook_graph as graph
from zvon.model.playbook import (
    DEFAULT,
    VARIABLE_NAME,
    Action,
    AnyStep,
    Call,
    End,
    If,
    Parallel,
    Playbook,
    Start,
    StepId,
    Switch,
    Variable,
    VariableType,
    While,
    branches,
    sequence,
)
from zvon.model.playbook_action import ACTIONS, GIVEN
from zvon.model.playbook_condition import Exists

NewId = Callable[[str], StepId]
WAYS = ("on_completion", "on_success", "on_failure", "on_timeout")
# What the kinds of steps are called in an identifier (CACAO 2.0, section 10.10).
WORDS = {Start: "start", End: "end", Action: "action", Call: "playbook-action",
         Parallel: "parallel", If: "if-condition", While: "while-condition",
         Switch: "switch-condition"}  # fmt: skip


class BadEdit(ValueError):
    """The change makes no sense for this playbook; the text says why."""


class NoStep(LookupError):
    """The playbook has no such step."""


def empty(cacao_id: str, name: str, new_id: NewId) -> Playbook:
    """A playbook with a start and an end, to be filled."""
    start, end = new_id("start"), new_id("end")
    return Playbook(id=cacao_id, name=name, start=start,
                    steps={start: Start(on_completion=end), end: End()})  # fmt: skip


def described(playbook: Playbook, **fields: Any) -> Playbook:
    """With other values of the playbook itself. Raises `BadEdit` for values that do not fit."""
    try:
        made = {**msgspec.structs.asdict(playbook), **fields}
        return msgspec.convert(msgspec.to_builtins(Playbook(**made)), Playbook)
    except (msgspec.ValidationError, TypeError) as problem:
        raise BadEdit(str(problem)) from None


def step_of(playbook: Playbook, name: StepId) -> AnyStep:
    """A step by its identifier. Raises `NoStep`."""
    if name not in playbook.steps:
        raise NoStep(f"there is no step {name[:120]}")
    return playbook.steps[name]


def add(
    playbook: Playbook, after: StepId, way: str, what: str, new_id: NewId
) -> tuple[Playbook, StepId]:
    """Put a new step behind `after` on the way `way`; gives its identifier too.

    `what` is an action of the catalogue, or `if`, `while`, `switch`, `parallel`, `playbook`. `way`
    is one of `WAYS`, or a branch of `after`: `on_true`, `on_false`, a value of a `Switch`, the
    number of a branch, or `new` for one more branch of a `Parallel`. A new branch gets an end.
    """
    before = step_of(playbook, after)
    new_steps: dict[StepId, AnyStep] = {}
    then = _target(before, way)
    if isinstance(before, End):
        raise BadEdit("nothing follows an end")
    if then is None:
        then = new_id("end")
        new_steps[then] = End()
    name, made = _made(what, then, new_id, new_steps)
    new_steps = {name: made, **new_steps}
    steps = dict(playbook.steps)
    steps[after] = _with_target(before, way, name)
    return replace(playbook, steps=_behind(steps, after, new_steps)), name


def remove(playbook: Playbook, name: StepId) -> Playbook:
    """Take a step out; what led to it leads to what followed it. Its branches go with it."""
    step = step_of(playbook, name)
    if isinstance(step, Start) or name == playbook.start:
        raise BadEdit("the start cannot be taken out")
    if isinstance(step, End):
        raise BadEdit("an end goes when nothing leads to it; lead the steps before it elsewhere")
    ways = [target for _, target in sequence(step)]
    then = step.on_completion or step.on_success or (ways[0] if ways else None)
    if then is None or then == name:
        raise BadEdit("say first what follows this step")
    steps = {other: _redirected(each, name, then)
             for other, each in playbook.steps.items() if other != name}  # fmt: skip
    exception = then if playbook.exception == name else playbook.exception
    return pruned(replace(playbook, steps=steps, exception=exception), playbook)


def pruned(playbook: Playbook, before: Playbook) -> Playbook:
    """Without steps that could be reached in `before` and cannot any more."""
    was = graph.reached(graph.roots(before), graph.edges(before))
    now = graph.reached(graph.roots(playbook), graph.edges(playbook))
    gone = was - now
    return replace(playbook, steps={k: v for k, v in playbook.steps.items() if k not in gone})


def set_way(playbook: Playbook, name: StepId, way: str, target: StepId | None) -> Playbook:
    """Lead a way of a step elsewhere; none takes the way away."""
    step = step_of(playbook, name)
    if target is not None:
        step_of(playbook, target)
    steps = {**playbook.steps, name: _with_target(step, way, target)}
    return pruned(replace(playbook, steps=steps), playbook)


def change(playbook: Playbook, name: StepId, fields: dict[str, Any]) -> Playbook:
    """Give a step other values; those of another kind of step raise `BadEdit`."""
    step = step_of(playbook, name)
    known = {field.name for field in msgspec.structs.fields(type(step))}
    other = [field for field in fields if field not in known]
    if other:
        raise BadEdit(f"a step of this kind has no {other[0]}")
    if isinstance(step, Action) and "args" in fields:
        fields = {**fields, "args": _clean(step, fields["args"])}
    made = msgspec.convert(msgspec.to_builtins(replace(step, **fields)), type(step))
    return replace(playbook, steps={**playbook.steps, name: made})


def _clean(step: Action, args: dict[str, Any]) -> dict[str, Any]:
    """Arguments without what says nothing: empty fields that have a default."""
    spec = ACTIONS.get(step.action)
    required = {f.name for f in msgspec.structs.fields(spec.input) if f.required} if spec else set()
    return {k: v for k, v in args.items() if v not in (None, "", []) or k in required}


def _made(
    what: str, then: StepId, new_id: NewId, more: dict[StepId, AnyStep]
) -> tuple[StepId, AnyStep]:
    def branch() -> StepId:
        end = new_id("end")
        more[end] = End()
        return end

    if what == "ask":
        # A no goes another way than a yes, from the beginning.
        return new_id("action"), Action(action=what, on_completion=then, on_failure=branch())
    if what in ACTIONS:
        return new_id("action"), Action(action=what, on_completion=then)
    match what:
        case "if":
            return new_id("if-condition"), If(
                condition=Exists("__names__"), on_true=branch(), on_completion=then
            )
        case "while":
            return new_id("while-condition"), While(
                condition=Exists("__names__"), on_true=branch(), rounds=10, on_completion=then
            )
        case "switch":
            return new_id("switch-condition"), Switch(
                variable="__category__", branches={DEFAULT: branch()}, on_completion=then
            )
        case "parallel":
            return new_id("parallel"), Parallel(branches=(branch(), branch()), on_completion=then)
        case "playbook":
            return new_id("playbook-action"), Call(playbook="", on_completion=then)
        case _:
            raise BadEdit(f"there is no step {what[:80]!r}")


def _target(step: AnyStep, way: str) -> StepId | None:
    if way in WAYS:
        found: StepId | None = getattr(step, way)
        return found
    named = dict(branches(step))
    if way not in named and not _new_branch(step, way):
        raise BadEdit(f"this step has no way {way[:80]!r}")
    return named.get(way)


def _new_branch(step: AnyStep, way: str) -> bool:
    return (
        (isinstance(step, If) and way == "on_false")
        or (isinstance(step, Parallel) and way == "new")
        or (isinstance(step, Switch) and 0 < len(way) <= 250)
    )


def _with_target(step: AnyStep, way: str, target: StepId | None) -> AnyStep:
    if way in WAYS:
        if isinstance(step, End):
            raise BadEdit("nothing follows an end")
        return replace(step, **{way: target})
    match step:
        case If() if way == "on_false":
            return replace(step, on_false=target)
        case If() | While() if way == "on_true" and target is not None:
            return replace(step, on_true=target)
        case Switch() if target is not None or way in step.branches:
            kept = {k: v for k, v in step.branches.items() if k != way or target is not None}
            return replace(step, branches=kept if target is None else {**kept, way: target})
        case Parallel() if way == "new" and target is not None:
            return replace(step, branches=(*step.branches, target))
        case Parallel() if way.isdigit() and 0 < int(way) <= len(step.branches):
            at = int(way) - 1
            put = () if target is None else (target,)
            return replace(step, branches=(*step.branches[:at], *put, *step.branches[at + 1 :]))
        case _:
            raise BadEdit(f"this step has no way {way[:80]!r}, or it cannot be empty")


def _redirected(step: AnyStep, old: StepId, new: StepId) -> AnyStep:
    made: Any = step
    for way, target in (*sequence(step), *branches(step)):
        if target == old:
            made = _with_target(made, way, new)
    return made  # type: ignore[no-any-return]


def _behind(
    steps: dict[StepId, AnyStep], after: StepId, new: dict[StepId, AnyStep]
) -> dict[StepId, AnyStep]:
    """New steps stand behind the one that they follow; order is how people read the list."""
    made: dict[StepId, AnyStep] = {}
    for name, step in steps.items():
        made[name] = step
        if name == after:
            made.update(new)
    return made


def results(playbook: Playbook, action: str, out: dict[str, str]) -> Playbook:
    """Declare the variables that results of an action go to, where they do not exist yet.

    Raises `BadEdit` for a name that no variable can have.
    """
    spec = ACTIONS.get(action)
    made = dict(playbook.variables)
    for result, name in out.items():
        if not re.match(VARIABLE_NAME, name):
            raise BadEdit(f"{name[:80]!r} is no name of a variable; write __name__")
        if name not in made and name not in GIVEN and spec is not None:
            made[name] = Variable(type=spec.output.get(result, VariableType.STRING))
    return replace(playbook, variables=made)
