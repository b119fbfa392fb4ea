"""Dry runs: which version was tried on which past incidents, and what came out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store.party import Db
from zvon.store.run_version import Pinned
from zvon.store.transaction import AuditEntry, Change, Op, Tx

Random = Callable[[int], bytes]


class NoDryRun(LookupError):
    """There is no such dry run."""


class BadDryRun(ValueError):
    """Too many incidents, or versions of different playbooks."""


class DryRun(Struct, frozen=True, kw_only=True):
    """One dry run; `result` holds `this` and, when two were compared, `against`."""

    id: int
    uuid: UUID
    version_id: int
    version_uuid: UUID
    number: int
    playbook: str
    playbook_uuid: UUID
    against_id: int | None
    against: int | None
    asked_by: int
    asked: str
    asked_at: datetime
    incidents: int
    state: str
    done: int
    result: dict[str, Any]
    error: str
    ended_at: datetime | None


class PastRow(Struct, frozen=True, kw_only=True):
    """An incident that was decided, and how it came out."""

    uuid: UUID
    number: str
    made_at: datetime
    false: bool
    blocked_at: datetime | None


_SELECT = """
select d.id, d.uuid, d.playbook_version_id as version_id, v.uuid as version_uuid, v.number,
       p.name as playbook, p.uuid as playbook_uuid, d.against_id, a.number as against,
       d.asked_by, q.name as asked, d.asked_at, d.incidents, d.state, d.done, d.result, d.error,
       d.ended_at
from dry_run d join playbook_version v on v.id = d.playbook_version_id
  join playbook p on p.id = v.playbook_id join person q on q.id = d.asked_by
  left join playbook_version a on a.id = d.against_id
"""


async def ask(
    tx: Tx, viewer: Viewer, of: Pinned, against: Pinned | None, incidents: int, *, most: int,
    now: datetime, random: Random,
) -> UUID:  # fmt: skip
    """Ask for a dry run on the newest decided incidents. Raises `Denied`, `BadDryRun`."""
    if not viewer.may(Permission.PLAYBOOK_APPROVE):
        viewer.require(Permission.PLAYBOOK_WRITE)
    if not 1 <= incidents <= most:
        raise BadDryRun(f"incidents: 1 to {most}")
    if against is not None and (against.playbook_id != of.playbook_id or against.id == of.id):
        raise BadDryRun("against: another version of the same playbook")
    uuid = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        "insert into dry_run (uuid, playbook_version_id, against_id, asked_by, asked_at, incidents)"
        " values (%s, %s, %s, %s, %s, %s)",
        (uuid, of.id, None if against is None else against.id, viewer.person_id, now, incidents),
    )
    tx.audit(AuditEntry(actor=viewer.login, action="playbook:dry_run", object=of.playbook.name,
                        detail={"version": of.number, "incidents": incidents}))  # fmt: skip
    return uuid


async def get(db: Db, viewer: Viewer, uuid: UUID) -> DryRun:
    """One dry run. Raises `NoDryRun`."""
    viewer.require(Permission.PLAYBOOK_READ)
    return await known(db, uuid)


async def known(db: Db, uuid: UUID) -> DryRun:
    """One dry run, for the job. Raises `NoDryRun`."""
    found = await _some(db, " where d.uuid = %s", (uuid,))
    if not found:
        raise NoDryRun(f"there is no dry run {uuid}")
    return found[0]


async def of_playbook(db: Db, viewer: Viewer, playbook: UUID) -> list[DryRun]:
    """The latest dry runs of a playbook."""
    viewer.require(Permission.PLAYBOOK_READ)
    return await _some(db, " where p.uuid = %s order by d.id desc limit 20", (playbook,))


async def pasts(db: Db, categories: list[str], limit: int) -> list[PastRow]:
    """The newest incidents that people decided, of these categories (all when there are none)."""
    async with db.cursor(row_factory=class_row(PastRow)) as cursor:
        await cursor.execute(
            """
            select i.uuid, i.number, r.received_at as made_at,
                   (i.verdict = 'benign' or coalesce(i.alert_verdict, '') in
                     ('false_positive', 'benign_positive') or i.state = 'rejected') as false,
                   (select min(b.published_at) from block b where b.incident_id = i.id)
                     as blocked_at
            from incident i join record r on r.id = i.record_id
            where i.verdict is not null and i.duplicate_of is null
              and (i.verdict_by is not null or i.alert_verdict is not null
                   or i.state in ('resolved', 'closed', 'rejected'))
              and (%(any)s or i.category = any(%(categories)s))
            order by i.id desc limit %(limit)s
            """,
            {"any": not categories, "categories": categories, "limit": limit},
        )
        return await cursor.fetchall()


async def approval_takes(db: Db) -> timedelta | None:
    """How long people took, in the median, from a proposal to its approval; none without any."""
    row = await (
        await db.execute(
            """
            select percentile_cont(0.5) within group (order by x.took) from (
              select extract(epoch from b.published_at - b.proposed_at) as took from block b
              where b.published_at is not null order by b.id desc limit 1000) x
            """
        )
    ).fetchone()
    return None if row is None or row[0] is None else timedelta(seconds=float(row[0]))


async def progress(tx: Tx, uuid: UUID, done: int) -> None:
    """Say how many incidents were gone through."""
    await tx.execute(
        "update dry_run set state = 'running', done = %s where uuid = %s", (done, uuid)
    )


async def end(
    tx: Tx, uuid: UUID, result: dict[str, Any], error: str, done: int, now: datetime
) -> None:
    """Write what came out, or why nothing did."""
    await tx.execute(
        "update dry_run set state = %s, result = %s, error = %s, done = %s, ended_at = %s"
        " where uuid = %s",
        ("failed" if error else "done", Jsonb(result), error[:500], done, now, uuid),
    )
    tx.note(Change(kind="dry_run", subject=uuid, op=Op.EDIT))


async def _some(db: Db, rest: str, params: tuple[Any, ...]) -> list[DryRun]:
    async with db.cursor(row_factory=class_row(DryRun)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()
