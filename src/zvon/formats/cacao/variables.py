"""Variables as CACAO writes them: all values are texts, with a type beside (section 10.18)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from zvon.model.playbook import Variable, VariableType
from zvon.model.playbook_values import spoken

_TYPES = {each.value: each for each in VariableType}


def read_variables(said: Any) -> dict[str, Any]:
    """Variables by name, as plain values for `convert`. Raises `TypeError` for another shape."""
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise TypeError("variables: an object is expected")
    return {name: _read(name, one) for name, one in said.items()}


def write_variables(variables: Mapping[str, Variable], said: Any) -> dict[str, Any]:
    """Variables as a document says them; those that did not change stay as they were in `said`."""
    before = said if isinstance(said, dict) else {}
    return {name: _write(name, one, before.get(name)) for name, one in variables.items()}


def _read(name: str, said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise TypeError(f"{name[:80]}: a variable is an object")
    kind = _TYPES.get(str(said.get("type")), VariableType.UNTYPED)
    value = said.get("value")
    if kind is VariableType.LIST and isinstance(value, str):
        value = _list(value)
    return {"type": kind, "value": value, "description": said.get("description", ""),
            "constant": said.get("constant", False), "external": said.get("external", False)}  # fmt: skip


def _list(text: str) -> list[str]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = None
    items = found if isinstance(found, list) else text.split(",")
    return [str(each).strip() for each in items if str(each).strip()]


def _write(name: str, variable: Variable, before: Any) -> dict[str, Any]:
    if isinstance(before, dict) and msgspec.convert(_read(name, before), Variable) == variable:
        return before
    made: dict[str, Any] = dict(before) if isinstance(before, dict) else {}
    if variable.type is not VariableType.UNTYPED or "type" not in made:
        made["type"] = variable.type.value or "string"
    for key, value in (("description", variable.description), ("constant", variable.constant),
                       ("external", variable.external)):  # fmt: skip
        if value:
            made[key] = value
        else:
            made.pop(key, None)
    made.pop("value", None)
    if isinstance(variable.value, list):
        made["value"] = msgspec.json.encode(variable.value).decode()
    elif variable.value is not None:
        made["value"] = spoken(variable.value)
    return made
