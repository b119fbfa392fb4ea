"""Runs as people look for them: what each waits for, since when, and whose turn it is."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import run_answer, run_effect, run_row, run_version
from zvon.store.party import Db
from zvon.store.run_answer import Answer
from zvon.store.run_effect import Effect
from zvon.store.run_row import LogRow, RunRow, StepRow, WaitRow
from zvon.store.run_version import Pinned, Versions

PAGE = 50


class BadCursor(ValueError):
    """The place to go on from is none that a page gave."""


class Listed(Struct, frozen=True, kw_only=True):
    """One run in a list. What it waits for is the wait with the nearest end."""

    id: int
    uuid: UUID
    number: str
    playbook: str
    titles: dict[str, str]
    playbook_uuid: UUID
    incident: str | None
    incident_uuid: UUID | None
    state: str
    sandbox: bool
    trigger: str | None
    started_by: str | None
    started_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    error: str
    step_uuid: UUID | None
    step: str | None
    waits_for: str | None
    since: datetime | None
    deadline: datetime | None
    role: str | None
    person: str | None
    question: str | None
    waits: int


class Page(Struct, frozen=True):
    """Some runs, and where to go on; `None` at the end."""

    runs: Sequence[Listed]
    cursor: str | None


class Whole(Struct, frozen=True, kw_only=True):
    """One run with all that belongs to it."""

    run: RunRow
    listed: Listed
    of: Pinned
    steps: Sequence[StepRow]
    waits: dict[int, WaitRow]
    answers: dict[int, list[Answer]]
    effects: Sequence[Effect]
    log: Sequence[LogRow]
    acts_for: str


_SELECT: LiteralString = """
select r.id, r.uuid, r.number, p.name as playbook, p.titles, p.uuid as playbook_uuid,
       i.number as incident, i.uuid as incident_uuid, r.state, r.sandbox, r.trigger,
       b.name as started_by, r.started_at, r.changed_at, r.ended_at, r.error,
       w.step_uuid, w.step, w.kind as waits_for, w.since, w.deadline, w.role, w.person, w.question,
       coalesce(w.waits, 0)::int as waits
from run r join playbook p on p.id = r.playbook_id
  left join incident i on i.id = r.incident_id
  left join person b on b.id = r.started_by
  left join lateral (
    select s.uuid as step_uuid, s.step, a.kind, a.since, a.deadline, a.role, q.name as person,
           a.question, count(*) over () as waits
    from step_run s join run_wait a on a.step_run_id = s.id
      left join person q on q.id = a.person_id
    where s.run_id = r.id and s.state = 'waiting' and a.ended_at is null
    order by a.kind <> 'person', a.deadline, s.id limit 1) w on r.ended_at is null
"""


async def open_runs(
    db: Db, viewer: Viewer, *, cursor: str | None = None, limit: int = PAGE
) -> Page:
    """Runs that go on: the late ones first, then those that wait longest."""
    viewer.require(Permission.PLAYBOOK_READ)
    after = (False, "-infinity", 0) if cursor is None else _read(cursor)
    rows = await _some(
        db,
        """ where r.ended_at is null and (r.state <> 'late', r.changed_at, r.id)
              > (%(late)s, %(at)s::timestamptz, %(id)s)
            order by r.state <> 'late', r.changed_at, r.id limit %(limit)s""",
        {"late": after[0], "at": after[1], "id": after[2], "limit": limit + 1},
    )
    return _page(rows, limit)


async def ended_runs(
    db: Db, viewer: Viewer, *, cursor: str | None = None, limit: int = PAGE
) -> Page:
    """Runs that are over, the newest first."""
    viewer.require(Permission.PLAYBOOK_READ)
    before = (1 << 62) if cursor is None else _read(cursor)[2]
    rows = await _some(
        db,
        " where r.ended_at is not null and r.id < %(id)s order by r.id desc limit %(limit)s",
        {"id": before, "limit": limit + 1},
    )
    return _page(rows, limit)


async def of_incident(db: Db, viewer: Viewer, incident: UUID) -> list[Listed]:
    """The runs about an incident, the newest first."""
    viewer.require(Permission.PLAYBOOK_READ)
    return await _some(
        db, " where i.uuid = %(incident)s order by r.id desc limit 50", {"incident": incident}
    )


async def of_playbook(db: Db, viewer: Viewer, playbook: UUID) -> list[Listed]:
    """The latest runs of a playbook."""
    viewer.require(Permission.PLAYBOOK_READ)
    return await _some(
        db, " where p.uuid = %(playbook)s order by r.id desc limit 20", {"playbook": playbook}
    )


async def whole(db: Db, viewer: Viewer, uuid: UUID) -> Whole:
    """One run. Raises `NoRun`."""
    viewer.require(Permission.PLAYBOOK_READ)
    run = await run_row.by_uuid(db, uuid)
    (listed,) = await _some(db, " where r.id = %(id)s", {"id": run.id})
    steps = await run_row.steps(db, run.id)
    of = await Versions().of(db, [run.playbook_version_id])
    row = await (
        await db.execute("select name from person where id = %s", (run.acts_for,))
    ).fetchone()
    return Whole(
        run=run, listed=listed, of=of[run.playbook_version_id], steps=steps,
        waits={w.step_run_id: w for w in await run_row.waits(db, run.id)},
        answers=await run_answer.of_steps(db, [s.id for s in steps]),
        effects=await run_effect.of_run(db, run.id), log=await run_row.log(db, run.id),
        acts_for="" if row is None else row[0],
    )  # fmt: skip


async def counts(db: Db, viewer: Viewer) -> dict[str, int]:
    """How many runs the viewer sees in each open state."""
    viewer.require(Permission.PLAYBOOK_READ)
    cursor = await db.execute("select state, count(*) from run where ended_at is null group by 1")
    return {row[0]: int(row[1]) for row in await cursor.fetchall()}


async def versions_of(db: Db, viewer: Viewer, run: RunRow) -> list[Pinned]:
    """The other versions of its playbook that a run may be moved to: in force, or retired."""
    viewer.require(Permission.PLAYBOOK_READ)
    cursor = await db.execute(
        "select id from playbook_version where playbook_id = %s and id <> %s"
        " and state in ('published', 'retired') order by number desc limit 10",
        (run.playbook_id, run.playbook_version_id),
    )
    ids = [row[0] for row in await cursor.fetchall()]
    found = await run_version.Versions().of(db, ids)
    return [found[n] for n in ids]


async def _some(db: Db, rest: LiteralString, params: dict[str, Any]) -> list[Listed]:
    async with db.cursor(row_factory=class_row(Listed)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()


def _page(rows: list[Listed], limit: int) -> Page:
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    place = msgspec.json.encode((last.state != "late", last.changed_at, last.id))
    return Page(rows[:limit], base64.urlsafe_b64encode(place).decode())


def _read(cursor: str) -> tuple[bool, str, int]:
    try:
        raw = base64.urlsafe_b64decode(cursor.encode())
        late, at, number = msgspec.json.decode(raw, type=tuple[bool, datetime, int])
    except (ValueError, msgspec.MsgspecError):
        raise BadCursor("cursor: not one that a page gave") from None
    if not 0 <= number < 1 << 62:
        raise BadCursor("cursor: not one that a page gave")
    return late, at.isoformat(), number
