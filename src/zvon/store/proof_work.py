"""What has yet to be proved: which block or lift, at which subscriber, answered how."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store.block_row import Db


class Work(Struct, frozen=True, kw_only=True):
    """One block or lift at one subscriber that has no receipt of grade A yet.

    `rdata` is the target of the rule, `None` when it is no longer in a zone. `serial` is that of
    the zone that first had the rule.
    """

    block_id: int
    block: UUID
    number: str
    name: str
    kind: str
    action: str
    rdata: str | None
    zone: str
    serial: int
    subscriber_id: int
    subscriber: str
    mandatory: bool
    approved_at: datetime | None
    ordered_at: datetime
    existed: bool | None

    @property
    def target(self) -> str | None:
        """The landing host that visitors are led to, if that is what was ordered."""
        return None if self.rdata in {None, ".", "*."} else self.rdata

    @property
    def ordered(self) -> str:
        """What a resolver answers: `nxdomain`, `nodata` or `landing`."""
        known = {None: self.action, ".": "nxdomain", "*.": "nodata"}
        return known.get(self.rdata, "landing")


async def open_work(
    db: Db, since: datetime, *, subscriber_id: int | None = None, limit: int = 20_000
) -> list[Work]:
    """Published blocks, and blocks lifted after `since`, that somebody has not proved; by block.

    Only subscribers that enforce, and only rules on names: a rule on an address has no name that
    could be asked.
    """
    async with db.cursor(row_factory=class_row(Work)) as cursor:
        await cursor.execute(
            """
            select b.id as block_id, b.uuid as block, b.number, b.name, k.kind, b.action,
                   rule.rdata, 'hot.' || p.feed || '.zvon' as zone, p.serial,
                   s.id as subscriber_id, s.name as subscriber, s.mandatory,
                   (select min(y.at) from approval y where y.block_id = b.id and y.approves)
                     as approved_at,
                   coalesce(b.lifted_at, p.published_at) as ordered_at, x.existed
            from block b
            cross join lateral (select case when b.lifted_at is null then 'block' else 'lift' end
                                as kind) k
            join subscriber s on s.removed_at is null and s.mode = 'enforce'
              and s.brand not in ('knot', 'nsd')
            join lateral (
              select f.id, f.name as feed, bf.serial, bf.published_at
              from subscription n
              join block_feed bf on bf.feed_id = n.feed_id and bf.block_id = b.id
              join feed f on f.id = n.feed_id
              where n.subscriber_id = s.id order by n.position limit 1) p on true
            left join lateral (
              select r.rdata from zone_rule r join zone z on z.id = r.zone_id
              where z.feed_id = p.id and r.owner = b.name and r.rdata <> 'rpz-passthru.'
              order by z.kind desc limit 1) rule on true
            left join block_before x on x.block_id = b.id and x.subscriber_id = s.id
            where (b.state in ('published', 'failed')
                   or (b.state = 'disputed' and b.published_at is not null
                       and b.enforced_at is null)
                   or (b.lifted_at > %(since)s and b.published_at is not null))
              and b.trigger = 'qname'
              and (%(subscriber)s::bigint is null or s.id = %(subscriber)s)
              and not exists (select from receipt r where r.block_id = b.id
                and r.subscriber_id = s.id and r.kind = k.kind and r.grade = 'A')
            order by b.id, s.id limit %(limit)s
            """,
            {"since": since, "subscriber": subscriber_id, "limit": limit},
        )
        return await cursor.fetchall()


async def unasked(db: Db, since: datetime, limit: int = 200) -> list[tuple[int, str, int]]:
    """(block, name, subscriber) of proposals after `since` whose names nobody has asked for yet."""
    rows = await (
        await db.execute(
            """
            select b.id, b.name, s.id from block b
            join subscription n on n.feed_id = b.feed_id
            join subscriber s on s.id = n.subscriber_id and s.removed_at is null
              and s.probe_address is not null
            where b.state in ('proposed', 'validated', 'held') and b.proposed_at > %s
              and b.trigger = 'qname'
              and not exists (select from block_before x
                              where x.block_id = b.id and x.subscriber_id = s.id)
            order by b.id desc limit %s
            """,
            (since, limit),
        )
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


async def controls(db: Db, default: Sequence[str], limit: int = 4) -> tuple[str, ...]:
    """Names that must resolve at a resolver whose answers are to prove anything."""
    rows = await (
        await db.execute("select name from control_name order by name limit %s", (limit,))
    ).fetchall()
    return tuple(dict.fromkeys([*(row[0] for row in rows), *default]))
