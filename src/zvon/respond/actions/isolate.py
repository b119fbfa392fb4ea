"""`isolate.propose`: prepare what takes hosts off the network; a person runs it, or does not."""

from collections.abc import AsyncIterator
from datetime import timedelta

from zvon.access.permission import Permission
from zvon.model.playbook_action import ProposeIsolation
from zvon.respond import exhibit
from zvon.respond.actions import work
from zvon.respond.actions.action import Act, CannotAct, Doing, Done, Failed, Result, Waits
from zvon.respond.actions.isolate_text import BadHost, export
from zvon.store.transaction import Tx

WITHIN = timedelta(hours=4)
MOST_TITLE = 300


async def begin(tx: Tx, act: Act) -> Result:
    """Attach the file to the incident as an exhibit, and give somebody the task to look at it."""
    given: ProposeIsolation = act.input
    try:
        made = export(given.tool, given.hosts, act.run.number)
    except BadHost as problem:
        raise CannotAct("BAD_HOST", host=given.hosts[:60], reason=str(problem)) from None
    await exhibit.add(
        tx, None, act.incident, name=made.name, media_type=made.media_type,
        body=_one(made.text.encode()), origin="run", note=given.reason[:500], now=act.now,
        random=act.context.random,
    )  # fmt: skip
    task = await work.put(
        tx, act, f"{given.tool}: {given.hosts}"[:MOST_TITLE], given.reason, WITHIN
    )
    return Waits(kind=work.KIND, about=task, output={"done": False, "export": made.text})


async def resume(tx: Tx, act: Act) -> Result | None:
    """Done as the task is; dropped means that it was decided against."""
    result = await work.resume(tx, act)
    match result:
        case Done():
            return Done({"done": True})
        case Failed():
            return Done({"done": False})
        case _:
            return result


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body


DOING = Doing(begin=begin, resume=resume, undo=work.undo, needs=Permission.TASK_WRITE)
