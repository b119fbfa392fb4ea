"""Runs of playbooks: start, read, answer, cancel, move to another version."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.respond import run_people, run_start
from zvon.respond.run_policy import shipped
from zvon.store import run_list
from zvon.store.run_list import Listed, Whole
from zvon.store.run_row import StepRow
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Cursor = Annotated[str | None, Parameter(max_length=300)]
Word = Annotated[str, Meta(min_length=1, max_length=20)]
StepName = Annotated[str, Meta(min_length=1, max_length=300)]


class WaitOut(Struct, frozen=True, kw_only=True):
    """What a step waits for, since when and until when, and whose turn it is."""

    kind: str
    since: datetime
    deadline: datetime
    question: str
    options: list[str]
    role: str | None
    about: UUID | None
    ended_at: datetime | None


class AnswerOut(Struct, frozen=True, kw_only=True):
    """What a person said; `closed`: their account was closed, and it counts no more."""

    by: str
    word: str
    reason: str
    at: datetime
    closed: bool


class StepOut(Struct, frozen=True, kw_only=True):
    """One pass over one step. `id` is the key that makes its action happen once."""

    id: UUID
    step: str
    iteration: int
    action: str
    state: str
    attempt: int
    output: dict[str, Any]
    error: str
    due_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    wait: WaitOut | None
    answers: list[AnswerOut]


class RunOut(Struct, frozen=True, kw_only=True):
    """A run. `waits_for` is what it waits for with the nearest end, `step` the step that does."""

    id: UUID
    number: str
    playbook: str
    playbook_id: UUID
    incident: str | None
    incident_id: UUID | None
    state: str
    sandbox: bool
    trigger: str | None
    started_by: str | None
    started_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    error: str
    step: str | None
    waits_for: str | None
    since: datetime | None
    deadline: datetime | None
    role: str | None
    question: str | None


class EffectOut(Struct, frozen=True, kw_only=True):
    """Something that a run made: a block, a task, a message, a release."""

    kind: str
    id: UUID
    undone_at: datetime | None


class LineOut(Struct, frozen=True, kw_only=True):
    """One line of a run's log."""

    at: datetime
    code: str
    step: str | None
    params: dict[str, Any]
    by: str


class RunWhole(RunOut, frozen=True, kw_only=True):
    """A run with its steps, what it made, and its log. `version` is the version that it is pinned to."""

    version: int
    version_id: UUID
    acts_for: str
    reason: str
    variables: dict[str, Any]
    steps: list[StepOut]
    effects: list[EffectOut]
    log: list[LineOut]


class Runs(Struct, frozen=True):
    """Runs, the late ones first; `cursor` gives the next page."""

    runs: list[RunOut]
    cursor: str | None


class NewRun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Start the version of a playbook that is in force.

    `values` are for the variables that it asks for. A `sandbox` run is an exercise: nothing that it
    makes can get out.
    """

    playbook: UUID
    incident: UUID | None = None
    reason: Annotated[str, Meta(max_length=500)] = ""
    sandbox: bool = False
    values: Annotated[dict[str, Any], Meta(max_length=100)] = {}


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a step asks: yes or no; for a late one retry, skip or stop. No needs a reason."""

    step: UUID
    word: Word
    reason: Annotated[str, Meta(max_length=500)] = ""


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class Move(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Go on with another version (its number); `places` says which step becomes which, the others
    keep theirs.
    """

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    places: Annotated[dict[StepName, StepName], Meta(max_length=200)] = {}
    reason: Reason


class LetGo(Struct, frozen=True, forbid_unknown_fields=True):
    """The playbook that stopped itself."""

    playbook: UUID


class WasStopped(Struct, frozen=True):
    """Whether it had stopped itself."""

    stopped: bool


@get("/runs", opt={"permission": Permission.PLAYBOOK_READ}, responses=problems(*SIGNED, 422))
async def list_runs(context: In, who: Who, ended: bool = False, cursor: Cursor = None) -> Runs:
    """Runs that go on, the late ones first; with `ended` those that are over, the newest first."""
    async with read(context.pool, who, context.clock()) as db:
        some = run_list.ended_runs if ended else run_list.open_runs
        page = await some(db, who, cursor=cursor)
    return Runs([_out(row) for row in page.runs], page.cursor)


@get(
    "/incidents/{id:uuid}/runs", opt={"permission": Permission.PLAYBOOK_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def of_incident(context: In, who: Who, id: UUID) -> Runs:
    """The runs about an incident, the newest first."""
    async with read(context.pool, who, context.clock()) as db:
        return Runs([_out(row) for row in await run_list.of_incident(db, who, id)], None)


@post("/runs", opt={"permission": Permission.RUN_START}, responses=problems(*SIGNED, 404, 409, 422))
async def start(context: In, who: Who, data: NewRun) -> RunWhole:
    """Start a run. It acts with the permissions of whoever starts it, and no more."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        row = await run_start.start(
            tx, who, data.playbook, data.incident, reason=data.reason, sandbox=data.sandbox,
            values=data.values, now=now, random=context.random, policy=shipped(),
        )  # fmt: skip
        return _whole(await run_list.whole(tx.db, who, row.uuid))


@get(
    "/runs/{id:uuid}", opt={"permission": Permission.PLAYBOOK_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_run(context: In, who: Who, id: UUID) -> RunWhole:
    """One run with its steps, what it made, and its log."""
    async with read(context.pool, who, context.clock()) as db:
        return _whole(await run_list.whole(db, who, id))


@post(
    "/runs/{id:uuid}/answers", opt={"permission": Permission.PLAYBOOK_READ},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def answer(context: In, who: Who, id: UUID, data: Answer) -> RunWhole:
    """Answer what a step asks. Whoever the run acts for, and whoever started it, approves nothing."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await run_people.answer(
            tx, who, id, data.step, data.word, data.reason, now=now, random=context.random,
            policy=shipped(),
        )  # fmt: skip
        return _whole(await run_list.whole(tx.db, who, id))


@post(
    "/runs/{id:uuid}/cancel", opt={"permission": Permission.PLAYBOOK_READ},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def cancel(context: In, who: Who, id: UUID, data: Why) -> RunWhole:
    """End a run and take back what it made, as far as that can be; the log says what stays.

    Whoever manages runs may, and whoever started it.
    """
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await run_people.cancel(tx, who, id, data.reason, context=context, now=now,
                                policy=shipped())  # fmt: skip
        return _whole(await run_list.whole(tx.db, who, id))


@post(
    "/runs/{id:uuid}/version", opt={"permission": Permission.RUN_MANAGE},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def move(context: In, who: Who, id: UUID, data: Move) -> RunWhole:
    """Go on with another version of the same playbook. Without this a run stays with its own."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await run_people.move(
            tx, who, id, data.version, data.places, data.reason, now=now, random=context.random,
            policy=shipped(),
        )  # fmt: skip
        return _whole(await run_list.whole(tx.db, who, id))


@post(
    "/runs/let-go", opt={"permission": Permission.RUN_MANAGE}, status_code=HTTPStatus.OK,
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def let_go(context: In, who: Who, data: LetGo) -> WasStopped:
    """Let a playbook that stopped itself start runs again."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return WasStopped(await run_start.let_go(tx, who, data.playbook, now))


def _fields(row: Listed) -> dict[str, Any]:
    return {
        "id": row.uuid, "number": row.number, "playbook": row.playbook,
        "playbook_id": row.playbook_uuid, "incident": row.incident,
        "incident_id": row.incident_uuid, "state": row.state, "sandbox": row.sandbox,
        "trigger": row.trigger, "started_by": row.started_by, "started_at": row.started_at,
        "changed_at": row.changed_at, "ended_at": row.ended_at, "error": row.error,
        "step": row.step, "waits_for": row.waits_for, "since": row.since,
        "deadline": row.deadline, "role": row.role, "question": row.question,
    }  # fmt: skip


def _out(row: Listed) -> RunOut:
    return RunOut(**_fields(row))


def _whole(found: Whole) -> RunWhole:
    return RunWhole(
        **_fields(found.listed), version=found.of.number, version_id=found.of.uuid,
        acts_for=found.acts_for, reason=found.run.reason, variables=found.run.variables,
        steps=[_step(found, step) for step in found.steps],
        effects=[EffectOut(kind=e.kind, id=e.subject, undone_at=e.undone_at)
                 for e in found.effects],
        log=[LineOut(at=line.at, code=line.code, step=line.step, params=line.params, by=line.actor)
             for line in found.log],
    )  # fmt: skip


def _step(found: Whole, step: StepRow) -> StepOut:
    wait = found.waits.get(step.id)
    return StepOut(
        id=step.uuid, step=step.step, iteration=step.iteration, action=step.kind,
        state=step.state, attempt=step.attempt, output=step.output, error=step.error,
        due_at=step.due_at, started_at=step.started_at, ended_at=step.ended_at,
        wait=None if wait is None else WaitOut(
            kind=wait.kind, since=wait.since, deadline=wait.deadline, question=wait.question,
            options=list(wait.options), role=wait.role, about=wait.about, ended_at=wait.ended_at,
        ),
        answers=[AnswerOut(by=a.name, word=a.word, reason=a.reason, at=a.at, closed=a.closed)
                 for a in found.answers.get(step.id, [])],
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[list_runs, of_incident, start, get_run, answer, cancel, move, let_go],
    tags=["runs"],
)
