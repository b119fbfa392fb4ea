"""Hits of resolvers, by rule and minute: counted sightings, without a client's address."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.hit import HitBatch, HitCount
from zvon.model.rpz_match import candidates
from zvon.store.block_row import Db
from zvon.store.outpost import Outpost
from zvon.store.transaction import Tx

KEPT = timedelta(days=400)
OLDEST = timedelta(days=30)
SKEW = timedelta(minutes=5)


class Minute(Struct, frozen=True, kw_only=True):
    """What one rule did at one subscriber in one minute."""

    minute: datetime
    subscriber: str
    zone: str
    owner: str
    action: str
    hits: int
    clients: int | None


class Total(Struct, frozen=True, kw_only=True):
    """What one block did since a moment, over all subscribers."""

    block: UUID
    number: str
    name: str
    hits: int
    subscribers: int
    last: datetime


async def take(tx: Tx, outpost: Outpost, batch: HitBatch, now: datetime) -> int:
    """Add a batch of a collector's spool; return the newest number taken.

    A batch that came before is not counted again. Numbers may be left out: a collector whose spool
    is full lets its oldest batches go, and says how many hits that were.
    """
    spool = UUID(batch.spool)
    await tx.execute(
        "insert into outpost_spool (outpost_id, spool, n) values (%s, %s, 0) on conflict do nothing",
        (outpost.id, spool),
    )
    row = await (
        await tx.execute(
            "select n from outpost_spool where outpost_id = %s and spool = %s for update",
            (outpost.id, spool),
        )
    ).fetchone()
    assert row is not None
    last = int(row[0])
    if batch.n <= last:
        return last
    await add(tx, outpost, batch.rows, now)
    await tx.execute(
        "update outpost_spool set n = %s, lost = lost + %s where outpost_id = %s and spool = %s",
        (batch.n, batch.lost, outpost.id, spool),
    )
    return batch.n


async def add(tx: Tx, outpost: Outpost, rows: Sequence[HitCount], now: datetime) -> int:
    """Count hits of rules that this subscriber has, or had; return how many rows that were.

    What is of no rule, of another's zone, or of an impossible time is left out: a collector may
    read more of a log than is ours.
    """
    zones = {name: name for name in outpost.zones}
    for kind in ("allow", "hot", "cold", "ip"):  # a log that was told only the short name
        zones.setdefault(kind, next(z for z in outpost.zones if z.startswith(kind)))
    good = [row for row in rows
            if row.zone in zones and now - OLDEST <= row.minute <= now + SKEW]  # fmt: skip
    known = await _rules(tx.db, {(zones[row.zone], row.owner.lower().rstrip(".")) for row in good})
    counted = 0
    for row in sorted(good, key=lambda r: (r.zone, r.owner, r.minute, r.action)):
        zone = zones[row.zone]
        asked = row.owner.lower().rstrip(".")
        owner = next((o for o in _owners(asked) if (zone, o) in known), None)
        if owner is None:
            continue
        await tx.execute(
            """
            insert into hit_minute (subscriber_id, zone, owner, minute, action, hits, clients,
                                    block_id)
            values (%s, %s, %s, date_trunc('minute', %s::timestamptz), %s, %s, %s, %s)
            on conflict (subscriber_id, zone, owner, minute, action) do update set
              hits = hit_minute.hits + excluded.hits,
              clients = greatest(hit_minute.clients, excluded.clients)
            """,
            (outpost.subscriber_id, zone, owner, row.minute, row.action, row.hits, row.clients,
             known[zone, owner]),
        )  # fmt: skip
        counted += 1
    return counted


def _owners(asked: str) -> list[str]:
    """The rules that may have spoken: the owner itself, else the wildcards above it."""
    if asked.startswith("*.") or ".rpz-" in asked:
        return [asked]
    return list(candidates(asked))


async def _rules(db: Db, asked: set[tuple[str, str]]) -> dict[tuple[str, str], int | None]:
    """Zone and owner of the rules that may have spoken, with their blocks; past ones too."""
    wanted = [(zone, owner) for zone, name in asked for owner in _owners(name)]
    rows = await (
        await db.execute(
            """
            select z.name, x.owner, coalesce(r.block_id, c.block_id)
            from unnest(%s::text[], %s::text[]) x(zone, owner)
            join zone z on z.name = x.zone
            left join zone_rule r on r.zone_id = z.id and r.owner = x.owner
            left join lateral (
              select block_id, true as there from zone_change
              where zone_id = z.id and owner = x.owner and op = 'add' order by at desc limit 1) c
              on r.owner is null
            where r.owner is not null or c.there
            """,
            ([zone for zone, _ in wanted], [owner for _, owner in wanted]),
        )
    ).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


async def of_block(db: Db, viewer: Viewer, block: UUID, since: datetime) -> list[Minute]:
    """What the rules of one block did since a moment, newest first."""
    viewer.require(Permission.HIT_READ)
    async with db.cursor(row_factory=class_row(Minute)) as cursor:
        await cursor.execute(
            """
            select h.minute, s.name as subscriber, h.zone, h.owner, h.action, h.hits, h.clients
            from hit_minute h join subscriber s on s.id = h.subscriber_id
            join block b on b.id = h.block_id
            where b.uuid = %s and h.minute >= %s
            order by h.minute desc, s.name, h.zone, h.owner limit 1500
            """,
            (block, since),
        )
        return await cursor.fetchall()


async def count(db: Db, block: UUID, since: datetime) -> int:
    """How many hits one block had since a moment."""
    row = await (
        await db.execute(
            "select coalesce(sum(h.hits), 0)::bigint from hit_minute h"
            " join block b on b.id = h.block_id where b.uuid = %s and h.minute >= %s",
            (block, since),
        )
    ).fetchone()
    return int(row[0]) if row is not None else 0


async def totals(db: Db, viewer: Viewer, since: datetime, limit: int = 100) -> list[Total]:
    """The blocks with the most hits since a moment."""
    viewer.require(Permission.HIT_READ)
    async with db.cursor(row_factory=class_row(Total)) as cursor:
        await cursor.execute(
            """
            select b.uuid as block, b.number, b.name, sum(h.hits)::bigint as hits,
                   count(distinct h.subscriber_id)::int as subscribers, max(h.minute) as last
            from hit_minute h join block b on b.id = h.block_id
            where h.minute >= %s group by b.id order by sum(h.hits) desc, b.id limit %s
            """,
            (since, limit),
        )
        return await cursor.fetchall()


async def forget(tx: Tx, now: datetime) -> None:
    """Drop what is older than `KEPT`."""
    await tx.execute("delete from hit_minute where minute < %s", (now - KEPT,))
