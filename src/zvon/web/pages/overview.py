"""The first screen: what needs this person now, and where things stand."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from litestar import Response, get
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import (
    countersign,
    discussion,
    handover,
    incident_queue,
    message,
    obligation,
    peer,
    person,
    review,
    run_list,
    subscriber,
    task,
)
from zvon.store.incident_filter import Tab
from zvon.store.party import Db
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

FIRST = 5
SOON = timedelta(hours=24)


class Need(Struct, frozen=True, kw_only=True):
    """Things of one kind that wait for the viewer: how many, where, and how pressing.

    `code` is a sentence of the catalogue with `{n}`; `late` of them are past their time, and
    `until` is when the first of the others will be.
    """

    code: str
    n: int
    href: str
    late: int = 0
    until: datetime | None = None


@get("/", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def overview(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Where things stand, what waits for this person, and on a new node what to do first."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        page = await incident_queue.queue(db, who, tab=Tab.ALL, limit=FIRST, now=now)
        values = {
            "counts": page.counts,
            "first": page.rows,
            "needs": await needs(db, who, now),
            "subscribers": len(await subscriber.list_all(db)),
            "peers": len(await peer.list_all(db)),
            "people": sum(not p.machine for p in await person.list_all(db)),
        }
    return render(request, "overview.html", values)


async def needs(db: Db, who: Viewer, now: datetime) -> list[Need]:
    """What waits for this person, the late first, then what has its end soonest."""
    found = [
        await each(db, who, now) for permission, each in _NEEDS if who.may(permission)
    ]  # fmt: skip
    waits = [each for each in found if each.n]
    end = now + timedelta(days=36_500)
    return sorted(waits, key=lambda each: (-each.late, each.until or end, each.code))


async def _duties(db: Db, who: Viewer, now: datetime) -> Need:
    steps = [s for s in await obligation.due_list(db, who)
             if s.urgent or (s.due_at is not None and s.due_at < now + SOON)]  # fmt: skip
    times = [s.due_at for s in steps if s.due_at is not None]
    return Need(code="NEED_DUTIES", n=len(steps), href="/obligations",
                late=sum(at < now for at in times),
                until=min((at for at in times if at >= now), default=None))  # fmt: skip


async def _tasks(db: Db, who: Viewer, now: datetime) -> Need:
    mine = await task.waiting(db, who, assignee_id=who.person_id)
    times = [t.due_at for t in mine if t.due_at is not None and t.due_at >= now]
    return Need(code="NEED_TASKS", n=len(mine), href="/tasks",
                late=sum(t.overdue(now) for t in mine), until=min(times, default=None))  # fmt: skip


async def _reviews(db: Db, who: Viewer, now: datetime) -> Need:
    settles = who.may(Permission.INCIDENT_SETTLE)
    mine = [r for r in await review.waiting(db, who)
            if not r.mine and (r.state == "open" or settles)]  # fmt: skip
    return Need(code="NEED_REVIEWS", n=len(mine), href="/reviews")


async def _questions(db: Db, who: Viewer, now: datetime) -> Need:
    asked = [q for q in await countersign.waiting(db, who) if q.asked_by != who.login]
    href = f"/incidents/{asked[0].incident}" if len(asked) == 1 else "/queue"
    return Need(code="NEED_QUESTIONS", n=len(asked), href=href)


async def _runs(db: Db, who: Viewer, now: datetime) -> Need:
    counted = await run_list.counts(db, who)
    return Need(code="NEED_RUNS", n=counted.get("late", 0), href="/runs",
                late=counted.get("late", 0))  # fmt: skip


async def _messages(db: Db, who: Viewer, now: datetime) -> Need:
    return Need(code="NEED_MESSAGES", n=len(await message.waiting(db, who)), href="/messages")


async def _handovers(db: Db, who: Viewer, now: datetime) -> Need:
    waits = [h for h in await handover.waiting(db, who)
             if (h.given_by != who.login and h.to in {None, who.login})
             or (h.told_at is not None and who.may(Permission.INCIDENT_SETTLE))]  # fmt: skip
    return Need(code="NEED_HANDOVERS", n=len(waits), href="/handover",
                late=sum(h.told_at is not None for h in waits))  # fmt: skip


async def _calls(db: Db, who: Viewer, now: datetime) -> Need:
    return Need(code="NEED_CALLS", n=len(await discussion.calls(db, who)), href="/mentions")


Look = Callable[[Db, Viewer, datetime], Awaitable[Need]]
_NEEDS: tuple[tuple[Permission, Look], ...] = (
    (Permission.OBLIGATION_WRITE, _duties),
    (Permission.HANDOVER_WRITE, _handovers),
    (Permission.INCIDENT_READ, _calls),
    (Permission.TASK_WRITE, _tasks),
    (Permission.REVIEW_WRITE, _reviews),
    (Permission.INCIDENT_SETTLE, _questions),
    (Permission.RUN_MANAGE, _runs),
    (Permission.MESSAGE_SEND, _messages),
)

HANDLERS = (overview,)
