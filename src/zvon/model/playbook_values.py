"""Values of variables put where a playbook names them, and the arguments of an action made of them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from zvon.model.playbook_action import MANUAL, ActionSpec, Input
from zvon.model.playbook_condition import Value

MAX_TEXT = 20_000

# The shortest name wins, so that `__a____b__` is two of them.
_NAME = re.compile(r"__[a-zA-Z_][a-zA-Z0-9_-]{0,199}?__(?::value)?")
_VALUE = ":value"


class BadArgument(ValueError):
    """An argument does not fit its action; `field` names it, the text says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def references(value: Any) -> Iterator[str]:
    """The variables that an argument names, however deep; with repeats."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield from (found.removesuffix(_VALUE) for found in _NAME.findall(one))
        elif isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)


def reference(value: Any) -> str | None:
    """The variable that an argument is as a whole; none when it is anything else."""
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value.removesuffix(_VALUE)
    return None


def spoken(value: Value) -> str:
    """A value inside a text: lists with commas, truth in lower case, nothing as nothing."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def filled(value: Any, values: Mapping[str, Value]) -> Any:
    """An argument with its variables replaced. Raises `BadArgument` when there is no such one."""
    whole = reference(value)
    if whole is not None:
        return _known(whole, values)
    if isinstance(value, str):
        text = _NAME.sub(lambda m: spoken(_known(m[0].removesuffix(_VALUE), values)), value)
        if len(text) > MAX_TEXT:
            raise BadArgument(value[:60], f"longer than {MAX_TEXT} characters with its values")
        return text
    if isinstance(value, list | tuple):
        return [filled(each, values) for each in value]
    return value


def bound(spec: ActionSpec, args: Mapping[str, Any], values: Mapping[str, Value]) -> Input:
    """What the action is called with. Raises `BadArgument`; the text names the field."""
    made: dict[str, Any] = {}
    if spec.name == MANUAL:
        # Commands of somebody's own tools: what we do not know stays as it is, for a person to read.
        unknown = {name: name for name in references(args) if values.get(name) is None}
        values = {**values, **unknown}
    given = {**defaults(spec), **args}
    for field in msgspec.structs.fields(spec.input):
        if field.name in given:
            made[field.name] = _converted(field, filled(given[field.name], values))
        elif field.required:
            raise BadArgument(field.name, "is missing")
    for name in args:
        if name not in made:
            raise BadArgument(name, "the action takes nothing of this name")
    return spec.input(**made)


def defaults(spec: ActionSpec) -> dict[str, str]:
    """What an action takes from variables when a step says nothing else."""
    return {
        field.name: field.default
        for field in msgspec.structs.fields(spec.input)
        if isinstance(field.default, str) and reference(field.default) is not None
    }


def check_argument(spec: ActionSpec, name: str, value: Any) -> None:
    """See whether a plain value fits a field. Raises `BadArgument`.

    A text with variables in it is measured as it stands; a whole variable fits everything.
    """
    for field in msgspec.structs.fields(spec.input):
        if field.name == name:
            if reference(value) is None:
                _converted(field, value)
            return
    raise BadArgument(name, "the action takes nothing of this name")


def _known(name: str, values: Mapping[str, Value]) -> Value:
    if name not in values:
        raise BadArgument(name, "there is no such variable")
    return values[name]


def _converted(field: msgspec.structs.FieldInfo, value: Any) -> Any:
    tries = [value, ", ".join(map(str, value))] if isinstance(value, list) else [value]
    if isinstance(value, bool | int | float):
        tries.append(spoken(value))
    reason = ""
    for each in tries:
        try:
            return msgspec.convert(each, field.type, strict=False)
        except msgspec.ValidationError as problem:
            reason = reason or str(problem)
    raise BadArgument(field.name, reason)
