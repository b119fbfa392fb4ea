"""Saying in time that a step is due: once for each part of the time that is gone, and to whom."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.deadline import share_gone
from zvon.store import obligation
from zvon.store.obligation import Step
from zvon.store.obligation_start import say
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

WHOLE = 100
MOST = 2000


class Alarm(Struct, frozen=True, kw_only=True):
    """So many percent of the time of a step are gone; `audience` is the owner or a role."""

    step: UUID
    name: str
    number: str
    obligation: UUID
    percent: int
    due_at: datetime
    audience: str
    at: datetime
    seen_by: str | None


async def raise_due(tx: Tx, now: datetime) -> list[tuple[Step, int, str]]:
    """Raise what is due: steps with the percent reached and who has to know; idempotent.

    When several are reached at once (the node was down) only the highest is said. A step that is
    over its time is marked late; one whose time was corrected is not late any more.
    """
    found = await obligation.read_steps(
        tx.db, "s.state in ('armed', 'drafting', 'in_review') and o.closed_at is null"
        " and (s.due_at is not null or s.urgent) order by s.id limit %(most)s", {"most": MOST},
    )  # fmt: skip
    raised = []
    for one in found:
        await _late(tx, one, now)
        duty = await obligation.known(tx.db, one.obligation)
        rules = (await obligation.pack_of(tx.db, duty)).rules
        begun = one.start_at or now
        until = one.due_at or begun
        gone = WHOLE * share_gone(begun, until, now) if one.due_at else float(WHOLE)
        reached = [each for each in rules.alarms if each.percent <= gone]
        fresh = [each for each in reached if await _put(tx, one, each.percent, until, each.to, now)]
        if fresh:
            last = fresh[-1]
            raised.append((one, last.percent, last.to))
            tx.note(Change(kind="obligation", subject=one.obligation, op=Op.EDIT))
            code = "OBLIGATION_DUE_NOW" if last.percent >= WHOLE else "OBLIGATION_ALARM"
            await say(tx, duty, "system", code,
                      {"number": one.number, "pack": duty.pack, "step": one.step,
                       "percent": last.percent, "audience": last.to,
                       "words": rules.words_of(one.step)}, now)  # fmt: skip
    return raised


async def open_alarms(db: Db, viewer: Viewer) -> list[Alarm]:
    """The highest alarm of each step that is not done, newest first. Raises `Denied`."""
    viewer.require(Permission.OBLIGATION_READ)
    async with db.cursor(row_factory=class_row(Alarm)) as cursor:
        await cursor.execute(
            """
            select * from (
              select distinct on (s.id) s.uuid as step, s.step as name, o.number,
                     o.uuid as obligation, a.percent, a.due_at, a.audience, a.at, p.login as seen_by
              from obligation_alarm a join obligation_step s on s.id = a.step_id
              join obligation o on o.id = s.obligation_id left join person p on p.id = a.seen_by
              where s.state in ('armed', 'drafting', 'in_review') and o.closed_at is null
                and a.due_at = coalesce(s.due_at, a.due_at)
              order by s.id, a.percent desc, a.at desc) x
            order by at desc, step limit 500
            """
        )
        return await cursor.fetchall()


async def seen(tx: Tx, viewer: Viewer, step: UUID, now: datetime) -> None:
    """Say that one knows; the next alarm comes all the same. Raises `Denied`, `NoObligation`."""
    viewer.require(Permission.OBLIGATION_WRITE)
    one = await obligation.step(tx.db, viewer, step)
    await tx.execute(
        "update obligation_alarm set seen_by = %s, seen_at = %s where step_id = %s"
        " and seen_by is null",
        (viewer.person_id, now, one.id),
    )
    tx.note(Change(kind="obligation", subject=one.obligation, op=Op.EDIT))


async def overdue(db: Db, now: datetime) -> list[str]:
    """Number and step of what is over its time, for the alarm of the node."""
    rows = await (
        await db.execute(
            "select o.number || ' ' || s.step from obligation_step s"
            " join obligation o on o.id = s.obligation_id"
            " where s.state in ('armed', 'drafting', 'in_review') and o.closed_at is null"
            " and s.due_at <= %s order by s.due_at limit 100",
            (now,),
        )
    ).fetchall()
    return [row[0] for row in rows]


async def _late(tx: Tx, one: Step, now: datetime) -> None:
    late = one.overdue(now)
    if late == one.late:
        return
    await tx.execute("update obligation_step set late = %s where id = %s", (late, one.id))
    tx.note(Change(kind="obligation", subject=one.obligation, op=Op.EDIT))
    if late and one.due_at is not None:
        tx.audit(AuditEntry(actor="system", action="obligation:late",
                            object=f"obligation:{one.number}",
                            detail={"step": one.step, "due": one.due_at.isoformat()}))  # fmt: skip


async def _put(
    tx: Tx, one: Step, percent: int, due_at: datetime, audience: str, now: datetime
) -> bool:
    made = await tx.execute(
        "insert into obligation_alarm (step_id, percent, due_at, audience, at)"
        " values (%s, %s, %s, %s, %s) on conflict do nothing",
        (one.id, percent, due_at, audience, now),
    )
    return made.rowcount == 1
