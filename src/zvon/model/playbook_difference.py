"""What changed from one version of a playbook to another: steps and their values."""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from zvon.model.playbook import Playbook, Step

# Says what an imported document said; a change of it shows in the fields read from it.
_UNSAID = frozenset({"source"})


class Difference(Struct, frozen=True, kw_only=True):
    """One change. `step` is empty for the playbook itself; `field` for a whole step."""

    what: Literal["added", "removed", "changed"]
    step: str = ""
    name: str = ""
    field: str = ""
    older: str = ""
    newer: str = ""


def differences(older: Playbook, newer: Playbook) -> list[Difference]:
    """All changes: the playbook's own values, then the steps in the order of the newer one."""
    found = _fields(older, newer, step="", name="", without={"steps"})
    for name, step in newer.steps.items():
        before = older.steps.get(name)
        if before is None:
            found.append(Difference(what="added", step=name, name=_named(step)))
        elif type(before) is not type(step):
            found.append(Difference(what="changed", step=name, name=_named(step), field="kind",
                                    older=_kind(before), newer=_kind(step)))  # fmt: skip
        else:
            found += _fields(before, step, step=name, name=_named(step))
    found += [
        Difference(what="removed", step=name, name=_named(step))
        for name, step in older.steps.items()
        if name not in newer.steps
    ]
    return found


def _fields(
    older: Struct,
    newer: Struct,
    *,
    step: str,
    name: str,
    without: frozenset[str] | set[str] = _UNSAID,
) -> list[Difference]:
    return [
        Difference(what="changed", step=step, name=name, field=field.name,
                   older=_said(getattr(older, field.name)),
                   newer=_said(getattr(newer, field.name)))
        for field in msgspec.structs.fields(newer)
        if field.name not in without | _UNSAID
        and getattr(older, field.name) != getattr(newer, field.name)
    ]  # fmt: skip


def _said(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _named(step: Step) -> str:
    return step.name or str(getattr(step, "action", "")) or _kind(step)


def _kind(step: Step) -> str:
    return str(type(step).__struct_config__.tag)
