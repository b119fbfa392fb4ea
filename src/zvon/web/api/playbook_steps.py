"""Writing a playbook: its own values, variables, steps, ways and conditions, one at a time.

Each call names the `version` of the playbook that you read; when somebody changed it meanwhile, the
answer is 409. The first change of what is checked, tried or in force begins or reopens a draft.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Router, post
from litestar.params import Parameter
from msgspec import UNSET, Meta, Struct, UnsetType, ValidationError
from msgspec.structs import replace

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats.cacao.condition import read_condition
from zvon.jobs import Context
from zvon.model import playbook_edit
from zvon.model.playbook import (
    VARIABLE_NAME,
    Action,
    If,
    Name,
    Playbook,
    Prose,
    Seconds,
    StartRule,
    StepId,
    Variable,
    VariableType,
    While,
)
from zvon.model.playbook_action import GIVEN
from zvon.model.playbook_edit import BadEdit
from zvon.model.playbook_terms import Term, Terms, condition_of, terms_of
from zvon.store import playbook_change as changes
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.api.playbooks import At, Count, PlaybookOut, identifiers, out
from zvon.web.problem import SIGNED, problems

StepIn = Annotated[str, Parameter(min_length=1, max_length=300)]
VariableName = Annotated[str, Meta(pattern=VARIABLE_NAME)]
Flag = Literal["yes", "no"]
MAX_ARGS = 50


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values of the playbook itself; what is left out stays."""

    version: Count
    name: Annotated[str, Meta(min_length=1, max_length=300)] | UnsetType = UNSET
    titles: Annotated[dict[Literal["sl", "hr", "en"], Name], Meta(max_length=3)] | UnsetType = UNSET
    description: Prose | UnsetType = UNSET
    suits: Annotated[list[Name], Meta(max_length=50)] | UnsetType = UNSET
    starts: Annotated[list[StartRule], Meta(max_length=20)] | UnsetType = UNSET
    budget: Annotated[int, Meta(ge=1, le=100_000)] | UnsetType = UNSET


class NewStep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step behind another one: an action, or `if`, `while`, `switch`, `parallel`, `playbook`.

    `way` is where it goes: `on_completion` … of `after`, or a branch of it (`new` for one more).
    """

    version: Count
    after: StepId
    way: Annotated[str, Meta(min_length=1, max_length=250)] = "on_completion"
    what: Annotated[str, Meta(min_length=1, max_length=80)]


class StepValues(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values of a step; what is left out stays, so does each argument. 0 seconds is the default.

    `ways` lead to another step, or nowhere with an empty text. `condition` is written as in CACAO.
    """

    version: Count
    name: Name | UnsetType = UNSET
    titles: Annotated[dict[Literal["sl", "hr", "en"], Name], Meta(max_length=3)] | UnsetType = UNSET
    description: Prose | UnsetType = UNSET
    delay_s: Seconds | UnsetType = UNSET
    timeout_s: Seconds | UnsetType = UNSET
    args: Annotated[dict[str, Any], Meta(max_length=MAX_ARGS)] | UnsetType = UNSET
    out: Annotated[dict[str, str], Meta(max_length=MAX_ARGS)] | UnsetType = UNSET
    ways: Annotated[dict[str, str], Meta(max_length=MAX_ARGS)] | UnsetType = UNSET
    rounds: Annotated[int, Meta(ge=1, le=10_000)] | UnsetType = UNSET
    playbook: Name | UnsetType = UNSET
    hands: Annotated[list[VariableName], Meta(max_length=MAX_ARGS)] | UnsetType = UNSET
    takes: Annotated[list[VariableName], Meta(max_length=MAX_ARGS)] | UnsetType = UNSET
    variable: VariableName | UnsetType = UNSET
    condition: Annotated[str, Meta(min_length=1, max_length=10_000)] | UnsetType = UNSET


class NewTerm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One more comparison in a condition; `joined` says how all of them are joined.

    With `only` it takes the place of all that is there.
    """

    version: Count
    variable: VariableName
    way: Literal["is", "is_not", "less", "at_most", "more", "at_least", "like", "among", "exists",
                 "missing"]  # fmt: skip
    value: Annotated[str, Meta(max_length=2000)] = ""
    joined: Literal["all", "any"] = "all"
    only: bool = False


class GoneTerm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comparison to take away, counted from 1."""

    version: Count
    place: Annotated[int, Meta(ge=1, le=200)]


class NewVariable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variable, new or with other values; an external one is asked when a run starts."""

    version: Count
    name: VariableName
    type: VariableType = VariableType.STRING
    value: Annotated[str, Meta(max_length=2000)] = ""
    description: Prose = ""
    external: Flag = "no"
    constant: Flag = "no"


class GoneVariable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variable to take away."""

    version: Count
    name: Annotated[str, Meta(min_length=1, max_length=300)]


@post(
    "/playbooks/{id:uuid}/draft", opt={"permission": Permission.PLAYBOOK_WRITE},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def open_draft(context: In, who: Who, id: UUID, data: At) -> PlaybookOut:
    """Begin a draft of what is in force, or reopen what was checked."""
    return await _edit(context, who, id, data.version, lambda playbook: playbook)


@post(
    "/playbooks/{id:uuid}/settings", opt={"permission": Permission.PLAYBOOK_WRITE},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def set_values(context: In, who: Who, id: UUID, data: Settings) -> PlaybookOut:
    """Change the name, the description, what it is for, when it starts by itself."""
    given = _given(data, "name", "titles", "description", "suits", "starts", "budget")
    return await _edit(
        context, who, id, data.version, lambda playbook: playbook_edit.described(playbook, **given)
    )


@post(
    "/playbooks/{id:uuid}/steps", opt={"permission": Permission.PLAYBOOK_WRITE},
    status_code=HTTPStatus.CREATED, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def add_step(context: In, who: Who, id: UUID, data: NewStep) -> PlaybookOut:
    """Put a step behind another one."""
    new_id = identifiers(context)
    return await _edit(
        context, who, id, data.version,
        lambda playbook: playbook_edit.add(playbook, data.after, data.way, data.what, new_id)[0],
    )  # fmt: skip


@post(
    "/playbooks/{id:uuid}/steps/{step:str}", opt={"permission": Permission.PLAYBOOK_WRITE},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def change_step(
    context: In, who: Who, id: UUID, step: StepIn, data: StepValues
) -> PlaybookOut:
    """Give a step other values."""
    return await _edit(
        context, who, id, data.version, lambda playbook: _changed(playbook, step, data)
    )


@post(
    "/playbooks/{id:uuid}/steps/{step:str}/removal", opt={"permission": Permission.PLAYBOOK_WRITE},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def remove_step(context: In, who: Who, id: UUID, step: StepIn, data: At) -> PlaybookOut:
    """Take a step out; its branches go with it, and what led to it leads to what followed."""
    return await _edit(
        context, who, id, data.version, lambda playbook: playbook_edit.remove(playbook, step)
    )


@post(
    "/playbooks/{id:uuid}/steps/{step:str}/terms", opt={"permission": Permission.PLAYBOOK_WRITE},
    status_code=HTTPStatus.CREATED, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def add_term(context: In, who: Who, id: UUID, step: StepIn, data: NewTerm) -> PlaybookOut:
    """Add a comparison to the condition of a step."""
    term = Term(variable=data.variable, way=data.way, value=data.value)

    def change(playbook: Playbook) -> Playbook:
        before = Terms(()) if data.only else _terms(playbook, step)
        return _conditioned(playbook, step, Terms((*before.terms, term), data.joined))

    return await _edit(context, who, id, data.version, change)


@post(
    "/playbooks/{id:uuid}/steps/{step:str}/terms/removal",
    opt={"permission": Permission.PLAYBOOK_WRITE},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def remove_term(context: In, who: Who, id: UUID, step: StepIn, data: GoneTerm) -> PlaybookOut:
    """Take a comparison out of the condition of a step; one has to stay."""

    def change(playbook: Playbook) -> Playbook:
        before = _terms(playbook, step)
        kept = tuple(t for place, t in enumerate(before.terms, 1) if place != data.place)
        return _conditioned(playbook, step, Terms(kept, before.joined))

    return await _edit(context, who, id, data.version, change)


@post(
    "/playbooks/{id:uuid}/variables", opt={"permission": Permission.PLAYBOOK_WRITE},
    status_code=HTTPStatus.CREATED, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def put_variable(context: In, who: Who, id: UUID, data: NewVariable) -> PlaybookOut:
    """Declare a variable, or change one."""
    made = Variable(
        type=data.type, value=data.value or None, description=data.description,
        external=data.external == "yes", constant=data.constant == "yes",
    )  # fmt: skip
    return await _edit(
        context, who, id, data.version,
        lambda playbook: replace(playbook, variables={**playbook.variables, data.name: made}),
    )  # fmt: skip


@post(
    "/playbooks/{id:uuid}/variables/removal", opt={"permission": Permission.PLAYBOOK_WRITE},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def remove_variable(context: In, who: Who, id: UUID, data: GoneVariable) -> PlaybookOut:
    """Take a variable away; steps that still name it are findings."""

    def change(playbook: Playbook) -> Playbook:
        if data.name not in playbook.variables:
            raise BadEdit(f"there is no variable {data.name[:80]}")
        kept = {name: one for name, one in playbook.variables.items() if name != data.name}
        return replace(playbook, variables=kept)

    return await _edit(context, who, id, data.version, change)


async def _edit(
    context: Context, who: Viewer, id: UUID, version: int, change: Callable[[Playbook], Playbook]
) -> PlaybookOut:
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        row = await changes.edit(tx, who, id, version, change, now, context.random)
    return out(row, who.lang)


def _given(data: Struct, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(data, name)) is not UNSET}


def _changed(playbook: Playbook, name: StepId, data: StepValues) -> Playbook:
    step = playbook_edit.step_of(playbook, name)
    given = _given(data, "name", "titles", "description", "delay_s", "rounds", "playbook", "hands",
                   "takes", "variable")  # fmt: skip
    if data.timeout_s is not UNSET:
        given["timeout_s"] = data.timeout_s or None
    if data.condition is not UNSET:
        given["condition"] = read_condition(data.condition)
    if isinstance(step, Action):
        if data.args is not UNSET:
            given["args"] = {**step.args, **data.args}
        if data.out is not UNSET:
            given["out"] = {k: v for k, v in {**step.out, **data.out}.items() if v}
            playbook = playbook_edit.results(playbook, step.action, given["out"])
    elif data.args is not UNSET or data.out is not UNSET:
        raise BadEdit("only an action has arguments and results")
    try:
        playbook = playbook_edit.change(playbook, name, given)
    except ValidationError as problem:
        raise BadEdit(str(problem)) from None
    ways = {} if data.ways is UNSET else data.ways
    for way, target in ways.items():
        playbook = playbook_edit.set_way(playbook, name, way, target or None)
    return playbook


def _terms(playbook: Playbook, name: StepId) -> Terms:
    step = playbook_edit.step_of(playbook, name)
    if not isinstance(step, If | While):
        raise BadEdit("this step has no condition")
    found = terms_of(step.condition)
    if found is None:
        raise BadEdit("this condition has brackets; write it whole, or begin a new one")
    return found


def _conditioned(playbook: Playbook, name: StepId, terms: Terms) -> Playbook:
    step = playbook_edit.step_of(playbook, name)
    if not isinstance(step, If | While):
        raise BadEdit("this step has no condition")
    scope = {**playbook.variables, **step.variables, **GIVEN}
    return playbook_edit.change(playbook, name, {"condition": condition_of(terms, scope)})


router = Router(
    "/",
    route_handlers=[open_draft, set_values, add_step, change_step, remove_step, add_term,
                    remove_term, put_variable, remove_variable],
    tags=["playbooks"],
)  # fmt: skip
