"""The zone records of blocks: into every feed that takes them, and out again; a serial a zone.

A rule for a name goes into the hot zone and is moved to the cold one later; a rule for addresses
or name servers goes straight into the `ip` zone, where resolvers look last.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from zvon.formats import rpz
from zvon.model.lifecycle import BlockState
from zvon.model.neverblock import chain
from zvon.model.zone import zone_name
from zvon.store import block_feed, landing
from zvon.store.block_feed import Decision, Neighbour, Passing, Place
from zvon.store.block_gate import Frozen
from zvon.store.block_row import BlockRow
from zvon.store.block_step import move
from zvon.store.transaction import Tx
from zvon.store.zone import NODATA, NXDOMAIN, PASSTHRU
from zvon.store.zone_draft import Draft, FeedZones, draft, locked


class Ruled(Protocol):
    """What the owner names of a block are made from."""

    @property
    def trigger(self) -> str:
        """`qname`, `ip`, `nsdname` or `nsip`."""

    @property
    def name(self) -> str:
        """A canonical name; for addresses a canonical prefix."""

    @property
    def scope(self) -> str:
        """A `model.scope.Scope`."""


def owners(row: Ruled) -> list[str]:
    """The owner names of a block: the name, and the names below it when the scope says so.

    A block of addresses or of a name server has one owner name of its own form.
    """
    if row.trigger != "qname":
        return [rpz.trigger_owner(row.trigger, row.name)]
    return [row.name] if row.scope == "host" else [row.name, f"*.{row.name}"]


def target(action: str, feed: Place, landing_target: str | None) -> str:
    """What a rule of this action points to in a feed. Without a landing page it is NXDOMAIN."""
    chosen = action if feed.action == "given" else feed.action
    if chosen == "landing":
        return landing_target or NXDOMAIN
    return NODATA if chosen == "nodata" else NXDOMAIN


def entry(zones: FeedZones, one: Decision) -> int:
    """The zone of a feed into which a new rule goes."""
    return zones.hot if one.trigger == "qname" else zones.ip


async def publish(
    tx: Tx, rows: Sequence[BlockRow], *, actor: str, reason: str, now: datetime
) -> None:
    """Put approved blocks into their home feed and every feed whose view takes them.

    Writes the change, zone and audit rows at once, because the serial belongs to the block. Raises
    `Frozen` when a home feed is stopped; a view feed that is stopped is filled when it goes on.
    """
    ids = [row.id for row in rows]
    await block_feed.turn(tx)
    found = await block_feed.decisions(tx.db, ids)
    feeds = await block_feed.taken_by(tx.db, ids)
    places = await block_feed.places(tx.db, feeds)
    for feed in {row.feed_id for row in rows}:
        if places[feed].frozen:
            raise Frozen(places[feed].name, places[feed].frozen_reason or "")
    feeds = {feed: blocks for feed, blocks in feeds.items() if not places[feed].frozen}
    hiding = _hiding(await block_feed.passing(tx.db), found, feeds)
    zones = await locked(tx.db, {*feeds, *(one.feed_id for one in hiding)})
    to = await landing.target(tx.db)
    names = [owner for one in found.values() for owner in owners(one)]
    work = await draft(tx.db, zones.values(), [*names, *(one.owner for one in hiding)])
    for one in hiding:
        work.drop(zones[one.feed_id].hot, one.owner)
    for feed, blocks in feeds.items():
        put(work, zones[feed], places[feed], [found[n] for n in blocks], to)
    await work.write(tx)
    await move(tx, rows, BlockState.PUBLISHED, actor=actor, action="block:publish", reason=reason,
               now=now, also=", published_at = %s", params=[now])  # fmt: skip
    await tx.seal(now)
    for feed, blocks in feeds.items():
        for zone in sorted({entry(zones[feed], found[n]) for n in blocks}):
            stood = [n for n in blocks if entry(zones[feed], found[n]) == zone]
            serial = tx.serials.get(zone, zones[feed].serials[zone])
            await block_feed.stand(tx, feed, stood, serial, now)
            await tx.execute(
                "update block set published_serial = %s where feed_id = %s and id = any(%s)",
                (serial, feed, stood),
            )


def _hiding(
    passing: Sequence[Passing], found: Mapping[int, Decision], feeds: Mapping[int, Sequence[int]]
) -> list[Passing]:
    """The records of any feed that would open what is published now, also in a later feed.

    Where the blocks stand in the hot zone of the same feed they are exact, and win over a wildcard
    above them.
    """
    if not passing:
        return []
    blocks = [one for one in found.values() if one.trigger == "qname"]
    names, below = {one.name for one in blocks}, {one.name for one in blocks if one.below}
    under: dict[str, set[int]] = {}
    for one in blocks:
        for parent in chain(one.name)[1:]:
            under.setdefault(parent, set()).add(one.id)
    return [
        one for one in passing
        if one.base in (below if one.wild else names)
        or not below.isdisjoint(chain(one.base)[1:])
        or (one.wild and under.get(one.base, set()) - set(feeds.get(one.feed_id, ())))
    ]  # fmt: skip


def put(
    work: Draft, zones: FeedZones, feed: Place, blocks: Sequence[Decision], to: str | None
) -> None:
    """Write the rules of `blocks` into the entry zone of a feed."""
    for one in blocks:
        for owner in owners(one):
            zone = entry(zones, one)
            rpz.check_owner(owner, zone_name("cold", feed.name))
            work.put(zone, owner, target(one.action, feed, to), one.id)


async def unpublish(
    tx: Tx, rows: Sequence[BlockRow], *, actor: str, reason: str, now: datetime
) -> None:
    """End live blocks everywhere; one serial for each zone that changes.

    What a cold zone holds, or held until lately, is let pass in the hot zone at once, because
    subscribers see the hot zone first; `dns` drops that record when all of them have the new cold
    zone. Such a record would also open what later feeds block, so a name that any other live
    block covers is only deleted.
    """
    ids = [row.id for row in rows]
    await block_feed.turn(tx)
    found = await block_feed.decisions(tx.db, ids)
    feeds = await block_feed.standing(tx.db, ids)
    zones, places = await locked(tx.db, feeds), await block_feed.places(tx.db, feeds)
    others = await block_feed.neighbours(tx.db, list(found.values()))
    to = await landing.target(tx.db)
    names = [owner for one in (*found.values(), *others) for owner in owners(one)]
    work = await draft(tx.db, zones.values(), names, past=True)
    near = _Near(others)
    for feed, blocks in feeds.items():
        for n in blocks:
            _end(work, zones[feed], places[feed], found[n], near, to)
    await work.write(tx)
    await move(tx, rows, BlockState.LIFTED, actor=actor, action="block:lift", reason=reason,
               now=now, also=", lifted_at = %s, lift_reason = %s", params=[now, reason])  # fmt: skip
    await tx.seal(now)
    await block_feed.leave(tx, ids, now)


def withdraw(
    work: Draft, zones: FeedZones, feed: Place, one: Decision,
    others: Sequence[Neighbour], to: str | None,
) -> None:  # fmt: skip
    """Take a live block out of one feed that shows it no more; elsewhere it stays as it is."""
    for owner in owners(one):
        heir = _heir(owner, feed.id, others)
        for zone in (zones.hot, zones.cold) if one.trigger == "qname" else (zones.ip,):
            if work.has(zone, owner):
                if heir is not None:
                    work.put(zone, owner, target(heir.action, feed, to), heir.id)
                else:
                    work.drop(zone, owner)
    for above in wildcards(one):
        # It let pass what is below because this block stood beside it; other feeds have it still.
        here = work.get(zones.hot, above)
        if here is not None and here.rdata == PASSTHRU:
            work.drop(zones.hot, above)


def wildcards(one: Decision) -> list[str]:
    """The wildcards above the name of a block."""
    return [f"*.{parent}" for parent in chain(one.name)[1:]] if one.trigger == "qname" else []


class _Near:
    """Other live blocks by their names."""

    def __init__(self, others: Sequence[Neighbour]) -> None:
        self.at: dict[str, list[Neighbour]] = {}
        self.under: dict[str, list[Neighbour]] = {}
        for other in others:
            self.at.setdefault(other.name, []).append(other)
            if other.trigger == "qname":
                for parent in chain(other.name)[1:]:
                    self.under.setdefault(parent, []).append(other)

    def covers(self, name: str, owner: str) -> bool:
        """True when another block of any feed blocks what `owner` stands for, or part of it."""
        wild = owner != name
        same = [o for o in self.at.get(name, ()) if o.trigger == "qname" and (o.below or not wild)]
        above = (o for parent in chain(name)[1:] for o in self.at.get(parent, ()))
        return bool(same) or any(o.below and o.trigger == "qname" for o in above)


def _heir(owner: str, feed: int, others: Sequence[Neighbour]) -> Neighbour | None:
    """Another live block that stands in the feed under the same owner name."""
    return next((o for o in others if feed in o.feeds and owner in owners(o)), None)


def _end(
    work: Draft, zones: FeedZones, feed: Place, one: Decision, near: _Near, to: str | None
) -> None:
    same = [o for o in near.at.get(one.name, ()) if o.trigger == one.trigger]
    if one.trigger != "qname":
        withdraw(work, zones, feed, one, same, to)
        return
    below = near.under.get(one.name, [])
    for owner in owners(one):
        heir = _heir(owner, feed.id, same)
        if heir is not None:
            _inherit(work, zones, owner, one, heir, target(heir.action, feed, to))
            continue
        cold = work.has(zones.cold, owner)
        if cold:
            work.drop(zones.cold, owner)
        # The record would also let names below pass that only another feed blocks.
        elsewhere = owner != one.name and any(feed.id not in o.feeds for o in below)
        if (cold or work.was(zones.cold, owner)) and not (
            elsewhere or near.covers(one.name, owner)
        ):
            work.put(zones.hot, owner, PASSTHRU, one.id)
            if owner != one.name:
                # Blocks below it come into the hot zone, where they are exact and win.
                for other in below:
                    put(work, zones, feed, [other], to)
        else:
            work.drop(zones.hot, owner)


def _inherit(
    work: Draft, zones: FeedZones, owner: str, one: Decision, heir: Neighbour, rdata: str
) -> None:
    """Leave the rule to another block; where its action differs the hot zone has it first."""
    in_hot, in_cold = work.get(zones.hot, owner), work.get(zones.cold, owner)
    if in_cold is not None and in_cold.block_id == one.id:
        work.give(zones.cold, owner, heir.id)
        if in_cold.rdata != rdata:
            work.put(zones.hot, owner, rdata, heir.id)
    if in_hot is not None and in_hot.block_id == one.id:
        work.put(zones.hot, owner, rdata, heir.id)
