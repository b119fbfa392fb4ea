"""What the zones of one feed say together: one rule an owner, hot before cold before ip."""

from collections.abc import Mapping, Sequence

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from zvon.model.zone import next_serial
from zvon.store import zone as zones

Db = AsyncConnection[TupleRow]

_EFFECTIVE = """
select distinct on (r.owner) r.owner, r.rdata
from zone_rule r join zone z on z.id = r.zone_id join feed f on f.id = z.feed_id
where f.name = %(feed)s and f.removed_at is null
  and (%(owners)s::text[] is null or r.owner = any(%(owners)s::text[]))
order by r.owner, case z.kind when 'hot' then 0 when 'cold' then 1 else 2 end
"""


class JournalGap(LookupError):
    """The journal does not reach back to what somebody holds; compare the whole."""


async def whole(db: Db, feed: str) -> tuple[dict[int, int], dict[str, str]]:
    """Serials of the zones of a feed, and all that they say together, of one moment."""
    async with db.transaction():
        await db.execute("set transaction isolation level repeatable read")
        return await serials(db, feed), await effective(db, feed)


async def since(
    db: Db, feed: str, held: Mapping[int, int]
) -> tuple[dict[int, int], dict[str, str | None]]:
    """Serials now, and what is said at each owner that changed after `held`; of one moment.

    Raises `JournalGap`.
    """
    async with db.transaction():
        await db.execute("set transaction isolation level repeatable read")
        now = await serials(db, feed)
        owners: set[str] = set()
        for zone, serial in now.items():
            before = held.get(zone)
            if before == serial:
                continue
            edits = [] if before is None else await zones.edits(db, zone, after=before, upto=serial)
            if before is None or not edits or edits[0].serial != next_serial(before):
                raise JournalGap(f"zone {zone} has no serial after {before}")
            owners.update(edit.owner for edit in edits)
        found = await effective(db, feed, sorted(owners)) if owners else {}
        return now, {owner: found.get(owner) for owner in sorted(owners)}


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
