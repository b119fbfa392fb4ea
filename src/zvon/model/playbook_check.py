"""What is wrong with a playbook, said before it runs: each finding with its step and a sentence.

An error stops a playbook from being published. A warning says what its author may not have meant.
A note says what was filled in. The sentence is in the catalogues, under the finding's code.
"""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from zvon.model import playbook_graph as graph
from zvon.model.playbook import (
    DEFAULT,
    MAX_LOOPS,
    MAX_STEPS,
    MAX_TARGETS,
    MAX_VARIABLES,
    ROUNDS,
    Action,
    AnyStep,
    Call,
    If,
    Opening,
    Parallel,
    Playbook,
    Start,
    StepId,
    Switch,
    While,
    branches,
    targets,
)
from zvon.model.playbook_action import ACTIONS, DAY_S
from zvon.model.playbook_condition import MAX_DEPTH, MAX_TERMS, depth, terms, variables
from zvon.model.playbook_problem import Problem, error, note, warning
from zvon.model.playbook_scope import check_variables, written
from zvon.model.playbook_values import BadArgument, check_argument

CALL_TIMEOUT_S = 7 * DAY_S
BRANCH_TIMEOUT_S = 30 * DAY_S
MOST_PROBLEMS = 500

Calls = Mapping[str, Collection[str]]


def check(playbook: Playbook, known: Calls | None = None) -> list[Problem]:
    """All findings, those about the whole playbook first, then in the order of its steps.

    `known` says which playbooks exist, and which others each of them calls; without it calls are
    only held against this playbook itself. A playbook over the limits is not looked at further.
    """
    over = list(_limits(playbook))
    if over:
        return over
    found = [
        *_start(playbook),
        *_missing(playbook),
        *_paths(playbook),
        *_steps(playbook),
        *check_variables(playbook),
        *_loops(playbook),
        *_calls(playbook, known),
    ]
    place = {name: at for at, name in enumerate(playbook.steps)}
    found.sort(key=lambda each: place.get(each.step or "", -1))
    return found[:MOST_PROBLEMS]


def timeout_of(step: AnyStep) -> int:
    """How many seconds a step may take: its own, else that of its action, else by its kind."""
    if step.timeout_s is not None:
        return step.timeout_s
    if isinstance(step, Action) and step.action in ACTIONS:
        return ACTIONS[step.action].timeout_s
    if isinstance(step, Call):
        return CALL_TIMEOUT_S
    return BRANCH_TIMEOUT_S


def _limits(playbook: Playbook) -> Iterator[Problem]:
    if len(playbook.steps) > MAX_STEPS:
        yield error("TOO_MANY_STEPS", count=len(playbook.steps), most=MAX_STEPS)
    ways = sum(1 for step in playbook.steps.values() for _ in targets(step))
    if ways > MAX_TARGETS:
        yield error("TOO_MANY_WAYS", count=ways, most=MAX_TARGETS)
    loops = sum(isinstance(step, While) for step in playbook.steps.values())
    if loops > MAX_LOOPS:
        yield error("TOO_MANY_LOOPS", count=loops, most=MAX_LOOPS)
    count = len(playbook.variables) + sum(len(step.variables) for step in playbook.steps.values())
    if count > MAX_VARIABLES:
        yield error("TOO_MANY_VARIABLES", count=count, most=MAX_VARIABLES)


def _start(playbook: Playbook) -> Iterator[Problem]:
    first = playbook.steps.get(playbook.start)
    if first is None:
        yield error("NO_START", target=playbook.start)
    elif not isinstance(first, Start):
        yield note("START_IS_STEP", playbook.start)
    if playbook.exception is not None and playbook.exception not in playbook.steps:
        yield warning("NO_EXCEPTION_STEP", target=playbook.exception)


def _missing(playbook: Playbook) -> Iterator[Problem]:
    for name, step in playbook.steps.items():
        for way, target in targets(step):
            if target not in playbook.steps:
                yield error("MISSING_TARGET", name, way=way, target=target)


def _paths(playbook: Playbook) -> Iterator[Problem]:
    seen = graph.reached(graph.roots(playbook), graph.edges(playbook))
    for name in playbook.steps:
        if name not in seen and playbook.start in playbook.steps:
            yield error("UNREACHABLE", name)
    for circle in graph.circles(playbook):
        yield error("CIRCLE", circle[-1], first=circle[0])
    stuck = graph.endless(playbook)
    if stuck:
        yield error("NO_END", stuck[-1])
    for name in graph.shared_ends(playbook):
        yield warning("SHARED_END", name)


def _steps(playbook: Playbook) -> Iterator[Problem]:
    for name, step in playbook.steps.items():
        follows = step.on_completion is not None or step.on_success is not None
        if isinstance(step, Start | Action | Call) and not follows:
            yield error("NO_NEXT", name)
        if step.on_completion is not None and step.on_success is not None:
            yield warning("TWO_WAYS", name)
        if isinstance(step, Parallel):
            if not step.branches:
                yield error("NO_BRANCH", name)
            if not follows:
                yield warning("NO_JOIN", name)
        if isinstance(step, Switch) and DEFAULT not in step.branches:
            yield warning("NO_DEFAULT", name)
        if isinstance(step, If | While):
            yield from _size(name, step)
        if isinstance(step, Action):
            yield from _arguments(name, step)
        if step.timeout_s is None and isinstance(step, Action | Call):
            yield note("TIMEOUT_FILLED", name, hours=max(1, timeout_of(step) // 3600))


def _size(name: StepId, step: If | While) -> Iterator[Problem]:
    if depth(step.condition) > MAX_DEPTH or sum(1 for _ in terms(step.condition)) > MAX_TERMS:
        yield error("CONDITION_SIZE", name)


def _arguments(name: StepId, step: Action) -> Iterator[Problem]:
    spec = ACTIONS.get(step.action)
    if spec is None:
        yield error("ACTION_UNKNOWN", name, action=step.action[:80])
        return
    for field in msgspec.structs.fields(spec.input):
        if field.required and step.args.get(field.name) in (None, ""):
            yield error("ARGUMENT_MISSING", name, field=field.name, action=step.action)
    for field_name, value in step.args.items():
        try:
            if value not in (None, ""):
                check_argument(spec, field_name, value)
        except BadArgument as problem:
            yield error("ARGUMENT_BAD", name, field=problem.field[:80], reason=problem.reason[:300])


def _loops(playbook: Playbook) -> Iterator[Problem]:
    worst = len(playbook.steps)
    for name, step in playbook.steps.items():
        if not isinstance(step, While):
            continue
        rounds = step.rounds or ROUNDS
        if step.rounds is None:
            yield warning("ROUNDS_FILLED", name, rounds=rounds)
        inside = graph.body(playbook, name, step)
        worst += rounds * len(inside)
        changed = frozenset().union(*(written(playbook.steps[each]) for each in inside))
        if not changed & variables(step.condition):
            yield warning("LOOP_UNCHANGED", name)
    if len(playbook.steps) > playbook.budget:
        yield error("BUDGET", count=len(playbook.steps), budget=playbook.budget)
    elif worst > playbook.budget:
        yield warning("BUDGET_TIGHT", count=worst, budget=playbook.budget)


def _calls(playbook: Playbook, known: Calls | None) -> Iterator[Problem]:
    for name, callee in graph.called(playbook):
        if callee == playbook.id:
            yield error("CALLS_ITSELF", name)
        elif known is not None and callee not in known:
            yield error("CALL_UNKNOWN", name, playbook=callee[:80])
        elif known is not None and playbook.id in _called_by(callee, known):
            yield error("CALLS_ROUND", name, playbook=callee)


def _called_by(first: str, known: Calls) -> set[str]:
    """Every playbook that a run of `first` may call, however far."""
    found: set[str] = set()
    waiting = [first]
    while waiting:
        for each in known.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


def shape(playbook: Playbook) -> dict[str, int]:
    """How large it is, in numbers that people ask for: steps, branches, people it waits for."""
    steps = playbook.steps.values()
    actions = [step for step in steps if isinstance(step, Action)]
    return {
        "steps": len(playbook.steps),
        "branches": sum(len(list(branches(step))) for step in steps if isinstance(step, Opening)),
        "waits": sum(ACTIONS[a.action].waits for a in actions if a.action in ACTIONS),
        "manual": sum(a.action == "manual" for a in actions),
    }
