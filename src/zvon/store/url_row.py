"""Rules for pages as rows: what people see of them, and what an incident offers to list."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db

# The advice not to block a name that means: the page is bad, the site is not.
PAGE_ONLY = ("compromised_site", "user_content", "popular")


class NoRule(LookupError):
    """There is no such rule."""


class UrlRule(Struct, frozen=True, kw_only=True):
    """A rule for one page. `incident_uuid` is `None` when the reader may not see the incident."""

    id: int
    uuid: UUID
    number: str
    url: str
    host: str
    category: str
    source: str
    feed: str
    feed_id: int
    reason: str
    legal_ground: str
    state: str
    proposer_id: int
    proposer: str
    approver: str | None
    proposed_at: datetime
    published_at: datetime | None
    expires_at: datetime
    lifted_at: datetime | None
    lift_reason: str | None
    retest_at: datetime | None
    gone_since: datetime | None
    incident_id: int | None
    incident_uuid: UUID | None


class Offer(Struct, frozen=True, kw_only=True):
    """A page of an incident whose name should not be blocked, and the rule that says so."""

    url: str
    name: str
    reason: str


_SELECT: LiteralString = """
select u.id, u.uuid, u.number, u.url, u.host, u.category, u.source, f.name as feed, u.feed_id,
       u.reason, u.legal_ground, u.state, u.proposer_id, p.login as proposer, a.login as approver,
       u.proposed_at, u.published_at, u.expires_at, u.lifted_at, u.lift_reason, u.retest_at,
       u.gone_since, i.id as incident_id, i.uuid as incident_uuid
from url_rule u
join feed f on f.id = u.feed_id
join person p on p.id = u.proposer_id
left join person a on a.id = u.approver_id
left join incident i on i.id = u.incident_id
where """


async def select(
    db: Db, condition: LiteralString, params: dict[str, Any], *, lock: bool = False
) -> list[UrlRule]:
    """The rules that fulfil a condition on `u`, oldest first; `lock` them for a change."""
    query = _SELECT + condition + " order by u.id" + (" for update of u" if lock else "")
    async with db.cursor(row_factory=class_row(UrlRule)) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchall()


async def by_uuid(db: Db, uuids: Sequence[UUID], *, lock: bool = False) -> list[UrlRule]:
    """These rules, in the order of their making. Raises `NoRule` when one is not there."""
    rows = await select(db, "u.uuid = any(%(uuids)s)", {"uuids": list(uuids)}, lock=lock)
    missing = set(uuids) - {row.uuid for row in rows}
    if missing:
        raise NoRule(f"there is no URL rule {min(missing, key=str)}")
    return rows


async def page(
    db: Db, viewer: Viewer, *, states: Sequence[str] | None, before: int | None, limit: int
) -> list[UrlRule]:
    """Rules, newest first; `before` is the `id` of the last one seen."""
    viewer.require(Permission.BLOCK_READ)
    async with db.cursor(row_factory=class_row(UrlRule)) as cursor:
        await cursor.execute(
            _SELECT + "(%(states)s::text[] is null or u.state = any(%(states)s))"
            " and (%(before)s::bigint is null or u.id < %(before)s)"
            " order by u.id desc limit %(limit)s",
            {"states": None if states is None else list(states), "before": before, "limit": limit},
        )
        return await cursor.fetchall()


async def offers(db: Db, viewer: Viewer, incident: UUID) -> list[Offer]:
    """The pages of an incident for which a name block is not advised, and a URL rule is.

    Raises `LookupError` when the viewer may not see the incident, or there is none.
    """
    viewer.require(Permission.INCIDENT_READ)
    row = await (
        await db.execute("select id from incident where uuid = %s", (incident,))
    ).fetchone()
    if row is None:
        raise LookupError(f"no incident {incident}")
    async with db.cursor(row_factory=class_row(Offer)) as cursor:
        await cursor.execute(
            """
            select url, name, reason from incident_name
            where incident_id = %s and scope = 'none' and reason = any(%s) and url is not null
            order by reports desc, name
            """,
            (row[0], list(PAGE_ONLY)),
        )
        return await cursor.fetchall()


async def of_incident(db: Db, viewer: Viewer, incident_id: int) -> list[UrlRule]:
    """The rules of an incident, oldest first. Raises `Denied`."""
    viewer.require(Permission.BLOCK_READ)
    return await select(db, "u.incident_id = %(incident)s", {"incident": incident_id})
