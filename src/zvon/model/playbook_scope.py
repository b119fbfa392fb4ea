"""Whether every variable that a playbook names exists, has a type, and fits where it stands."""

import re
from collections.abc import Iterator, Mapping

from zvon.model.playbook import (
    VARIABLE_NAME,
    Action,
    AnyStep,
    Call,
    If,
    Playbook,
    Switch,
    Variable,
    VariableType,
    While,
)
from zvon.model.playbook_action import ACTIONS, GIVEN, MANUAL
from zvon.model.playbook_condition import Among, Comparison, Condition, Reference, Scalar, terms
from zvon.model.playbook_problem import Problem, error, warning
from zvon.model.playbook_values import defaults, references

_NUMBERS = frozenset({VariableType.INTEGER, VariableType.LONG, VariableType.FLOAT})
_NAME = re.compile(VARIABLE_NAME)

Scope = Mapping[str, Variable]


def check_variables(playbook: Playbook) -> Iterator[Problem]:
    """Findings about variables: declared wrongly, not declared, of the wrong type."""
    yield from _declared(playbook.variables, None)
    for name, step in playbook.steps.items():
        yield from _declared(step.variables, name)
        scope = {**playbook.variables, **step.variables, **GIVEN}
        match step:
            case If() | While():
                yield from _condition(name, step.condition, scope)
            case Switch():
                yield from _known(name, step.variable, scope)
            case Action():
                yield from _action(name, step, scope)
            case Call():
                for each in (*step.hands, *step.takes):
                    yield from _known(name, each, scope)
            case _:
                pass


def written(step: AnyStep) -> frozenset[str]:
    """The variables that a step gives a value."""
    match step:
        case Action():
            return frozenset(step.out.values())
        case Call():
            return frozenset(step.takes)
        case _:
            return frozenset()


def _declared(variables: Scope, step: str | None) -> Iterator[Problem]:
    for name, variable in variables.items():
        if not _NAME.match(name):
            yield error("VARIABLE_NAME", step, variable=name[:80])
        elif name in GIVEN:
            yield error("VARIABLE_GIVEN", step, variable=name)
        elif variable.type is VariableType.UNTYPED:
            yield warning("VARIABLE_UNTYPED", step, variable=name)
        elif variable.value is not None and not _fits(variable.value, variable.type):
            yield error("VARIABLE_VALUE", step, variable=name, type=variable.type.value)


def _known(step: str, name: str, scope: Scope) -> Iterator[Problem]:
    if name not in scope:
        yield error("VARIABLE_UNKNOWN", step, variable=name[:80])


def _condition(step: str, condition: Condition, scope: Scope) -> Iterator[Problem]:
    for term in terms(condition):
        yield from _known(step, term.variable, scope)
        variable = scope.get(term.variable)
        wanted: tuple[Scalar, ...] = ()
        if isinstance(term, Among):
            wanted = term.values
        elif isinstance(term, Comparison):
            if isinstance(term.value, Reference):
                yield from _known(step, term.value.name, scope)
            else:
                wanted = (term.value,)
        for value in wanted:
            if variable is not None and not _fits(value, variable.type):
                yield error("VALUE_TYPE", step, variable=term.variable, value=str(value)[:80],
                            type=variable.type.value)  # fmt: skip


def _action(step: str, action: Action, scope: Scope) -> Iterator[Problem]:
    spec = ACTIONS.get(action.action)
    taken = {**(defaults(spec) if spec is not None else {}), **action.args}
    for name in dict.fromkeys(references(taken)):
        if name not in scope:
            # Commands of somebody's own tools become text for a person, who sees the gap.
            made = warning if action.action == MANUAL else error
            yield made("VARIABLE_UNKNOWN", step, variable=name)
    for result, name in action.out.items():
        yield from _known(step, name, scope)
        variable = scope.get(name)
        if spec is not None and result not in spec.output:
            yield error("RESULT_UNKNOWN", step, result=result[:80], action=action.action)
        if variable is not None and variable.constant:
            yield error("VARIABLE_CONSTANT", step, variable=name)


def _fits(value: object, kind: VariableType) -> bool:
    if kind in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return False
        try:
            float(value) if kind is VariableType.FLOAT else int(value)
        except ValueError:
            return False
        return True
    if kind is VariableType.BOOL:
        return isinstance(value, bool) or str(value).lower() in {"true", "false"}
    if kind in {VariableType.LIST, VariableType.UNTYPED}:
        return True
    return not isinstance(value, list)
