"""All campaigns of which the viewer may see a report, newest first."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db

MAX_LISTED = 200


class Listed(Struct, frozen=True, kw_only=True):
    """A campaign in the list; `channels` are those that its reports came by."""

    id: UUID
    number: str
    brand: str | None
    first_at: datetime
    last_at: datetime
    reports: int
    names: int
    channels: list[str]


async def newest(
    db: Db, viewer: Viewer, *, brand: str | None = None, before: UUID | None = None,
    limit: int = 50,
) -> list[Listed]:  # fmt: skip
    """Living campaigns, those with the newest reports first; `before` is the last one seen.

    Raises `Denied`.
    """
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(Listed)) as cursor:
        await cursor.execute(
            """
            with asked as (select last_at, id from campaign where uuid = %(before)s)
            select c.uuid as id, c.number, c.brand, c.first_at, c.last_at, r.reports, r.channels,
                   (select count(distinct k.observable_id) from report p
                    join report_key k on k.record_id = p.record_id
                    where p.campaign_id = c.id and k.code in ('SAME_DOMAIN', 'SAME_HOST')) as names
            from campaign c
            join lateral (select count(*) as reports,
                                 coalesce(array_agg(distinct channel), '{}') as channels
                          from report p where p.campaign_id = c.id) r on r.reports > 0
            where c.merged_into is null
              and (%(brand)s::text is null or c.brand = %(brand)s)
              and (%(before)s::uuid is null
                   or (c.last_at, c.id) < (select last_at, id from asked))
            order by c.last_at desc, c.id desc limit %(limit)s
            """,
            {"brand": brand, "before": before, "limit": min(limit, MAX_LISTED)},
        )
        return await cursor.fetchall()
