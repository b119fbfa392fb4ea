"""Tasks: mine, those of an incident, and the templates that make several at once."""

from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.task import TASK_MOVES, TaskState
from zvon.respond import task as work
from zvon.respond.task_template import templates
from zvon.store import incident_brief
from zvon.store import task as tasks
from zvon.store.task import Task
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Login = Annotated[str, Meta(min_length=1, max_length=200)]
Due = Annotated[datetime, Meta(tz=True)]


class Whose(StrEnum):
    """Whose tasks: the caller's, or those that nobody has taken."""

    MINE = "mine"
    NOBODY = "nobody"


class TaskOut(Struct, frozen=True, kw_only=True):
    """A task. A person's `text`, or a `code` of the catalogue; `first` come before it.

    `version` goes back with a change; `moves` are where it may go.
    """

    id: UUID
    number: str
    incident: UUID | None
    incident_number: str | None
    text: str
    code: str | None
    params: dict[str, Any]
    run: UUID | None
    state: str
    moves: list[str]
    assignee: str | None
    due_at: datetime | None
    overdue: bool
    first: list[str]
    result: str
    made_by: str | None
    made_at: datetime
    done_at: datetime | None
    version: int


class Tasks(Struct, frozen=True):
    """Tasks, the most urgent first."""

    tasks: list[TaskOut]


class TemplateOut(Struct, frozen=True, kw_only=True):
    """Tasks that belong together, and the kinds of incident that they are for."""

    name: str
    categories: list[str]
    steps: list[str]


class Templates(Struct, frozen=True):
    """The templates that there are."""

    templates: list[TemplateOut]


class TaskIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done, by whom, until when."""

    text: Text
    assignee: Login | None = None
    due_at: Due | None = None


class TemplateIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name of a template."""

    template: Annotated[str, Meta(min_length=1, max_length=100)]


class TaskStateIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the task goes, and what came of it or why it is not done."""

    to: TaskState
    version: Version
    result: Annotated[str, Meta(max_length=2000)] = ""


class TaskChangeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who does it and until when, whole: null is nobody, and no end. Text only if it changed."""

    version: Version
    assignee: Login | None
    due_at: Due | None
    text: Text | None = None


class AfterIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tasks that come first."""

    version: Version
    first: Annotated[list[UUID], Meta(max_length=20)]


def task_out(t: Task, now: datetime) -> TaskOut:
    """What the API shows of a task."""
    return TaskOut(
        id=t.uuid, number=t.number, incident=t.incident, incident_number=t.incident_number,
        text=t.text, code=t.code, params=t.params, run=t.run_uuid, state=t.state,
        moves=sorted(TASK_MOVES[TaskState(t.state)]), assignee=t.assignee, due_at=t.due_at,
        overdue=t.overdue(now), first=list(t.first), result=t.result, made_by=t.made_by,
        made_at=t.made_at, done_at=t.done_at, version=t.version,
    )  # fmt: skip


async def _one(context: In, who: Who, id: UUID) -> TaskOut:
    async with read(context.pool, who) as db:
        return task_out(await tasks.get(db, who, id), context.clock())


@get("/tasks", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED, 422))
async def list_tasks(context: In, who: Who, whose: Whose = Whose.MINE) -> Tasks:
    """Tasks that wait: mine, or those that nobody has taken; what is due first stands first."""
    of = who.person_id if whose is Whose.MINE else None
    async with read(context.pool, who) as db:
        found = await tasks.waiting(db, who, assignee_id=of)
    return Tasks([task_out(t, context.clock()) for t in found])


@get("/task-templates", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED))
async def list_templates(who: Who) -> Templates:
    """Templates of tasks by kind of incident."""
    who.require(Permission.INCIDENT_READ)
    return Templates([
        TemplateOut(name=t.name, categories=list(t.categories), steps=[s.code for s in t.steps])
        for t in templates()
    ])  # fmt: skip


@get("/tasks/{id:uuid}", opt={"permission": Permission.INCIDENT_READ},
     responses=problems(*SIGNED, 404))  # fmt: skip
async def get_task(context: In, who: Who, id: UUID) -> TaskOut:
    """One task."""
    return await _one(context, who, id)


@get(
    "/incidents/{id:uuid}/tasks", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def list_of_incident(context: In, who: Who, id: UUID) -> Tasks:
    """The tasks of an incident, those that wait first."""
    async with read(context.pool, who) as db:
        found = await incident_brief.get(db, who, id)
        rows = await tasks.of_incident(db, who, found.id)
    return Tasks([task_out(t, context.clock()) for t in rows])


@post("/tasks", opt={"permission": Permission.TASK_WRITE}, responses=problems(*SIGNED, 404, 422))
async def add_own(context: In, who: Who, data: TaskIn) -> TaskOut:
    """Make a task that belongs to no incident."""
    return await _add(context, who, None, data)


@post(
    "/incidents/{id:uuid}/tasks", opt={"permission": Permission.TASK_WRITE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def add_to_incident(context: In, who: Who, id: UUID, data: TaskIn) -> TaskOut:
    """Make a task for an incident."""
    return await _add(context, who, id, data)


async def _add(context: In, who: Who, incident: UUID | None, data: TaskIn) -> TaskOut:
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await work.add(
            tx, incident, text=data.text, assignee=data.assignee, due_at=data.due_at, by=who,
            now=now, random=context.random,
        )  # fmt: skip
    return await _one(context, who, made)


@post(
    "/incidents/{id:uuid}/tasks/from-template", opt={"permission": Permission.TASK_WRITE},
    responses=problems(*SIGNED, 404, 422), status_code=HTTPStatus.OK,
)  # fmt: skip
async def add_template(context: In, who: Who, id: UUID, data: TemplateIn) -> Tasks:
    """Make the tasks of a template that the incident does not have yet."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await work.add_template(tx, who, id, data.template, now, context.random)
    async with read(context.pool, who) as db:
        found = await incident_brief.get(db, who, id)
        rows = await tasks.of_incident(db, who, found.id)
    return Tasks([task_out(t, now) for t in rows])


@post(
    "/tasks/{id:uuid}/state", opt={"permission": Permission.TASK_WRITE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def move_task(context: In, who: Who, id: UUID, data: TaskStateIn) -> TaskOut:
    """Begin, finish, block or drop a task; what is blocked or dropped says why."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await work.move(tx, who, id, data.to, version=data.version, result=data.result, now=now)
    return await _one(context, who, id)


@post(
    "/tasks/{id:uuid}/change", opt={"permission": Permission.TASK_WRITE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def change_task(context: In, who: Who, id: UUID, data: TaskChangeIn) -> TaskOut:
    """Give a task to somebody, say until when, or say it better."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await work.change(
            tx, who, id, version=data.version, assignee=data.assignee, due_at=data.due_at,
            text=data.text, now=now,
        )  # fmt: skip
    return await _one(context, who, id)


@post(
    "/tasks/{id:uuid}/after", opt={"permission": Permission.TASK_WRITE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def put_after(context: In, who: Who, id: UUID, data: AfterIn) -> TaskOut:
    """Say which tasks of the same incident come first."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await work.put_after(tx, who, id, data.first, version=data.version, now=now)
    return await _one(context, who, id)


router = Router(
    "/",
    route_handlers=[
        list_tasks, list_templates, get_task, list_of_incident, add_own, add_to_incident,
        add_template, move_task, change_task, put_after,
    ],
    tags=["tasks"],
)  # fmt: skip
