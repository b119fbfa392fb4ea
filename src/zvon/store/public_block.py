"""What anybody may know of a name: the blocks that stand in the policy zones now, and why.

Only rules that subscribers are served are read. A name that is proposed, held, rejected, under
investigation or lifted gives the same answer as one that nobody ever heard of: none.
"""

from collections import defaultdict
from datetime import datetime

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from zvon.model.rpz_match import candidates, match
from zvon.store.zone import NODATA, NXDOMAIN, PASSTHRU

Db = AsyncConnection[TupleRow]
NOT_LANDING = frozenset({NXDOMAIN, NODATA, PASSTHRU})


class PublicBlock(Struct, frozen=True, kw_only=True):
    """A published block as everybody may see it; no person, no incident, no free text.

    `name` is what was decided on, not what was asked. `ground` is `order` for an order of an
    authority, else `terms`. `landing` is true when some feed leads visitors to the landing page.
    """

    number: str
    name: str
    scope: str
    category: str
    owner: str
    feeds: tuple[str, ...]
    countries: tuple[str, ...]
    ground: str
    since: datetime
    until: datetime
    landing: bool


class _Row(Struct, frozen=True, kw_only=True):
    feed: str
    country: str
    kind: str
    owner: str
    rdata: str
    number: str
    name: str
    scope: str
    category: str
    ordered: bool
    since: datetime
    until: datetime


async def standing(db: Db, name: str) -> list[PublicBlock]:
    """The blocks that resolvers apply to the canonical `name`, by number.

    In each feed the hot zone speaks before the cold one, and the nearest rule of a zone wins, as
    resolvers do it.
    """
    async with db.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(
            """
            select f.name as feed, f.country, z.kind, r.owner, r.rdata,
                   coalesce(b.number, '') as number, coalesce(b.name, '') as name,
                   coalesce(b.scope, '') as scope, coalesce(b.category, '') as category,
                   b.order_id is not null as ordered,
                   coalesce(b.published_at, 'epoch') as since, coalesce(b.expires_at, 'epoch') as until
            from zone_rule r
            join zone z on z.id = r.zone_id and z.kind in ('hot', 'cold')
            join feed f on f.id = z.feed_id and f.removed_at is null
            left join block b on b.id = r.block_id
            where r.owner = any(%s) order by f.id
            """,
            (list(candidates(name)),),
        )
        rows = await cursor.fetchall()
    zones: dict[str, dict[str, dict[str, _Row]]] = defaultdict(lambda: {"hot": {}, "cold": {}})
    for row in rows:
        zones[row.feed][row.kind][row.owner] = row
    spoken = [_speaks(name, kinds) for kinds in zones.values()]
    return _joined([row for row in spoken if row and row.rdata != PASSTHRU and row.number])


async def name_of(db: Db, number: str) -> str | None:
    """The name behind the number of a block that was published once; others have no number here."""
    row = await (
        await db.execute(
            "select name from block where number = %s and published_at is not null"
            " and trigger = 'qname'",
            (number,),
        )
    ).fetchone()
    return None if row is None else str(row[0])


def _speaks(name: str, kinds: dict[str, dict[str, _Row]]) -> _Row | None:
    for kind in ("hot", "cold"):
        targets = {owner: row.rdata for owner, row in kinds[kind].items()}
        found = match(name, targets.get)
        if found is not None:
            return kinds[kind][found.owner]
    return None


def _joined(rows: list[_Row]) -> list[PublicBlock]:
    """One value for each block, whatever feeds it stands in."""
    by_number: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        by_number[row.number].append(row)
    return [
        PublicBlock(
            number=number, name=one.name, scope=one.scope, category=one.category, owner=one.owner,
            feeds=tuple(r.feed for r in same),
            countries=tuple(dict.fromkeys(r.country for r in same)),
            ground="order" if one.ordered else "terms", since=one.since, until=one.until,
            landing=any(r.rdata not in NOT_LANDING for r in same),
        )
        for number, same in sorted(by_number.items())
        for one in same[:1]
    ]  # fmt: skip
