"""Who looks at an incident right now: a lease that runs out by itself and locks nobody out."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.incident_detail import NotFound
from zvon.store.party import Db
from zvon.store.transaction import Tx

LEASE = timedelta(minutes=15)
MOST = 500


class Claim(Struct, frozen=True, kw_only=True):
    """Somebody has the incident open."""

    incident: UUID
    number: str
    login: str
    until: datetime


_SELECT = """
select i.uuid as incident, i.number, p.login, c.until
from claim c join incident i on i.id = c.incident_id join person p on p.id = c.person_id
where c.until > %(now)s
"""


async def hold(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> datetime:
    """Say that the viewer looks at it, for another `LEASE`; until when. Raises `NotFound`.

    It is presence and no decision: neither the story nor the audit tells of it.
    """
    viewer.require(Permission.INCIDENT_READ)
    until = now + LEASE
    made = await tx.execute(
        """
        insert into claim (incident_id, person_id, until)
        select id, %s, %s from incident where uuid = %s
        on conflict (incident_id, person_id) do update set until = excluded.until
        """,
        (viewer.person_id, until, uuid),
    )
    if not made.rowcount:
        raise NotFound(uuid)
    return until


async def let_go(tx: Tx, viewer: Viewer, uuid: UUID) -> None:
    """The viewer looks elsewhere. Raises `NotFound`; without a lease nothing happens."""
    viewer.require(Permission.INCIDENT_READ)
    row = await (await tx.execute("select id from incident where uuid = %s", (uuid,))).fetchone()
    if row is None:
        raise NotFound(uuid)
    await tx.execute(
        "delete from claim where incident_id = %s and person_id = %s", (row[0], viewer.person_id)
    )


async def list_all(db: Db, viewer: Viewer, now: datetime) -> list[Claim]:
    """Who looks at what, as far as the viewer sees it; the latest first."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(Claim)) as cursor:
        await cursor.execute(
            _SELECT + "order by c.until desc, i.id limit %(most)s", {"now": now, "most": MOST}
        )
        return await cursor.fetchall()


async def forget(tx: Tx, now: datetime) -> None:
    """Remove leases that ran out; idempotent."""
    await tx.execute("delete from claim where until <= %s", (now,))
