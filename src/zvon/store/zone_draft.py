"""Changes of several zones, gathered: each owner name ends in one state, whoever asked for it.

Two blocks may want the same name in a feed that shows both; the journal must not hold it twice in
one serial.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from zvon.store.party import Db
from zvon.store.transaction import Tx, ZoneOp


class FeedZones(Struct, frozen=True):
    """The zones of one feed and their serials, locked until the transaction ends."""

    hot: int
    cold: int
    ip: int
    serials: dict[int, int]


class Here(Struct, frozen=True):
    """What stands at an owner name."""

    rdata: str
    block_id: int | None


async def locked(db: Db, feeds: Iterable[int]) -> dict[int, FeedZones]:
    """The zones of these feeds, locked in one order for everybody, so that nobody deadlocks."""
    rows = await (
        await db.execute(
            "select feed_id, kind, id, serial from zone where feed_id = any(%s)"
            " order by id for no key update",
            (list(feeds),),
        )
    ).fetchall()
    kinds: dict[int, dict[str, tuple[int, int]]] = {}
    for feed, kind, zone, serial in rows:
        kinds.setdefault(feed, {})[kind] = (zone, serial)
    return {
        feed: FeedZones(ids["hot"][0], ids["cold"][0], ids["ip"][0], dict(ids.values()))
        for feed, ids in kinds.items()
    }


class Draft:
    """What stands at some owner names of some zones, and what shall."""

    def __init__(
        self, there: dict[tuple[int, str], Here], past: frozenset[tuple[int, str]]
    ) -> None:
        self._there, self._past = there, past
        self._new: dict[tuple[int, str], Here | None] = {}
        self._given: dict[tuple[int, str], int] = {}

    def get(self, zone: int, owner: str) -> Here | None:
        """What will stand there."""
        place = (zone, owner)
        return self._new[place] if place in self._new else self._there.get(place)

    def has(self, zone: int, owner: str) -> bool:
        """True when a rule will stand there."""
        return self.get(zone, owner) is not None

    def was(self, zone: int, owner: str) -> bool:
        """True when the journal of the zone knows the name."""
        return (zone, owner) in self._past

    def put(self, zone: int, owner: str, rdata: str, block_id: int | None) -> None:
        """Let a rule stand there, whatever stands there now."""
        self._new[zone, owner] = Here(rdata, block_id)

    def drop(self, zone: int, owner: str) -> None:
        """Let nothing stand there."""
        self._new[zone, owner] = None

    def give(self, zone: int, owner: str, block_id: int) -> None:
        """Leave the rule as it is to another block; resolvers see no change."""
        here = self.get(zone, owner)
        assert here is not None
        self.put(zone, owner, here.rdata, block_id)

    async def write(self, tx: Tx) -> int:
        """Note the zone records of the transaction; returns how many."""
        count = 0
        given: list[tuple[int, str, int]] = []
        for (zone, owner), new in sorted(self._new.items(), key=lambda item: item[0]):
            old = self._there.get((zone, owner))
            if new is not None and old is not None and new.rdata == old.rdata:
                if new.block_id is not None and new.block_id != old.block_id:
                    given.append((zone, owner, new.block_id))
                continue
            if old is not None:
                tx.zone_ops.append(ZoneOp(zone_id=zone, op="del", owner=owner, rdata=old.rdata,
                                          block_id=old.block_id))  # fmt: skip
            if new is not None:
                tx.zone_ops.append(ZoneOp(zone_id=zone, op="add", owner=owner, rdata=new.rdata,
                                          block_id=new.block_id))  # fmt: skip
            count += (old is not None) + (new is not None)
        if given:
            zones, names, blocks = zip(*given, strict=True)
            await tx.execute(
                """
                update zone_rule r set block_id = x.block from
                  unnest(%s::bigint[], %s::text[], %s::bigint[]) x(zone, owner, block)
                where r.zone_id = x.zone and r.owner = x.owner
                """,
                (list(zones), list(names), list(blocks)),
            )
        return count


async def draft(
    db: Db, zones: Iterable[FeedZones], names: Sequence[str], *, past: bool = False
) -> Draft:
    """Begin with what stands at `names` in the zones; `past` also reads who was in a cold zone."""
    ids = [zone for each in zones for zone in (each.hot, each.cold, each.ip)]
    cold = [each.cold for each in zones]
    rows = await (
        await db.execute(
            "select zone_id, owner, rdata, block_id from zone_rule"
            " where zone_id = any(%s) and owner = any(%s)",
            (ids, list(names)),
        )
    ).fetchall()
    known: list[tuple[int, str]] = []
    if past:
        known = await (
            await db.execute(
                "select distinct zone_id, owner from zone_change"
                " where zone_id = any(%s) and owner = any(%s)",
                (cold, list(names)),
            )
        ).fetchall()
    return Draft({(row[0], row[1]): Here(row[2], row[3]) for row in rows}, frozenset(known))
