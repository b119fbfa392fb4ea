"""Tasks as people, templates and runs make them, and as people work on them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import enqueue
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.task import NEEDS_REASON, TaskState
from zvon.respond.task_template import Template, template
from zvon.store import incident_decision as decision
from zvon.store import task as tasks
from zvon.store.incident_life import require
from zvon.store.task import NewTask
from zvon.store.transaction import Tx

MAX_TEXT = 2000
LONGEST = timedelta(days=3660)
RUN_TASK = "respond.run_task"
Random = Callable[[int], bytes]


class BadTask(ValueError):
    """The task says nothing, too much, or is due before it was made."""


async def add(
    tx: Tx,
    incident: UUID | None,
    *,
    now: datetime,
    random: Random,
    by: Viewer | None,
    text: str = "",
    assignee: str | None = None,
    due_at: datetime | None = None,
    run: UUID | None = None,
    key: str | None = None,
    code: str | None = None,
    params: dict[str, Any] | None = None,
) -> UUID:
    """Make a task; its identifier. A run (`by` is `None`) makes the task of a `key` once.

    `assignee` is a login. `code` is a message id, for text in the reader's language. Raises
    `Denied`, `NotFound`, `BadTask`, `NoSuchWorker`.
    """
    if by is not None:
        by.require(Permission.TASK_WRITE)
    said = _text(text, empty=code is not None)
    _check_due(due_at, now)
    current = None if incident is None else await decision.lock(tx, incident)
    new = NewTask(
        text=said, code=code, params=params or {}, run_uuid=run, run_key=key, due_at=due_at,
        assignee_id=None if assignee is None else await tasks.worker(tx, assignee),
    )  # fmt: skip
    made = await tasks.put(
        tx, new, incident_id=None if current is None else current.id,
        uuid=uuid7(now, random(RANDOM_BYTES)), by=by, now=now,
    )  # fmt: skip
    if made is not None:
        return made
    if run is None or key is None:
        raise BadTask("the task is there already")
    return await tasks.of_run(tx, run, key)


async def add_template(
    tx: Tx, viewer: Viewer, incident: UUID, name: str, now: datetime, random: Random
) -> list[UUID]:
    """Make the tasks of a template that the incident does not have yet.

    Raises `Denied`, `NotFound`, `NoTemplate`.
    """
    require(viewer, Permission.TASK_WRITE, incident)
    chosen: Template = template(name)
    current = await decision.lock(tx, incident)
    made: dict[str, UUID] = {}
    for step in chosen.steps:
        new = NewTask(
            code=step.code, template=f"{name}/{step.id}",
            due_at=None if step.due_minutes is None else now + timedelta(minutes=step.due_minutes),
        )  # fmt: skip
        uuid = await tasks.put(tx, new, incident_id=current.id,
                               uuid=uuid7(now, random(RANDOM_BYTES)), by=viewer, now=now)  # fmt: skip
        if uuid is None:
            continue
        made[step.id] = uuid
        first = [made[each] for each in step.after if each in made]
        if first:
            await tasks.put_after(tx, await tasks.lock(tx, uuid), first, now)
    return list(made.values())


async def move(
    tx: Tx, viewer: Viewer, uuid: UUID, to: TaskState | str, *, version: int, result: str,
    now: datetime,
) -> None:  # fmt: skip
    """Begin, finish, block or drop a task; what is dropped or blocked says why.

    Raises `Denied`, `NoTask`, `Stale`, `IllegalMove`, `StillBlocked`, `BadTask`.
    """
    viewer.require(Permission.TASK_WRITE)
    new = TaskState(to)
    task = await tasks.lock(tx, uuid, version)
    text = _text(result, empty=new not in NEEDS_REASON)
    await tasks.move(tx, viewer, task, new, text, now)
    if task.run_uuid is not None and new in {TaskState.DONE, TaskState.DROPPED}:
        await enqueue(tx, RUN_TASK, {"task": str(task.uuid)})


async def change(
    tx: Tx, viewer: Viewer, uuid: UUID, *, version: int, assignee: str | None,
    due_at: datetime | None, text: str | None, now: datetime,
) -> None:  # fmt: skip
    """Say who does it and until when (`None`: nobody, no end), and what it says if that changed.

    Raises `Denied`, `NoTask`, `Stale`, `BadTask`, `NoSuchWorker`.
    """
    viewer.require(Permission.TASK_WRITE)
    task = await tasks.lock(tx, uuid, version)
    who = None if assignee is None else await tasks.worker(tx, assignee)
    said = None if text is None else _text(text)
    if due_at is not None and due_at > now + LONGEST:
        raise BadTask("the task is due in more than ten years")
    await tasks.change(tx, viewer, task, assignee_id=who, due_at=due_at, text=said, now=now)


async def put_after(
    tx: Tx, viewer: Viewer, uuid: UUID, first: list[UUID], *, version: int, now: datetime
) -> None:
    """Say which tasks come first. Raises `Denied`, `NoTask`, `Stale`, `BadOrder`."""
    viewer.require(Permission.TASK_WRITE)
    await tasks.put_after(tx, await tasks.lock(tx, uuid, version), first, now)


def _check_due(due_at: datetime | None, now: datetime) -> None:
    if due_at is not None and not now < due_at <= now + LONGEST:
        raise BadTask("a new task is due in the future, within ten years")


def _text(text: str, *, empty: bool = False) -> str:
    clean = text.strip()
    if not clean and not empty:
        raise BadTask("say what is to be done, or why it is not")
    if len(clean) > MAX_TEXT:
        raise BadTask(f"the text has {len(clean)} characters; at most {MAX_TEXT}")
    if "\x00" in clean or any("\ud800" <= c <= "\udfff" for c in clean):
        raise BadTask("the text has a character that cannot be stored")
    return clean
