"""The zone records of blocks: into the hot zone, and out of both zones, each in one serial."""

from collections.abc import Sequence
from datetime import datetime

from zvon.formats.rpz import check_owner
from zvon.model.lifecycle import BlockState
from zvon.model.zone import zone_name
from zvon.store.block_row import BlockRow, Db, read
from zvon.store.block_step import move
from zvon.store.transaction import Tx, ZoneOp
from zvon.store.zone import NODATA, NXDOMAIN, PASSTHRU

_RDATA = {"nxdomain": NXDOMAIN, "nodata": NODATA}


def owners(row: BlockRow) -> list[str]:
    """The owner names of a block: the name, and the names below it when the scope says so."""
    return [row.name, f"*.{row.name}"] if row.scope.covers_below else [row.name]


async def _zone_ids(db: Db, feed: int) -> tuple[int, int]:
    """The hot and the cold zone of a feed; locked, so that publishing takes turns."""
    rows = await (
        await db.execute(
            "select kind, id from zone where feed_id = %s order by id for update", (feed,)
        )
    ).fetchall()
    ids = {row[0]: int(row[1]) for row in rows}
    return ids["hot"], ids["cold"]


async def _held(db: Db, zone: int, names: Sequence[str]) -> dict[str, str]:
    rows = await (
        await db.execute(
            "select owner, rdata from zone_rule where zone_id = %s and owner = any(%s)",
            (zone, list(names)),
        )
    ).fetchall()
    return {row[0]: row[1] for row in rows}


def _put(tx: Tx, zone: int, owner: str, rdata: str, was: str | None, block: int | None) -> None:
    """Set one record, replacing what stands there."""
    if was is not None:
        tx.zone_ops.append(ZoneOp(zone_id=zone, op="del", owner=owner, rdata=was, block_id=block))
    tx.zone_ops.append(ZoneOp(zone_id=zone, op="add", owner=owner, rdata=rdata, block_id=block))


async def publish(
    tx: Tx, rows: Sequence[BlockRow], *, actor: str, reason: str, now: datetime
) -> None:
    """Put approved blocks into the hot zone of their feed; one serial for each feed.

    Writes the change, zone and audit rows at once, because the serial belongs to the block.
    """
    zones = {}
    for feed in sorted({row.feed_id for row in rows}):
        hot, _ = zones[feed] = await _zone_ids(tx.db, feed)
        batch = [row for row in rows if row.feed_id == feed]
        there = await _held(tx.db, hot, [owner for row in batch for owner in owners(row)])
        for row in batch:
            for owner in owners(row):
                check_owner(owner, zone_name("cold", row.feed))
                _put(tx, hot, owner, _RDATA[row.action], there.get(owner), row.id)
    await move(tx, rows, BlockState.PUBLISHED, actor=actor, action="block:publish", reason=reason,
               now=now, also=", published_at = %s", params=[now])  # fmt: skip
    await tx.seal(now)
    for feed, (hot, _) in zones.items():
        await tx.execute(
            "update block set published_serial = %s where feed_id = %s and id = any(%s)",
            (tx.serials[hot], feed, [row.id for row in rows]),
        )


async def unpublish(
    tx: Tx, rows: Sequence[BlockRow], *, actor: str, reason: str, now: datetime
) -> None:
    """End live blocks everywhere; one serial for each zone that changes.

    What the cold zone holds, or held until lately, is let pass in the hot zone at once, because
    subscribers see the hot zone first; `dns` drops that record when all of them have the new cold
    zone. A name that another live block covers is only deleted.
    """
    for feed in sorted({row.feed_id for row in rows}):
        hot, cold = await _zone_ids(tx.db, feed)
        batch = [row for row in rows if row.feed_id == feed]
        names = [owner for row in batch for owner in owners(row)]
        in_hot, in_cold = await _held(tx.db, hot, names), await _held(tx.db, cold, names)
        lately = await _was_cold(tx.db, cold, names)
        others = await _live(tx.db, feed, batch)
        for row in batch:
            covered = any(row.name.endswith("." + other.name) for other in others
                          if other.scope.covers_below)  # fmt: skip
            for owner in owners(row):
                if owner in in_cold:
                    tx.zone_ops.append(ZoneOp(zone_id=cold, op="del", owner=owner,
                                              rdata=in_cold[owner], block_id=row.id))  # fmt: skip
                if (owner in in_cold or owner in lately) and not covered:
                    _put(tx, hot, owner, PASSTHRU, in_hot.get(owner), row.id)
                elif owner in in_hot:
                    tx.zone_ops.append(ZoneOp(zone_id=hot, op="del", owner=owner,
                                              rdata=in_hot[owner], block_id=row.id))  # fmt: skip
        await _keep_below(tx, hot, batch, others)
    rows = await _to_lifted(tx, rows, actor=actor, reason=reason, now=now)
    await tx.seal(now)


async def _to_lifted(
    tx: Tx, rows: Sequence[BlockRow], *, actor: str, reason: str, now: datetime
) -> list[BlockRow]:
    return await move(tx, rows, BlockState.LIFTED, actor=actor, action="block:lift", reason=reason,
                      now=now, also=", lifted_at = %s, lift_reason = %s", params=[now, reason])  # fmt: skip


async def _was_cold(db: Db, cold: int, names: Sequence[str]) -> set[str]:
    rows = await (
        await db.execute(
            "select distinct owner from zone_change where zone_id = %s and owner = any(%s)",
            (cold, list(names)),
        )
    ).fetchall()
    return {row[0] for row in rows}


async def _live(db: Db, feed: int, ending: Sequence[BlockRow]) -> list[BlockRow]:
    """Other live blocks of the feed above or below the names that end."""
    return await read(
        db,
        "b.feed_id = %(feed)s and b.published_at is not null and b.lifted_at is null"
        " and not b.id = any(%(ids)s)"
        " and exists (select from unnest(%(names)s::text[]) x(n)"
        "             where b.name like '%%.' || n or n like '%%.' || b.name)",
        {"feed": feed, "ids": [row.id for row in ending], "names": [row.name for row in ending]},
    )


async def _keep_below(
    tx: Tx, hot: int, ending: Sequence[BlockRow], others: Sequence[BlockRow]
) -> None:
    """Bring blocks below a name that is let pass into the hot zone, where they are exact."""
    passing = {op.owner for op in tx.zone_ops if op.zone_id == hot and op.rdata == PASSTHRU
               and op.op == "add"}  # fmt: skip
    below = [other for other in others for row in ending
             if f"*.{row.name}" in passing and other.name.endswith("." + row.name)]  # fmt: skip
    names = [owner for other in below for owner in owners(other)]
    there = await _held(tx.db, hot, names)
    for other in below:
        for owner in owners(other):
            if there.get(owner) != _RDATA[other.action]:
                _put(tx, hot, owner, _RDATA[other.action], there.get(owner), other.id)
