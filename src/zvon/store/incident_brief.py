"""How an incident stands, in one row, and which others it is related to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.incident_detail import NotFound
from zvon.store.party import Db

MOST = 100


class NoNumber(LookupError):
    """No incident that the viewer may see has this number."""


class Brief(Struct, frozen=True, kw_only=True):
    """State, verdicts, people and version of an incident, without what hangs on it."""

    id: int
    uuid: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    state: str
    verdict: str | None
    alert_verdict: str | None
    category: str | None
    severity: int
    severity_by: str | None
    owner: str | None
    lead: str | None
    hold_until: datetime | None
    report_count: int
    alert_count: int
    group_count: int
    version: int


class Related(Struct, frozen=True, kw_only=True):
    """Another incident. `how`: successor, predecessor, merged_here, merged_into, campaign."""

    how: str
    uuid: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    state: str
    last_at: datetime


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Brief:
    """How an incident stands. Raises `Denied`, `NotFound`."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(Brief)) as cursor:
        await cursor.execute(
            """
            select i.id, i.uuid, i.number, i.title, i.title_params, i.state, i.verdict,
                   i.alert_verdict, i.category, i.severity, s.login as severity_by,
                   o.login as owner, l.login as lead, i.hold_until, i.report_count, i.alert_count,
                   i.group_count, i.version
            from incident i join record r on r.id = i.record_id
            left join person s on s.id = i.severity_by left join person o on o.id = i.owner_id
            left join person l on l.id = i.lead_id
            where i.uuid = %s and not r.deleted
            """,
            (uuid,),
        )
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(uuid)
    return found


async def by_number(db: Db, viewer: Viewer, number: str) -> UUID:
    """The identifier of the incident with a number. Raises `Denied`, `NoNumber`."""
    viewer.require(Permission.INCIDENT_READ)
    row = await (
        await db.execute(
            "select i.uuid from incident i join record r on r.id = i.record_id"
            " where i.number = %s and not r.deleted",
            (number.replace("\x00", ""),),
        )
    ).fetchone()
    if row is None:
        raise NoNumber(f"no incident {number}")
    found: UUID = row[0]
    return found


async def related(db: Db, incident_id: int) -> Sequence[Related]:
    """What came before and after it, what was merged, and others of its campaign; newest first."""
    async with db.cursor(row_factory=class_row(Related)) as cursor:
        await cursor.execute(
            """
            with me as (select * from incident where id = %(id)s),
            other as (
              select 'successor' as how, i.id from incident i where i.successor_of = %(id)s
              union all select 'predecessor', successor_of from me where successor_of is not null
              union all select 'merged_here', i.id from incident i where i.duplicate_of = %(id)s
              union all select 'merged_into', duplicate_of from me where duplicate_of is not null
              union all select 'campaign', i.id from incident i join me
                on i.campaign_id = me.campaign_id and i.id <> me.id and i.duplicate_of is null)
            select distinct on (i.id) o.how, i.uuid, i.number, i.title, i.title_params, i.state,
                   i.last_at
            from other o join incident i on i.id = o.id order by i.id desc limit %(most)s
            """,
            {"id": incident_id, "most": MOST},
        )
        return await cursor.fetchall()


async def workers(db: Db, permission: Permission) -> list[tuple[str, str]]:
    """Login and name of the people who have a permission, for choosing one."""
    cursor = await db.execute(
        """
        select p.login, p.name from person p where not p.disabled and not p.machine
          and exists (select from person_role x join role r on r.name = x.role
                      where x.person_id = p.id and %s = any (r.permissions))
        order by p.name limit 500
        """,
        (permission.value,),
    )
    return [(str(row[0]), str(row[1])) for row in await cursor.fetchall()]
