"""My tasks, those that nobody has taken, and one exhibit with its custody."""

from uuid import UUID

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.store import exhibit, incident_brief
from zvon.store import task as tasks
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.incident_work import MOVES_OF_TASKS
from zvon.web.pages.page import render


@get("/tasks", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def tasks_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """What waits for me, overdue first, and what nobody has taken."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        mine = await tasks.waiting(db, who, assignee_id=who.person_id)
        values = {
            "mine": mine,
            "overdue": sum(each.overdue(now) for each in mine),
            "nobodys": await tasks.waiting(db, who, assignee_id=None),
            "finished": await tasks.finished(db, who, assignee_id=who.person_id),
            "task_workers": await incident_brief.workers(db, Permission.TASK_WRITE),
            "task_moves": MOVES_OF_TASKS,
        }
    return render(request, "tasks.html", values)


@get("/exhibits/{id:uuid}", opt={"permission": Permission.EXHIBIT_READ}, include_in_schema=False)
async def exhibit_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One exhibit: what is said of it, who had it, and what may be done with it."""
    async with read(context.pool, who, context.clock()) as db:
        found = await exhibit.get(db, who, id)
        values = {
            "e": found,
            "custody": await exhibit.custody(db, who, found),
            "incident_number": (await incident_brief.get(db, who, found.incident)).number,
        }
    return render(request, "exhibit.html", values)


HANDLERS = (tasks_page, exhibit_page)
