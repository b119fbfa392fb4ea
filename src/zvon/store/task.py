"""Tasks: work for a person, on an incident or for the node itself; what comes first, what came of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import spoken
from zvon.model.marking import Tlp
from zvon.model.task import WAITING, TaskState, check_task_move
from zvon.store.incident_row import timeline
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

MOST = 200
MOST_FIRST = 20


class NoTask(LookupError):
    """There is no such task, or not for this viewer."""


class NoSuchWorker(LookupError):
    """Nobody who may work on tasks has this login."""


class BadOrder(ValueError):
    """A task cannot wait for itself, for one of another incident, or for too many."""


class StillBlocked(ValueError):
    """Tasks that come first are not done."""


class Stale(ValueError):
    """Somebody changed the task since it was read."""


class Task(Struct, frozen=True, kw_only=True):
    """A task. `text` is a person's, else `code` (a message id) with `params` says what to do.

    `first` are the numbers of the tasks that come before it and are not done.
    """

    id: int
    uuid: UUID
    number: str
    incident: UUID | None
    incident_number: str | None
    incident_title: str | None
    incident_params: dict[str, Any] | None
    text: str
    code: str | None
    params: dict[str, Any]
    run_uuid: UUID | None
    state: str
    assignee: str | None
    due_at: datetime | None
    result: str
    made_by: str | None
    made_at: datetime
    changed_at: datetime
    done_at: datetime | None
    version: int
    first: Sequence[str]

    def overdue(self, now: datetime) -> bool:
        """True when it should have been done by now."""
        return self.due_at is not None and self.due_at < now and self.state in WAITING


class NewTask(Struct, frozen=True, kw_only=True):
    """What a task is made of. `run_key` is unique in the run `run_uuid`."""

    text: str = ""
    code: str | None = None
    params: dict[str, Any] = {}
    template: str | None = None
    assignee_id: int | None = None
    due_at: datetime | None = None
    run_uuid: UUID | None = None
    run_key: str | None = None


_SELECT: LiteralString = """
select t.id, t.uuid, t.number, i.uuid as incident, i.number as incident_number,
       i.title as incident_title, i.title_params as incident_params, t.text, t.code, t.params,
       t.run_uuid, t.state, a.login as assignee, t.due_at, t.result, m.login as made_by, t.made_at,
       t.changed_at, t.done_at, t.version,
       array(select f.number from task_after x join task f on f.id = x.first_id
             where x.task_id = t.id and f.state in ('todo', 'doing', 'blocked') order by f.id) as first
from task t left join incident i on i.id = t.incident_id
left join person a on a.id = t.assignee_id left join person m on m.id = t.made_by
"""


async def _select(db: Db, rest: LiteralString, params: dict[str, Any]) -> list[Task]:
    async with db.cursor(row_factory=class_row(Task)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Task:
    """One task. Raises `Denied`, `NoTask`."""
    viewer.require(Permission.INCIDENT_READ)
    found = await _select(db, "where t.uuid = %(uuid)s", {"uuid": uuid})
    if not found:
        raise NoTask(f"there is no task {uuid}")
    return found[0]


async def of_incident(db: Db, viewer: Viewer, incident_id: int) -> list[Task]:
    """The tasks of an incident: those that wait first, the most urgent before the others."""
    viewer.require(Permission.INCIDENT_READ)
    return await _select(
        db,
        "where t.incident_id = %(id)s order by t.state in ('done', 'dropped'),"
        " t.due_at nulls last, t.id limit %(most)s",
        {"id": incident_id, "most": MOST},
    )


async def waiting(
    db: Db, viewer: Viewer, *, assignee_id: int | None, limit: int = MOST
) -> list[Task]:
    """Tasks that wait, overdue first: of one person, or of nobody yet. Raises `Denied`."""
    viewer.require(Permission.INCIDENT_READ)
    return await _select(
        db,
        "where t.state in ('todo', 'doing', 'blocked')"
        " and t.assignee_id is not distinct from %(assignee)s"
        " order by t.due_at nulls last, t.id limit %(most)s",
        {"assignee": assignee_id, "most": min(limit, MOST)},
    )


async def finished(db: Db, viewer: Viewer, *, assignee_id: int, limit: int = 20) -> list[Task]:
    """What a person finished last. Raises `Denied`."""
    viewer.require(Permission.INCIDENT_READ)
    return await _select(
        db,
        "where t.state in ('done', 'dropped') and t.assignee_id = %(assignee)s"
        " order by t.changed_at desc, t.id desc limit %(most)s",
        {"assignee": assignee_id, "most": limit},
    )


async def put(
    tx: Tx, new: NewTask, *, incident_id: int | None, uuid: UUID, by: Viewer | None, now: datetime
) -> UUID | None:
    """Keep a new task; `None` when the same template or run has made it already."""
    row = await (
        await tx.execute(
            """
            with number as (select nextval('task_number') as n)
            insert into task (uuid, number, incident_id, text, code, params, template, run_uuid,
                              run_key, assignee_id, due_at, made_by, made_at, changed_at)
            select %(uuid)s, %(letter)s || lpad(n::text, 6, '0'), %(incident)s, %(text)s, %(code)s,
                   %(params)s, %(template)s, %(run)s, %(key)s, %(assignee)s, %(due)s, %(by)s,
                   %(now)s, %(now)s
            from number on conflict do nothing returning number
            """,
            {"uuid": uuid, "letter": spoken("T", now.year, 0, 0)[:-1], "incident": incident_id,
             "text": new.text, "code": new.code, "params": Jsonb(new.params),
             "template": new.template, "run": new.run_uuid, "key": new.run_key,
             "assignee": new.assignee_id, "due": new.due_at,
             "by": None if by is None else by.person_id, "now": now},
        )
    ).fetchone()  # fmt: skip
    if row is None:
        return None
    await _tell(tx, incident_id, by, "TASK_ADDED", str(row[0]), {}, now)
    return uuid


async def of_run(tx: Tx, run_uuid: UUID, run_key: str) -> UUID:
    """The task that a run made under this key."""
    row = await (
        await tx.execute(
            "select uuid from task where run_uuid = %s and run_key = %s", (run_uuid, run_key)
        )
    ).fetchone()
    if row is None:
        raise NoTask(f"the run {run_uuid} made no such task")
    found: UUID = row[0]
    return found


class Locked(Struct, frozen=True, kw_only=True):
    """A task, locked until the end of the transaction."""

    id: int
    uuid: UUID
    number: str
    incident_id: int | None
    state: TaskState
    version: int
    run_uuid: UUID | None


async def lock(tx: Tx, uuid: UUID, version: int | None = None) -> Locked:
    """The task, locked. Raises `NoTask`; `Stale` for another `version`."""
    row = await (
        await tx.execute(
            "select id, uuid, number, incident_id, state, version, run_uuid from task"
            " where uuid = %s for no key update",
            (uuid,),
        )
    ).fetchone()
    if row is None:
        raise NoTask(f"there is no task {uuid}")
    found = Locked(id=row[0], uuid=row[1], number=row[2], incident_id=row[3],
                   state=TaskState(row[4]), version=row[5], run_uuid=row[6])  # fmt: skip
    if version is not None and version != found.version:
        raise Stale(f"{found.number} was changed in the meantime: it is {found.state}, version "
                    f"{found.version}; look at it again")  # fmt: skip
    return found


async def move(
    tx: Tx, viewer: Viewer, task: Locked, new: TaskState, result: str, now: datetime
) -> None:
    """Take a task on; those that waited for it alone can begin. Raises `IllegalMove`, `StillBlocked`.

    Nobody's task becomes the viewer's when it is begun or done.
    """
    check_task_move(task.state, new)
    over = new in {TaskState.DONE, TaskState.DROPPED}
    if new in {TaskState.DOING, TaskState.DONE}:
        before = await _not_done(tx, task.id)
        if before:
            raise StillBlocked(f"first: {', '.join(before)}")
    await tx.execute(
        """
        update task set state = %(state)s, changed_at = %(now)s, version = version + 1,
          result = case when %(result)s = '' then result else %(result)s end,
          done_at = case when %(over)s then %(now)s::timestamptz end,
          assignee_id = case when %(mine)s then coalesce(assignee_id, %(who)s) else assignee_id end
        where id = %(id)s
        """,
        {"state": new.value, "now": now, "result": result, "over": over, "id": task.id,
         "mine": new in {TaskState.DOING, TaskState.DONE}, "who": viewer.person_id},
    )  # fmt: skip
    await _tell(tx, task.incident_id, viewer, f"TASK_{new.name}", task.number,
                {"result": result}, now)  # fmt: skip
    if over:
        await _release(tx, task.id, now)


async def _release(tx: Tx, task_id: int, now: datetime) -> None:
    """Tasks that waited for this one only can begin."""
    await tx.execute(
        """
        update task t set state = 'todo', changed_at = %(now)s, version = version + 1
        where t.state = 'blocked'
          and exists (select from task_after x where x.task_id = t.id and x.first_id = %(id)s)
          and not exists (select from task_after x join task f on f.id = x.first_id
                          where x.task_id = t.id and f.id <> %(id)s
                            and f.state in ('todo', 'doing', 'blocked'))
        """,
        {"id": task_id, "now": now},
    )


async def change(
    tx: Tx, viewer: Viewer, task: Locked, *, assignee_id: int | None, due_at: datetime | None,
    text: str | None, now: datetime,
) -> None:  # fmt: skip
    """Write who does it, until when, and what it says (`None` leaves the text)."""
    await tx.execute(
        """
        update task set assignee_id = %s, due_at = %s, text = coalesce(%s, text), changed_at = %s,
          version = version + 1 where id = %s
        """,
        (assignee_id, due_at, text, now, task.id),
    )
    await _tell(tx, task.incident_id, viewer, "TASK_CHANGED", task.number, {}, now)


async def put_after(tx: Tx, task: Locked, first: Sequence[UUID], now: datetime) -> None:
    """Say which tasks come first; with one that is not done the task is blocked.

    Raises `BadOrder` for a circle or a task of another incident, `NoTask`.
    """
    if len(first) > MOST_FIRST:
        raise BadOrder(f"at most {MOST_FIRST} tasks come before one")
    rows = await (
        await tx.execute(
            "select id, incident_id from task where uuid = any(%s) order by id for no key update",
            (list(first),),
        )
    ).fetchall()
    if len(rows) != len(set(first)):
        raise NoTask("one of the tasks that come first is not there")
    if any(row[0] == task.id or row[1] != task.incident_id for row in rows):
        raise BadOrder("a task waits for others of its own incident")
    await tx.execute("delete from task_after where task_id = %s", (task.id,))
    await tx.execute(
        "insert into task_after (task_id, first_id) select %s, unnest(%s::bigint[])",
        (task.id, [row[0] for row in rows]),
    )
    circle = await (
        await tx.execute(
            """
            with recursive chain as (
              select first_id from task_after where task_id = %(id)s
              union select x.first_id from task_after x join chain c on x.task_id = c.first_id)
            select 1 from chain where first_id = %(id)s
            """,
            {"id": task.id},
        )
    ).fetchone()
    if circle is not None:
        raise BadOrder("these tasks would wait for each other in a circle")
    waits = bool(await _not_done(tx, task.id))
    state = "blocked" if waits else "todo"
    old = (TaskState.TODO, TaskState.DOING) if waits else (TaskState.BLOCKED,)
    await tx.execute(
        "update task set state = case when state = any(%s) then %s else state end,"
        " changed_at = %s, version = version + 1 where id = %s",
        ([each.value for each in old], state, now, task.id),
    )


async def _not_done(tx: Tx, task_id: int) -> list[str]:
    rows = await tx.execute(
        "select f.number from task_after x join task f on f.id = x.first_id where x.task_id = %s"
        " and f.state in ('todo', 'doing', 'blocked') order by f.id",
        (task_id,),
    )
    return [str(row[0]) for row in await rows.fetchall()]


async def owner_of(tx: Tx, incident_id: int) -> int | None:
    """Who has the incident and may work on it, for a task that follows by itself."""
    row = await (
        await tx.execute(
            "select p.id from incident i join person p on p.id = i.owner_id"
            " where i.id = %s and not p.disabled",
            (incident_id,),
        )
    ).fetchone()
    return None if row is None else int(row[0])


async def made_by_template(tx: Tx, template: str) -> bool:
    """Was a task of this template made already, on whatever incident or on none?"""
    row = await (
        await tx.execute("select 1 from task where template = %s limit 1", (template,))
    ).fetchone()
    return row is not None


async def worker(tx: Tx, login: str) -> int:
    """A person who may work on tasks. Raises `NoSuchWorker`."""
    row = await (
        await tx.execute(
            """
            select p.id from person p where p.login = %s and not p.disabled and not p.machine
              and exists (select from person_role x join role r on r.name = x.role
                          where x.person_id = p.id and %s = any (r.permissions))
            """,
            (login, Permission.TASK_WRITE.value),
        )
    ).fetchone()
    if row is None:
        raise NoSuchWorker(f"nobody who works on tasks has the login {login!r}")
    return int(row[0])


async def _tell(
    tx: Tx, incident_id: int | None, by: Viewer | None, code: str, number: str,
    more: dict[str, Any], now: datetime,
) -> None:  # fmt: skip
    """The story of the incident, the change log and the audit."""
    actor = "system" if by is None else by.login
    told = {"number": number, **more}
    if incident_id is not None:
        await timeline(tx, incident_id, "task", actor, code, told, now)
        row = await (
            await tx.execute(
                "select uuid, record_id, tlp from incident where id = %s", (incident_id,)
            )
        ).fetchone()
        assert row is not None
        tx.note(
            Change(kind="incident", subject=row[0], op=Op.EDIT, record_id=row[1], tlp=Tlp(row[2]))
        )
    tx.audit(AuditEntry(actor=actor, action=code.lower().replace("_", ":", 1),
                        object=f"task:{number}", detail=more))  # fmt: skip
