"""Situation reports on a schedule: who gets what, what was made, and to whom it went."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.period import Every, end_of
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

Random = Callable[[int], bytes]
MOST_RECEIVERS = 200
INSIDE_ONLY = "analyst"
"""The audience whose reports hold single incidents; nobody outside gets one."""


class NoJob(LookupError):
    """There is no such schedule, or not for this viewer."""


class NoReport(LookupError):
    """There is no such report, or not for this viewer."""


class BadJob(ValueError):
    """The schedule has nobody who gets it, or somebody who may not."""


class Stale(ValueError):
    """Somebody changed the schedule since it was read."""


class Job(Struct, frozen=True, kw_only=True):
    """One schedule. `next_at` is the end of the period that is reported next.

    `people` are logins, `contacts` identifiers with names; `problem` is why it paused itself.
    """

    id: int
    uuid: UUID
    name: str
    audience: str
    lang: str
    form: str
    every: str
    zone: str
    next_at: datetime
    paused: bool
    made_by: str
    made_by_id: int
    made_at: datetime
    last_at: datetime | None
    problem: str
    version: int
    people: Sequence[str]
    contacts: Sequence[dict[str, str]]


class NewJob(Struct, frozen=True, kw_only=True):
    """What a schedule is made of."""

    name: str
    audience: str
    lang: str
    form: str
    every: Every
    zone: str
    people: Sequence[str] = ()
    contacts: Sequence[UUID] = ()


class Made(Struct, frozen=True, kw_only=True):
    """A report as it was made; `facts` is JSON, byte for byte what `sha256` is of."""

    uuid: UUID
    job: UUID
    name: str
    audience: str
    lang: str
    form: str
    since: datetime
    until: datetime
    tlp: int
    facts: str
    sha256: bytes
    made_at: datetime


class MadeRow(Struct, frozen=True, kw_only=True):
    """A report in a list; `mine` says that it was sent to the viewer, `seen` that they opened it."""

    uuid: UUID
    job: UUID
    name: str
    since: datetime
    until: datetime
    tlp: int
    sha256: bytes
    made_at: datetime
    letters: int
    mine: bool
    seen: bool


_SELECT: LiteralString = """
select j.id, j.uuid, j.name, j.audience, j.lang, j.form, j.every, j.zone, j.next_at, j.paused,
       p.login as made_by, p.id as made_by_id, j.made_at, j.last_at, j.problem, j.version,
       array(select h.login from situation_receiver r join person h on h.id = r.person_id
             where r.job_id = j.id order by h.login) as people,
       coalesce((select jsonb_agg(jsonb_build_object('id', c.uuid, 'name', c.name) order by c.name)
             from situation_receiver r join contact c on c.id = r.contact_id
             where r.job_id = j.id), '[]') as contacts
from situation_job j join person p on p.id = j.made_by
"""
_MADE: LiteralString = """
select m.uuid, j.uuid as job, j.name, j.audience, j.lang, j.form, m.since, m.until, m.tlp, m.facts,
       m.sha256, m.made_at
from situation_made m join situation_job j on j.id = m.job_id
"""


async def list_all(db: Db, viewer: Viewer) -> list[Job]:
    """The schedules that run, by name. Raises `Denied`."""
    viewer.require(Permission.METRIC_READ)
    return await _select(db, "where j.ended_at is null order by j.name, j.id limit 500", {})


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Job:
    """One schedule. Raises `Denied`, `NoJob`."""
    viewer.require(Permission.METRIC_READ)
    found = await _select(db, "where j.uuid = %(uuid)s and j.ended_at is null", {"uuid": uuid})
    if not found:
        raise NoJob(f"there is no schedule {uuid}")
    return found[0]


async def reports(db: Db, viewer: Viewer, *, limit: int = 50) -> list[MadeRow]:
    """What was made, newest first, as far as its marking lets the viewer read it. Raises `Denied`."""
    viewer.require(Permission.METRIC_READ)
    async with db.cursor(row_factory=class_row(MadeRow)) as cursor:
        await cursor.execute(
            """
            select m.uuid, j.uuid as job, j.name, m.since, m.until, m.tlp, m.sha256, m.made_at,
                   (select count(*) from situation_sent s where s.made_id = m.id
                    and s.contact_id is not null) as letters,
                   w.person_id is not null as mine, w.seen_at is not null as seen
            from situation_made m join situation_job j on j.id = m.job_id
            left join situation_sent w on w.made_id = m.id and w.person_id = %s
            order by m.made_at desc, m.id desc limit %s
            """,
            (viewer.person_id, limit),
        )
        return await cursor.fetchall()


async def report(db: Db, viewer: Viewer, uuid: UUID) -> Made:
    """One report with its facts. Raises `Denied`, `NoReport`."""
    viewer.require(Permission.METRIC_READ)
    found = await _made(db, "where m.uuid = %(key)s", uuid)
    if found is None:
        raise NoReport(f"there is no situation report {uuid}")
    return found


async def of_message(db: Db, message: UUID) -> Made | None:
    """The report that a letter carries."""
    return await _made(
        db,
        "where m.id = (select s.made_id from situation_sent s where s.message_uuid = %(key)s)",
        message,
    )


async def create(
    tx: Tx, viewer: Viewer, new: NewJob, now: datetime, *, random: Random = os.urandom
) -> UUID:
    """Have a report made at the end of each period, the running one first.

    Raises `Denied`, `BadJob`, `BadZone`.
    """
    viewer.require(Permission.SITUATION_PUBLISH)
    name = new.name.strip()
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise BadJob("name: 1 to 200 characters in one line")
    uuid = uuid7(now, random(RANDOM_BYTES))
    row = await (
        await tx.execute(
            "insert into situation_job (uuid, name, audience, lang, form, every, zone, next_at,"
            " made_by, made_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
            (uuid, name, new.audience, new.lang, new.form, new.every.value, new.zone,
             end_of(new.every, now, new.zone), viewer.person_id, now),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    await _receivers(tx, int(row[0]), new.audience, new.people, new.contacts)
    _tell(tx, viewer.login, "plan", uuid, Op.ADD, audience=new.audience, every=new.every.value)
    return uuid


async def change(
    tx: Tx, viewer: Viewer, uuid: UUID, *, version: int, paused: bool,
    people: Sequence[str], contacts: Sequence[UUID], now: datetime,
) -> None:  # fmt: skip
    """Say who gets it, and whether it rests. What ended while it rested is not made later.

    From now on it holds what the viewer may see. Raises `Denied`, `NoJob`, `Stale`, `BadJob`.
    """
    viewer.require(Permission.SITUATION_PUBLISH)
    found = await _lock(tx, viewer, uuid, version)
    await tx.execute("delete from situation_receiver where job_id = %s", (found.id,))
    await _receivers(tx, found.id, found.audience, people, contacts)
    fresh = end_of(Every(found.every), now, found.zone)
    await tx.execute(
        """
        update situation_job set paused = %s, problem = '', made_by = %s, version = version + 1,
          next_at = case when paused then greatest(next_at, %s) else next_at end where id = %s
        """,
        (paused, viewer.person_id, fresh, found.id),
    )
    _tell(tx, viewer.login, "plan", uuid, Op.EDIT, paused=paused)


async def end(tx: Tx, viewer: Viewer, uuid: UUID, *, version: int, now: datetime) -> None:
    """Make no more of them; what was made stays. Raises `Denied`, `NoJob`, `Stale`."""
    viewer.require(Permission.SITUATION_PUBLISH)
    found = await _lock(tx, viewer, uuid, version)
    await tx.execute(
        "update situation_job set ended_at = %s, version = version + 1 where id = %s",
        (now, found.id),
    )
    _tell(tx, viewer.login, "end", uuid, Op.DELETE)


async def mark_seen(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """Take a report off one's own list. Raises `Denied`, `NoReport`."""
    found = await report(tx.db, viewer, uuid)
    await tx.execute(
        "update situation_sent set seen_at = coalesce(seen_at, %s) where person_id = %s"
        " and made_id = (select id from situation_made where uuid = %s)",
        (now, viewer.person_id, found.uuid),
    )


async def due(db: Db, now: datetime) -> list[UUID]:
    """Schedules whose period has ended, those that wait longest first."""
    rows = await db.execute(
        "select uuid from situation_job where next_at <= %s and not paused and ended_at is null"
        " order by next_at limit 100",
        (now,),
    )
    return [row[0] for row in await rows.fetchall()]


async def claim(tx: Tx, uuid: UUID, now: datetime) -> Job | None:
    """A schedule that is due, locked; `None` when another worker made it meanwhile."""
    found = await _select(
        tx.db,
        "where j.uuid = %(uuid)s and j.next_at <= %(now)s and not j.paused and j.ended_at is null"
        " for update of j skip locked",
        {"uuid": uuid, "now": now},
    )
    return found[0] if found else None


async def put_made(
    tx: Tx, job: Job, *, since: datetime, tlp: int, facts: str, next_at: datetime, now: datetime,
    random: Random,
) -> tuple[int, UUID]:  # fmt: skip
    """Keep a report with its hash, and go on to the next period."""
    uuid = uuid7(now, random(RANDOM_BYTES))
    row = await (
        await tx.execute(
            "insert into situation_made (uuid, job_id, since, until, tlp, facts, sha256, made_at)"
            " values (%s, %s, %s, %s, %s, %s, sha256(convert_to(%s, 'UTF8')), %s) returning id",
            (uuid, job.id, since, job.next_at, tlp, facts, facts, now),
        )
    ).fetchone()
    assert row is not None
    await tx.execute(
        "update situation_job set next_at = %s, last_at = %s where id = %s", (next_at, now, job.id)
    )
    await tx.execute(
        "insert into situation_sent (made_id, person_id) select %s, r.person_id"
        " from situation_receiver r join person p on p.id = r.person_id"
        " where r.job_id = %s and not p.disabled",
        (row[0], job.id),
    )
    _tell(tx, "system", "make", uuid, Op.ADD, job=str(job.uuid))
    return int(row[0]), uuid


async def put_letter(tx: Tx, made_id: int, contact: UUID, message: UUID) -> None:
    """Write down which letter carries a report to a contact."""
    await tx.execute(
        "insert into situation_sent (made_id, contact_id, message_uuid)"
        " select %s, c.id, %s from contact c where c.uuid = %s on conflict do nothing",
        (made_id, message, contact),
    )


async def pause(tx: Tx, job: Job, problem: str) -> None:
    """Let a schedule rest because it cannot be made, and say why."""
    await tx.execute(
        "update situation_job set paused = true, problem = %s, version = version + 1 where id = %s",
        (problem, job.id),
    )
    _tell(tx, "system", "pause", job.uuid, Op.EDIT, problem=problem)


async def _receivers(
    tx: Tx, job_id: int, audience: str, people: Sequence[str], contacts: Sequence[UUID]
) -> None:
    if not 1 <= len(people) + len(contacts) <= MOST_RECEIVERS:
        raise BadJob(f"people, contacts: 1 to {MOST_RECEIVERS} get it")
    if contacts and audience == INSIDE_ONLY:
        raise BadJob("contacts: a report for analysts names single incidents and stays inside")
    done = await tx.execute(
        """
        insert into situation_receiver (job_id, person_id)
        select %s, p.id from person p where p.login = any(%s) and not p.disabled and not p.machine
          and exists (select from person_role x join role r on r.name = x.role
                      where x.person_id = p.id and %s = any (r.permissions))
        """,
        (job_id, list(set(people)), Permission.METRIC_READ.value),
    )
    if done.rowcount != len(set(people)):
        raise BadJob("people: one of them has no account here or may not read measures")
    done = await tx.execute(
        "insert into situation_receiver (job_id, contact_id) select %s, c.id from contact c"
        " where c.uuid = any(%s) and c.state <> 'ended'",
        (job_id, list(set(contacts))),
    )
    if done.rowcount != len(set(contacts)):
        raise BadJob("contacts: one of them is not in the register")


async def _lock(tx: Tx, viewer: Viewer, uuid: UUID, version: int) -> Job:
    await tx.execute("select from situation_job where uuid = %s for update", (uuid,))
    found = await get(tx.db, viewer, uuid)
    if found.version != version:
        raise Stale("the schedule was changed in the meantime; look at it again")
    return found


def _tell(tx: Tx, actor: str, act: str, uuid: UUID, op: Op, **detail: Any) -> None:
    tx.note(Change(kind="situation", subject=uuid, op=op))
    tx.audit(AuditEntry(actor=actor, action=f"situation:{act}", object=f"situation:{uuid}",
                        detail=detail))  # fmt: skip


async def _select(db: Db, rest: LiteralString, params: dict[str, Any]) -> list[Job]:
    async with db.cursor(row_factory=class_row(Job)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()


async def _made(db: Db, rest: LiteralString, key: UUID) -> Made | None:
    async with db.cursor(row_factory=class_row(Made)) as cursor:
        await cursor.execute(_MADE + rest, {"key": key})
        return await cursor.fetchone()
