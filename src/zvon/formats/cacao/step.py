"""One step of a workflow, read and written; what we have no word for stays in `source`."""

import base64
import binascii
import math
from typing import Any

import msgspec

from zvon.formats.cacao import extension
from zvon.formats.cacao.condition import BadCondition, read_condition, write_condition
from zvon.formats.cacao.extension import StepExtension
from zvon.formats.cacao.variables import read_variables, write_variables
from zvon.model.playbook import (
    MAX_TIMEOUT_S,
    Action,
    AnyStep,
    Call,
    End,
    If,
    Parallel,
    Start,
    Switch,
    While,
)
from zvon.model.playbook_action import MANUAL

KINDS = {
    "start": Start, "end": End, "action": Action, "playbook-action": Call, "parallel": Parallel,
    "if-condition": If, "while-condition": While, "switch-condition": Switch,
}  # fmt: skip
WORDS = {kind: word for word, kind in KINDS.items()}
MAX_COMMANDS = 100

# What the writer says itself of each step; all else is kept as it came.
_OWNED = ("type", "name", "description", "delay", "timeout", "on_completion", "on_success",
          "on_failure", "step_variables")  # fmt: skip
_OWNED_BY_KIND = {
    Call: ("playbook_id", "in_args", "out_args"), Parallel: ("next_steps",),
    If: ("condition", "on_true", "on_false"), While: ("condition", "on_true"),
    Switch: ("switch", "cases"),
}  # fmt: skip


class BadStep(ValueError):
    """The step cannot be read; the text says why."""


def read_step(said: Any) -> AnyStep:
    """Read one step. Raises `BadStep`."""
    if not isinstance(said, dict):
        raise BadStep("a step is an object")
    kind = said.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadStep(f"there is no step of type {str(kind)[:80]!r}")
    try:
        step: AnyStep = msgspec.convert(_plain(said, kind), KINDS[kind])
    except BadCondition as problem:
        raise BadStep(f"condition: {problem}") from None
    except (msgspec.ValidationError, TypeError, ValueError) as problem:
        raise BadStep(str(problem)) from None
    return step


def write_step(step: AnyStep) -> dict[str, Any]:
    """Write one step; one that was read and not changed since comes out as it was."""
    if step.source and _unchanged(step):
        return dict(step.source)
    said = {key: value for key, value in step.source.items() if key not in _owned(step)}
    said["type"] = WORDS[type(step)]
    mine = (
        ("name", step.name), ("description", step.description), ("delay", step.delay_s * 1000),
        ("timeout", (step.timeout_s or 0) * 1000), ("on_completion", step.on_completion),
        ("on_success", step.on_success), ("on_failure", step.on_failure),
        ("step_variables", write_variables(step.variables, step.source.get("step_variables"))),
    )  # fmt: skip
    said |= {key: value for key, value in mine if value} | _written(step)
    return _extended(step, said)


def _plain(said: dict[str, Any], kind: str) -> dict[str, Any]:
    mine = _extension(said)
    made: dict[str, Any] = {
        "kind": _TAGS[kind],
        "name": said.get("name", ""), "description": said.get("description", ""),
        "delay_s": _seconds(said, "delay") or 0, "timeout_s": _seconds(said, "timeout"),
        "on_completion": said.get("on_completion"), "on_success": said.get("on_success"),
        "on_failure": said.get("on_failure"), "on_timeout": mine.on_timeout,
        "titles": mine.titles, "variables": read_variables(said.get("step_variables")),
        "source": said,
    }  # fmt: skip
    match kind:
        case "action":
            made |= _action(said, mine)
        case "playbook-action":
            made |= {"playbook": said.get("playbook_id"), "hands": said.get("in_args", ()),
                     "takes": said.get("out_args", ())}  # fmt: skip
        case "parallel":
            made["branches"] = said.get("next_steps")
        case "if-condition":
            made |= {"condition": _condition(said), "on_true": said.get("on_true"),
                     "on_false": said.get("on_false")}  # fmt: skip
        case "while-condition":
            made |= {"condition": _condition(said), "on_true": said.get("on_true"),
                     "rounds": mine.rounds}  # fmt: skip
        case "switch-condition":
            switch = said.get("switch")
            name = switch.removesuffix(":value") if isinstance(switch, str) else switch
            made |= {"variable": name, "branches": said.get("cases")}
        case _:
            pass
    return made


_TAGS = {word: kind.__struct_config__.tag for word, kind in KINDS.items()}


def _action(said: dict[str, Any], mine: StepExtension) -> dict[str, Any]:
    if mine.action is not None:
        return {"action": mine.action, "args": mine.args, "out": mine.out}
    commands = said.get("commands", [])
    if not isinstance(commands, list):
        raise BadStep("commands: a list is expected")
    if len(commands) > MAX_COMMANDS:
        raise BadStep(f"commands: more than {MAX_COMMANDS}")
    out = said.get("out_args") or []
    text = str(said.get("description") or said.get("name") or "–")
    return {
        "action": MANUAL,
        "args": {"instructions": text[:10_000], "commands": [_command(each) for each in commands]},
        "out": {"result": out[0]} if isinstance(out, list) and out else {},
    }


def _command(said: Any) -> str:
    if not isinstance(said, dict):
        raise BadStep("commands: a command is an object")
    text = said.get("command")
    packed = said.get("command_b64", said.get("content_b64"))
    if isinstance(packed, str):
        try:
            opened = base64.b64decode(packed, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            opened = packed
        text = f"{text}\n{opened}" if isinstance(text, str) and text else opened
    return f"{said.get('type', '')}: {text if isinstance(text, str) else ''}"[:20_000]


def _condition(said: dict[str, Any]) -> Any:
    text = said.get("condition")
    if not isinstance(text, str):
        raise BadStep("condition: a text is expected")
    return msgspec.to_builtins(read_condition(text))


def _seconds(said: dict[str, Any], key: str) -> int | None:
    value = said.get(key)
    if value is None or value == 0:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadStep(f"{key}: milliseconds, as a whole number")
    return min(math.ceil(value / 1000), MAX_TIMEOUT_S)


def _extension(said: dict[str, Any]) -> StepExtension:
    extensions = said.get("step_extensions")
    mine = extensions.get(extension.ID) if isinstance(extensions, dict) else None
    if mine is None:
        return StepExtension()
    try:
        return msgspec.convert(mine, StepExtension)
    except msgspec.ValidationError as problem:
        raise BadStep(f"step_extensions: {problem}") from None


def _unchanged(step: AnyStep) -> bool:
    try:
        return read_step(step.source) == step
    except BadStep:
        return False


def _owned(step: AnyStep) -> set[str]:
    owned = {*_OWNED, *_OWNED_BY_KIND.get(type(step), ())}
    return owned | {"commands", "out_args"} if isinstance(step, Action) else owned


def _written(step: AnyStep) -> dict[str, Any]:
    match step:
        case Call():
            args = {"in_args": list(step.hands), "out_args": list(step.takes)}
            return {"playbook_id": step.playbook} | {k: v for k, v in args.items() if v}
        case Parallel():
            return {"next_steps": list(step.branches)}
        case If():
            other = {"on_false": step.on_false} if step.on_false else {}
            return {"condition": write_condition(step.condition), "on_true": step.on_true, **other}
        case While():
            return {"condition": write_condition(step.condition), "on_true": step.on_true}
        case Switch():
            return {"switch": step.variable, "cases": dict(step.branches)}
        case Action():
            results = list(dict.fromkeys(step.out.values()))
            return {
                "commands": [{"type": "manual", "command": by_hand(step)}],
                "agent": step.source.get("agent", extension.AGENT),
            } | ({"out_args": results} if results else {})
        case _:
            return {}


def by_hand(step: Action) -> str:
    """What a person would do in place of the action, for tools that do not know it."""
    if step.action == MANUAL:
        return str(step.args.get("instructions", ""))
    told = "; ".join(f"{name}: {value}" for name, value in step.args.items())
    return f"{step.name or step.action} ({step.action}{'; ' + told if told else ''})"


def _extended(step: AnyStep, said: dict[str, Any]) -> dict[str, Any]:
    mine = StepExtension(
        action=step.action if isinstance(step, Action) else None,
        args=step.args if isinstance(step, Action) else {},
        out=step.out if isinstance(step, Action) else {},
        titles=step.titles, on_timeout=step.on_timeout,
        rounds=step.rounds if isinstance(step, While) else None,
    )  # fmt: skip
    others = {k: v for k, v in (said.pop("step_extensions", None) or {}).items()
              if k != extension.ID}  # fmt: skip
    told = msgspec.to_builtins(mine)
    if told:
        others[extension.ID] = told
    if others:
        said["step_extensions"] = others
    return said
