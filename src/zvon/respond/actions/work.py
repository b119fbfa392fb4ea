"""`task.create` and `manual`: something for a person to do, here or elsewhere."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.playbook_action import CreateTask, Manual
from zvon.model.task import WAITING, TaskState
from zvon.respond import task
from zvon.respond.actions.action import Act, Doing, Done, Failed, Result, Waits
from zvon.store import task as tasks
from zvon.store.run_effect import Effect
from zvon.store.transaction import Tx

KIND = "task"


async def begin(tx: Tx, act: Act) -> Result:
    """Make the task, and wait for it when that is asked."""
    given: CreateTask = act.input
    made = await put(tx, act, given.title, given.instructions, timedelta(hours=given.due_hours))
    output = {"task": str(made), "result": ""}
    return Waits(kind=KIND, about=made, output=output) if given.wait else Done(output)


async def begin_manual(tx: Tx, act: Act) -> Result:
    """Make a task of the instructions and commands; nothing of it is ever run by us."""
    given: Manual = act.input
    said = "\n".join([given.instructions, *given.commands])
    made = await put(tx, act, act.title or act.step.step, said, act.timeout)
    return Waits(kind=KIND, about=made, output={"task": str(made), "result": ""})


async def resume(tx: Tx, act: Act) -> Result | None:
    """Done with the task; one that was dropped is a failure with its reason."""
    if act.wait is None or act.wait.about is None:
        return Done()
    found = await tasks.get(tx.db, act.viewer, act.wait.about)
    match found.state:
        case TaskState.DONE:
            return Done({"task": str(found.uuid), "result": found.result})
        case TaskState.DROPPED:
            return Failed(f"TASK_DROPPED {found.number}: {found.result}"[:300])
        case _:
            return None


async def undo(
    tx: Tx, viewer: Viewer, effects: Sequence[Effect], _context: Context, now: datetime
) -> None:
    """Drop tasks that nobody finished. Raises `Denied`."""
    viewer.require(Permission.TASK_WRITE)
    for effect in effects:
        found = await tasks.lock(tx, effect.subject)
        if found.state in WAITING:
            await tasks.move(tx, viewer, found, TaskState.DROPPED, "the run was cancelled", now)


async def put(tx: Tx, act: Act, title: str, said: str, within: timedelta) -> UUID:
    """The task of this pass over the step: the same one however often it is asked for."""
    text = f"{title}\n{said}".strip()[: task.MAX_TEXT]
    return await task.add(
        tx, act.run.incident_uuid, text=text, now=act.now, random=act.context.random, by=None,
        due_at=act.now + within, run=act.run.uuid, key=act.key,
    )  # fmt: skip


CREATE = Doing(begin=begin, resume=resume, undo=undo, needs=Permission.TASK_WRITE)
MANUAL = Doing(begin=begin_manual, resume=resume, undo=undo, needs=Permission.TASK_WRITE)
