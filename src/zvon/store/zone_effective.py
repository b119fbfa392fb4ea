"""What the zones of one feed say together: one rule an owner, hot before cold before ip."""

from collections.abc import Sequence

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

Db = AsyncConnection[TupleRow]

_EFFECTIVE = """
select distinct on (r.owner) r.owner, r.rdata
from zone_rule r join zone z on z.id = r.zone_id join feed f on f.id = z.feed_id
where f.name = %(feed)s and f.removed_at is null
  and (%(owners)s::text[] is null or r.owner = any(%(owners)s::text[]))
order by r.owner, case z.kind when 'hot' then 0 when 'cold' then 1 else 2 end
"""


async def effective(db: Db, feed: str, owners: Sequence[str] | None = None) -> dict[str, str]:
    """The target of each owner, of all or of those named; owners without a rule are missing."""
    values = {"feed": feed, "owners": None if owners is None else list(owners)}
    rows = await db.execute(_EFFECTIVE, values)
    return dict(await rows.fetchall())


async def serials(db: Db, feed: str) -> dict[int, int]:
    """The serials of the zones of a feed by the zone's id. Raises `LookupError`."""
    rows = await db.execute(
        "select z.id, z.serial from zone z join feed f on f.id = z.feed_id"
        " where f.name = %s and f.removed_at is null",
        (feed,),
    )
    found = {row[0]: row[1] for row in await rows.fetchall()}
    if not found:
        raise LookupError(f"there is no feed {feed!r}")
    return found
