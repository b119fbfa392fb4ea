"""Moving rules from the hot zone to the cold one, so that no subscriber is ever without them.

A rule is added to the cold zone first. It leaves the hot zone only when every live subscriber has
shown that it holds the cold zone with the rule. A name that is let pass after a lift leaves the
hot zone when every live subscriber has shown that it holds the cold zone without the rule.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from zvon.model.neverblock import chain
from zvon.store.transaction import Tx, ZoneOp
from zvon.store.zone import PASSTHRU, Db, Held, Rule, cold_rules, holdings, hot_rules

SILENT = timedelta(seconds=604_800)
"""The SOA's expiry: a subscriber silent for longer has dropped the zones by itself."""


class Compacted(Struct, frozen=True):
    """How many records moved, and how many wait for a subscriber."""

    to_cold: int
    from_hot: int
    waiting: int


async def feeds(db: Db) -> list[int]:
    """All feeds whose zones may change: not those that are stopped or removed."""
    rows = await (
        await db.execute(
            "select id from feed where removed_at is null and frozen_at is null order by id"
        )
    ).fetchall()
    return [row[0] for row in rows]


async def compact(
    tx: Tx, feed: int, now: datetime, *, settle: timedelta, touch: bool = False
) -> Compacted:
    """One round for one feed; safe to stop and to repeat at any point.

    `settle` is how long a resolver may take from holding a zone to obeying it. A subscriber shows
    its serial when it asks for a change; `touch` renews a record of the cold zone when somebody was
    sent what is waited for, so that it asks. For one that is away nobody is made to transfer.
    """
    zones: dict[str, int] = dict(
        await (
            await tx.execute(
                "select kind, id from zone where feed_id = %s order by id for no key update",
                (feed,),
            )
        ).fetchall()
    )
    hot, cold = zones["hot"], zones["cold"]
    rules = await hot_rules(tx.db, feed)
    there = await cold_rules(tx.db, feed, [rule.owner for rule in rules])
    gone = await _removed(tx.db, cold, [rule.owner for rule in rules])
    held = (await _live(tx.db, feed, cold, now)).values()

    def known(serial: int) -> bool:
        return all(one is not None and one.holds(serial, now, settle) for one in held)

    def silent(serial: int) -> bool:
        return any(
            one is not None and one.was_sent(serial) and not one.shows(serial) for one in held
        )

    moved = left = waiting = 0
    passing: set[str] = set()
    ask = False
    # What is let pass comes first: it decides what has to stay beside it.
    for rule in sorted(rules, key=lambda rule: rule.rdata != PASSTHRU):
        in_cold = there.get(rule.owner)
        if rule.rdata == PASSTHRU:
            since = gone.get(rule.owner)
            stays = in_cold is not None or (since is not None and not known(since))
            ask = ask or (since is not None and silent(since))
            passing |= {rule.owner} if stays else set()
        elif in_cold is None or in_cold.rdata != rule.rdata:
            moved += 1
            _put(tx, cold, rule, in_cold)
            continue
        else:
            # Under a wildcard that lets pass, only the hot zone still blocks this name.
            above = {f"*.{parent}" for parent in chain(rule.owner.removeprefix("*."))[1:]}
            stays = not known(in_cold.serial) or not passing.isdisjoint(above)
            ask = ask or silent(in_cold.serial)
        if stays:
            waiting += 1
            continue
        left += 1
        tx.zone_ops.append(ZoneOp(zone_id=hot, op="del", owner=rule.owner, rdata=rule.rdata,
                                  block_id=rule.block_id))  # fmt: skip
    if touch and ask and not moved:
        await _touch(tx, cold, now)
    return Compacted(moved, left, waiting)


def _put(tx: Tx, zone: int, rule: Rule, was: Rule | None) -> None:
    if was is not None:
        tx.zone_ops.append(ZoneOp(zone_id=zone, op="del", owner=rule.owner, rdata=was.rdata,
                                  block_id=was.block_id))  # fmt: skip
    tx.zone_ops.append(ZoneOp(zone_id=zone, op="add", owner=rule.owner, rdata=rule.rdata,
                              block_id=rule.block_id))  # fmt: skip


async def _live(db: Db, feed: int, cold: int, now: datetime) -> dict[int, Held | None]:
    """What each subscriber that takes the feed at all holds of its cold zone."""
    live: dict[int, Held | None] = {}
    for one in await holdings(db, feed):
        if now - one.at > SILENT:
            continue
        if one.zone_id == cold:
            live[one.subscriber_id] = one
        else:
            live.setdefault(one.subscriber_id, None)
    return live


async def _removed(db: Db, cold: int, names: Sequence[str]) -> dict[str, int]:
    """The serial at which each name last left the cold zone."""
    rows = await (
        await db.execute(
            """
            select distinct on (owner) owner, serial from zone_change
            where zone_id = %s and op = 'del' and owner = any(%s)
            order by owner, change_seq desc
            """,
            (cold, list(names)),
        )
    ).fetchall()
    return {row[0]: int(row[1]) for row in rows}


async def _touch(tx: Tx, cold: int, now: datetime) -> None:
    """Take one record out and put it back in the same serial; it stays as old as it was."""
    row = await (
        await tx.execute(
            "select owner, rdata, block_id, serial from zone_rule where zone_id = %s limit 1",
            (cold,),
        )
    ).fetchone()
    if row is None:
        return
    rule = Rule(*row)
    _put(tx, cold, rule, rule)
    await tx.seal(now)
    # What is waited for is the serial that brought the rule, not this one.
    await tx.execute(
        "update zone_rule set serial = %s where zone_id = %s and owner = %s",
        (rule.serial, cold, rule.owner),
    )
