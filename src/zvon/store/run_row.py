"""Runs and their steps as rows: what the engine reads and the pages show."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store.party import Db


class NoRun(LookupError):
    """There is no such run, or the viewer may not see it."""

    def __init__(self, uuid: object) -> None:
        super().__init__(f"there is no run {uuid}")


class RunRow(Struct, frozen=True, kw_only=True):
    """One run. `acts_for` is the person whose permissions its actions have."""

    id: int
    uuid: UUID
    number: str
    playbook_id: int
    playbook_version_id: int
    incident_id: int | None
    incident_uuid: UUID | None
    record_id: int | None
    tlp: int | None
    sandbox: bool
    state: str
    reason: str
    trigger: str | None
    started_by: int | None
    acts_for: int
    cause_id: int | None
    depth: int
    variables: dict[str, Any]
    visits: dict[str, int]
    steps: int
    next_token: int
    started_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    error: str
    version: int


class StepRow(Struct, frozen=True, kw_only=True):
    """One pass over one step; `uuid` is the key that makes its action happen once."""

    id: int
    uuid: UUID
    run_id: int
    step: str
    iteration: int
    token: int
    kind: str
    state: str
    attempt: int
    input: dict[str, Any]
    output: dict[str, Any]
    error: str
    ready_at: datetime | None
    due_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class WaitRow(Struct, frozen=True, kw_only=True):
    """What a step waits for, since when and until when, and whose turn it is."""

    step_run_id: int
    kind: str
    since: datetime
    deadline: datetime
    on_timeout: str | None
    question: str
    options: Sequence[str]
    role: str | None
    person_id: int | None
    people: int
    about: UUID | None
    result: dict[str, Any] | None
    ended_at: datetime | None


class LogRow(Struct, frozen=True, kw_only=True):
    """One line of a run's log; `code` is a message of the `run` catalogue."""

    at: datetime
    code: str
    step: str | None
    params: dict[str, Any]
    actor: str


RUN: LiteralString = """
select r.id, r.uuid, r.number, r.playbook_id, r.playbook_version_id, r.incident_id,
       i.uuid as incident_uuid, i.record_id, i.tlp, r.sandbox, r.state, r.reason, r.trigger, r.started_by, r.acts_for,
       r.cause_id, r.depth, r.variables, r.visits, r.steps, r.next_token, r.started_at,
       r.changed_at, r.ended_at, r.error, r.version
from run r left join incident i on i.id = r.incident_id
"""
STEP: LiteralString = """
select s.id, s.uuid, s.run_id, s.step, s.iteration, s.token, s.kind, s.state, s.attempt, s.input,
       s.output, s.error, s.ready_at, s.due_at, s.started_at, s.ended_at
from step_run s
"""
WAIT: LiteralString = """
select w.step_run_id, w.kind, w.since, w.deadline, w.on_timeout, w.question, w.options, w.role,
       w.person_id, w.people, w.about, w.result, w.ended_at
from run_wait w
"""


async def by_uuid(db: Db, uuid: UUID, *, lock: bool = False) -> RunRow:
    """One run. Raises `NoRun`."""
    query = RUN + " where r.uuid = %s"
    async with db.cursor(row_factory=class_row(RunRow)) as cursor:
        await cursor.execute(query + " for update of r" if lock else query, (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoRun(uuid)
    return found


async def locked(db: Db, ids: Sequence[int]) -> dict[int, RunRow]:
    """Runs by id, locked in this order, so that two workers never wait for each other."""
    async with db.cursor(row_factory=class_row(RunRow)) as cursor:
        await cursor.execute(
            RUN + " where r.id = any(%s) order by r.id for update of r", (sorted(set(ids)),)
        )
        return {row.id: row for row in await cursor.fetchall()}


async def steps(db: Db, run_id: int) -> list[StepRow]:
    """Every step of a run in the order in which it was reached."""
    async with db.cursor(row_factory=class_row(StepRow)) as cursor:
        await cursor.execute(STEP + " where s.run_id = %s order by s.id", (run_id,))
        return await cursor.fetchall()


async def steps_by_id(db: Db, ids: Sequence[int]) -> dict[int, StepRow]:
    """Steps by id."""
    async with db.cursor(row_factory=class_row(StepRow)) as cursor:
        await cursor.execute(STEP + " where s.id = any(%s)", (list(ids),))
        return {row.id: row for row in await cursor.fetchall()}


async def waits(db: Db, run_id: int) -> list[WaitRow]:
    """What the steps of a run wait or waited for."""
    async with db.cursor(row_factory=class_row(WaitRow)) as cursor:
        await cursor.execute(
            WAIT + " join step_run s on s.id = w.step_run_id where s.run_id = %s"
            " order by w.step_run_id",
            (run_id,),
        )
        return await cursor.fetchall()


async def waits_of(db: Db, step_ids: Sequence[int]) -> dict[int, WaitRow]:
    """The waits of some steps, by step."""
    async with db.cursor(row_factory=class_row(WaitRow)) as cursor:
        await cursor.execute(WAIT + " where w.step_run_id = any(%s)", (list(step_ids),))
        return {row.step_run_id: row for row in await cursor.fetchall()}


async def log(db: Db, run_id: int) -> list[LogRow]:
    """What happened in a run, the first thing first."""
    async with db.cursor(row_factory=class_row(LogRow)) as cursor:
        await cursor.execute(
            "select at, code, step, params, actor from run_log where run_id = %s order by id",
            (run_id,),
        )
        return await cursor.fetchall()
