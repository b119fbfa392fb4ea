"""The form of an action, made of the struct that it takes: one field after the other."""

from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import Struct

from zvon.model.playbook_action import ActionSpec, Input

LONG_TEXT = 400
"""A text that may be longer than this gets a box of several lines."""


class FormField(Struct, frozen=True, kw_only=True):
    """One field: `code` is its name in the catalogues, `default` what an empty one means."""

    name: str
    code: str
    kind: Literal["line", "text", "choice", "number", "truth", "lines"]
    required: bool
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    default: str = ""


def fields(spec: ActionSpec) -> tuple[FormField, ...]:
    """The fields of an action, in the order in which a person fills them in."""
    return _fields(spec.input)


@cache
def _fields(kind: type[Input]) -> tuple[FormField, ...]:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return tuple(_field(each) for each in info.fields)


def _field(field: msgspec.inspect.Field) -> FormField:
    default = "" if field.default is msgspec.NODEFAULT else _spoken(field.default)
    named: dict[str, Any] = {"name": field.name, "code": f"PLAYBOOK_FIELD_{field.name.upper()}",
             "required": field.required, "default": default}  # fmt: skip
    match field.type:
        case msgspec.inspect.LiteralType(values=values):
            return FormField(kind="choice", choices=tuple(map(str, values)), **named)
        case msgspec.inspect.BoolType():
            return FormField(kind="truth", **named)
        case msgspec.inspect.IntType(ge=least, le=most):
            return FormField(kind="number", least=least, most=most, **named)
        case msgspec.inspect.StrType(max_length=most):
            long = most is None or most > LONG_TEXT
            return FormField(kind="text" if long else "line", most=most, **named)
        case _:
            return FormField(kind="lines", **named)


def _spoken(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "\n".join(map(str, value)) if isinstance(value, tuple) else str(value)
