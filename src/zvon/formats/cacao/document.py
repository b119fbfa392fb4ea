"""A whole CACAO 2.0 playbook, read and written, so that what was not changed comes out as it came."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from zvon.formats.cacao import extension
from zvon.formats.cacao.extension import PlaybookExtension
from zvon.formats.cacao.step import KINDS, BadStep, read_step, write_step
from zvon.formats.cacao.variables import read_variables, write_variables
from zvon.formats.json_value import BadJson, value_of
from zvon.model.playbook import MAX_BYTES, MAX_STEPS, STEP_BUDGET, Action, AnyStep, Playbook
from zvon.model.playbook_action import MANUAL
from zvon.model.playbook_check import Calls, check
from zvon.model.playbook_problem import Problem, Weight, error, note, stops, warning

VERSION = "cacao-2.0"
# Agents whose key begins with one of these words must be of that type (sections 7.4 to 7.13).
AGENT_TYPES = frozenset({"group", "http-api", "individual", "linux", "location", "net-address",
                         "organization", "sector", "security-category", "ssh"})  # fmt: skip
_OWNED = frozenset({"type", "spec_version", "id", "name", "description", "workflow_start",
                    "workflow_exception", "playbook_variables", "workflow"})  # fmt: skip
_SECRETS = ("password", "private_key", "token", "oauth_header", "kms_key_identifier")


class BadPlaybook(ValueError):
    """The document is no playbook that can be taken in; `problems` say where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        first = next((each for each in problems if each.weight is Weight.ERROR), problems[0])
        told = ", ".join(str(value) for value in first.params.values())
        super().__init__(f"{first.step or 'playbook'}: {first.code} {told}".rstrip())
        self.problems = problems
        self.errors = [
            {"step": each.step or "", "code": each.code, **each.params}
            for each in problems
            if each.weight is Weight.ERROR
        ]


class Made(Struct, frozen=True, kw_only=True):
    """When a playbook was made and last changed, for documents that do not say it yet."""

    created: datetime
    modified: datetime


def read_playbook(raw: bytes, known: Calls | None = None) -> tuple[Playbook, list[Problem]]:
    """Read and check a document. Raises `BadPlaybook` with all findings when one is an error."""
    playbook, problems = judge(raw, known)
    if playbook is None or stops(problems):
        raise BadPlaybook(problems)
    return playbook, problems


def judge(raw: bytes, known: Calls | None = None) -> tuple[Playbook | None, list[Problem]]:
    """Read and check a document, whatever is wrong with it; no playbook when it has no shape."""
    if len(raw) > MAX_BYTES:
        return None, [error("TOO_LARGE", count=len(raw), most=MAX_BYTES)]
    try:
        said = value_of(raw)
    except BadJson as problem:
        return None, [error("NOT_JSON", reason=str(problem)[:300])]
    if not isinstance(said, dict) or said.get("type") != "playbook":
        return None, [error("NOT_PLAYBOOK")]
    if said.get("spec_version") != VERSION:
        return None, [error("OTHER_VERSION", version=str(said.get("spec_version"))[:40])]
    workflow = said.get("workflow")
    if not isinstance(workflow, dict) or not workflow:
        return None, [error("NO_WORKFLOW")]
    if len(workflow) > MAX_STEPS:
        return None, [error("TOO_MANY_STEPS", count=len(workflow), most=MAX_STEPS)]
    steps, problems = _steps(workflow)
    if len(steps) < len(workflow):
        return None, [*problems, *_agents(said)]
    try:
        playbook = msgspec.convert(_plain(said, steps), Playbook)
    except (msgspec.ValidationError, TypeError) as problem:
        return None, [*problems, error("BAD_FIELD", reason=str(problem)[:300])]
    return playbook, [*problems, *_agents(said), *_secrets(said), *_by_hand(steps),
                      *check(playbook, known)]  # fmt: skip


def write_playbook(playbook: Playbook, made: Made) -> dict[str, Any]:
    """A playbook as a CACAO document. Signatures stay only on one that nobody changed."""
    workflow = {name: write_step(step) for name, step in playbook.steps.items()}
    if playbook.source and _unchanged(playbook, workflow):
        return {key: (workflow if key == "workflow" else value)
                for key, value in {**playbook.source, "workflow": {}}.items()}  # fmt: skip
    kept = {key: value for key, value in playbook.source.items() if key not in _OWNED}
    kept.pop("signatures", None)
    said: dict[str, Any] = {"type": "playbook", "spec_version": VERSION, "id": playbook.id,
                            "name": playbook.name}  # fmt: skip
    mine = (
        ("description", playbook.description), ("workflow_start", playbook.start),
        ("workflow_exception", playbook.exception),
        ("playbook_variables",
         write_variables(playbook.variables, playbook.source.get("playbook_variables"))),
    )  # fmt: skip
    said |= {key: value for key, value in mine if value} | kept
    said.setdefault("created_by", extension.AUTHOR)
    said.setdefault("created", _moment(made.created))
    said["modified"] = max(_moment(made.modified), str(said["created"]))
    said["workflow"] = workflow
    return _extended(playbook, said, workflow)


def encode(playbook: Playbook, made: Made) -> bytes:
    """The document as a file, with an indent so that people can compare two of them."""
    return msgspec.json.format(msgspec.json.encode(write_playbook(playbook, made)), indent=2)


def _steps(workflow: dict[str, Any]) -> tuple[dict[str, AnyStep], list[Problem]]:
    steps: dict[str, AnyStep] = {}
    problems: list[Problem] = []
    for name, said in workflow.items():
        try:
            steps[name] = read_step(said)
        except BadStep as problem:
            problems.append(error("BAD_STEP", name, reason=str(problem)[:300]))
            continue
        kind = name.partition("--")[0]
        if kind in KINDS and kind != said["type"]:
            problems.append(error("STEP_KIND", name, kind=kind, type=said["type"]))
    return steps, problems[:100]


def _plain(said: dict[str, Any], steps: dict[str, AnyStep]) -> dict[str, Any]:
    mine = _extension(said)
    return {
        "id": said.get("id"), "name": said.get("name"), "description": said.get("description", ""),
        "titles": mine.titles, "suits": mine.suits, "starts": mine.starts,
        "budget": mine.budget or STEP_BUDGET,
        "start": said.get("workflow_start"), "exception": said.get("workflow_exception"),
        "variables": read_variables(said.get("playbook_variables")), "steps": steps,
        "source": {key: value for key, value in said.items() if key != "workflow"},
    }  # fmt: skip


def _extension(said: dict[str, Any]) -> PlaybookExtension:
    extensions = said.get("playbook_extensions")
    mine = extensions.get(extension.ID) if isinstance(extensions, dict) else None
    return PlaybookExtension() if mine is None else msgspec.convert(mine, PlaybookExtension)


def _agents(said: dict[str, Any]) -> list[Problem]:
    """Agents and targets that are not what their key says, each at the first step that uses it."""
    problems: list[Problem] = []
    workflow = said["workflow"]
    defined: dict[str, Any] = {}
    for group in ("agent_definitions", "target_definitions"):
        found = said.get(group)
        if found is not None and not isinstance(found, dict):
            problems.append(error("BAD_FIELD", reason=f"{group}: an object is expected"))
        defined |= found if isinstance(found, dict) else {}
    used = {str(each): name for name, step in reversed(workflow.items()) if isinstance(step, dict)
            for each in [step.get("agent"), *_list(step.get("targets"))] if each}  # fmt: skip
    for key, agent in defined.items():
        kind = key.partition("--")[0]
        given = agent.get("type") if isinstance(agent, dict) else None
        if kind in AGENT_TYPES and given != kind:
            problems.append(error("AGENT_TYPE", used.get(key), agent=key[:120], kind=kind,
                                  type=str(given)[:80]))  # fmt: skip
    problems += [warning("AGENT_UNKNOWN", step, agent=key[:120])
                 for key, step in used.items() if key not in defined]  # fmt: skip
    return problems[:100]


def _secrets(said: dict[str, Any]) -> list[Problem]:
    definitions = said.get("authentication_info_definitions")
    return [
        warning("SECRET_INSIDE", key=key[:120])
        for key, one in (definitions.items() if isinstance(definitions, dict) else ())
        if isinstance(one, dict) and any(one.get(each) for each in _SECRETS)
    ][:20]


def _by_hand(steps: dict[str, AnyStep]) -> list[Problem]:
    return [
        note("MANUAL_STEP", name)
        for name, step in steps.items()
        if isinstance(step, Action) and step.action == MANUAL and _foreign(step)
    ]


def _foreign(step: Action) -> bool:
    commands = _list(step.source.get("commands"))
    return any(isinstance(each, dict) and each.get("type") != "manual" for each in commands)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _unchanged(playbook: Playbook, workflow: dict[str, Any]) -> bool:
    for name, step in playbook.steps.items():
        if workflow[name] != step.source:
            return False
    said = {**playbook.source, "workflow": workflow}
    try:
        return msgspec.convert(_plain(said, playbook.steps), Playbook) == playbook
    except (msgspec.ValidationError, TypeError):
        return False


def _extended(playbook: Playbook, said: dict[str, Any], workflow: dict[str, Any]) -> dict[str, Any]:
    mine = msgspec.to_builtins(
        PlaybookExtension(
            titles=playbook.titles, suits=playbook.suits, starts=playbook.starts,
            budget=None if playbook.budget == STEP_BUDGET else playbook.budget,
        )
    )  # fmt: skip
    others = {k: v for k, v in _dict(said.pop("playbook_extensions", None)).items()
              if k != extension.ID}  # fmt: skip
    if mine:
        others[extension.ID] = mine
    if others:
        said["playbook_extensions"] = others
    if mine or any(
        extension.ID in _dict(step.get("step_extensions")) for step in workflow.values()
    ):
        said["extension_definitions"] = {**_dict(said.get("extension_definitions")),
                                         extension.ID: extension.DEFINITION}  # fmt: skip
    if any(step.get("agent") == extension.AGENT for step in workflow.values()):
        said["agent_definitions"] = {**_dict(said.get("agent_definitions")),
                                     extension.AGENT: extension.AGENT_DEFINITION}  # fmt: skip
    return said


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
