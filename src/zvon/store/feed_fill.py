"""Carrying out a new or changed view: live decisions come and go in batches, in order of their id.

How far it came stands in `feed.filled_to`, so it goes on after a crash. What is decided while it
runs follows the new view at once (`block_publish`); a decision is therefore never missed and never
left behind.
"""

from datetime import datetime

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store import block_feed, landing
from zvon.store.block_feed import DECISION, LIVE, TAKEN, Decision
from zvon.store.block_publish import owners, target, wildcards, withdraw
from zvon.store.transaction import AuditEntry, Tx
from zvon.store.zone import PASSTHRU
from zvon.store.zone_draft import draft, locked

BATCH = 5_000


class Filled(Struct, frozen=True):
    """What one batch did for a feed; `done` when it was the last one."""

    feed: str
    came: int
    went: int
    done: bool


class _Candidate(Decision, frozen=True, kw_only=True):
    taken: bool
    stands: bool


async def step(tx: Tx, now: datetime, *, limit: int = BATCH) -> Filled | None:
    """Compare one batch of live decisions with a view; one serial for each zone that changes.

    Returns `None` when no feed waits. A feed that is stopped waits until it goes on.
    """
    row = await (
        await tx.execute("select id from feed where filled_to is not null and removed_at is null"
                         " and frozen_at is null order by id limit 1")
    ).fetchone()  # fmt: skip
    if row is None:
        return None
    await block_feed.turn(tx)
    feed = (await block_feed.places(tx.db, row))[row[0]]
    found = await _candidates(tx, feed.id, limit)
    if not found:
        await tx.execute("update feed set filled_to = null where id = %s", (feed.id,))
        tx.audit(AuditEntry(actor="system", action="feed:filled", object=f"feed:{feed.name}"))
        return Filled(feed.name, 0, 0, done=True)
    zones = (await locked(tx.db, [feed.id]))[feed.id]
    come = [one for one in found if one.taken and not one.stands]
    go = [one for one in found if one.stands and not one.taken]
    others = await block_feed.neighbours(tx.db, go) if go else []
    names = [owner for one in (*found, *others) for owner in owners(one)]
    names += [owner for one in go for owner in wildcards(one)]
    work = await draft(tx.db, [zones], names)
    to = await landing.target(tx.db)
    for one in found:
        if not one.taken:
            continue
        rdata = target(one.action, feed, to)
        for owner in owners(one):
            if one.trigger != "qname":
                work.put(zones.ip, owner, rdata, one.id)
                continue
            hot, cold = work.get(zones.hot, owner), work.get(zones.cold, owner)
            # A name that is let pass in the hot zone would hide the rule.
            if hot is not None and (hot.rdata == PASSTHRU or hot.block_id == one.id):
                work.put(zones.hot, owner, rdata, one.id)
            if not one.stands or (cold is not None and cold.block_id == one.id):
                work.put(zones.cold, owner, rdata, one.id)
    for one in go:
        withdraw(work, zones, feed, one, others, to)
    await work.write(tx)
    await tx.seal(now)
    await block_feed.leave(tx, [one.id for one in go], now, feed=feed.id)
    for zone, is_name in ((zones.cold, True), (zones.ip, False)):
        stood = [one.id for one in come if (one.trigger == "qname") is is_name]
        serial = tx.serials.get(zone, zones.serials[zone])
        await block_feed.stand(tx, feed.id, stood, serial, now)
    await tx.execute("update feed set filled_to = %s where id = %s", (found[-1].id, feed.id))
    return Filled(feed.name, len(come), len(go), done=False)


async def _candidates(tx: Tx, feed: int, limit: int) -> list[_Candidate]:
    """The next live decisions that the view takes or that stand in the feed."""
    async with tx.db.cursor(row_factory=class_row(_Candidate)) as cursor:
        await cursor.execute(
            f"""
            select * from (
              select {DECISION}, {TAKEN} as taken,
                     exists (select from block_feed x where x.block_id = b.id
                             and x.feed_id = f.id and x.lifted_at is null) as stands
              from feed f join block b on b.id > f.filled_to and {LIVE}
              join feed h on h.id = b.feed_id
              where f.id = %s) c
            where taken or stands order by id limit %s
            """,  # noqa: S608
            (feed, limit),
        )
        return await cursor.fetchall()
