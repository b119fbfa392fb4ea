"""In which feeds blocks stand: their home feed, and every view feed whose view takes them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import LiteralString

from msgspec import Struct
from psycopg.rows import class_row

from zvon.model.neverblock import chain
from zvon.store.party import Db
from zvon.store.transaction import Tx

# Publishing takes turns: what one transaction lets pass or blocks, the next one has to see.
_TURN = 5_301


class Decision(Struct, frozen=True, kw_only=True):
    """What the records of a block are made from."""

    id: int
    trigger: str
    name: str
    scope: str
    action: str
    feed_id: int

    @property
    def below(self) -> bool:
        """True when the names below are covered too."""
        return self.scope != "host"


class Place(Struct, frozen=True, kw_only=True):
    """A feed as publishing sees it."""

    id: int
    name: str
    action: str
    frozen: bool
    frozen_reason: str | None


DECISION: LiteralString = "b.id, b.trigger, b.name, b.scope, b.action, b.feed_id"
TAKEN: LiteralString = """
(f.id = b.feed_id or (not f.own and feed_takes(
   f.view, h.country, b.category, b.source, b.confidence, b.trigger, h.name)))
"""
"""A block `b` with the home feed `h` stands in the feed `f`."""
LIVE: LiteralString = "b.published_at is not null and b.lifted_at is null"


async def turn(tx: Tx) -> None:
    """Wait until nobody else changes what stands in feeds; the turn lasts to the end.

    Taken after blocks are locked, and before zones are.
    """
    await tx.execute("select pg_advisory_xact_lock(%s)", (_TURN,))


async def decisions(db: Db, ids: Sequence[int]) -> dict[int, Decision]:
    """The blocks with these ids."""
    async with db.cursor(row_factory=class_row(Decision)) as cursor:
        await cursor.execute(
            f"select {DECISION} from block b where b.id = any(%s) order by b.id",  # noqa: S608
            (list(ids),),
        )
        return {one.id: one for one in await cursor.fetchall()}


async def taken_by(db: Db, ids: Sequence[int]) -> dict[int, list[int]]:
    """For each feed the blocks among `ids` that it takes; a removed feed takes nothing."""
    rows = await (
        await db.execute(
            f"""
            select f.id, b.id from block b
            join feed h on h.id = b.feed_id
            join feed f on {TAKEN}
            where b.id = any(%s) and f.removed_at is null order by f.id, b.id
            """,  # noqa: S608
            (list(ids),),
        )
    ).fetchall()
    return _grouped(rows)


async def standing(db: Db, ids: Sequence[int]) -> dict[int, list[int]]:
    """For each feed the blocks among `ids` that stand in it."""
    rows = await (
        await db.execute(
            "select feed_id, block_id from block_feed where block_id = any(%s)"
            " and lifted_at is null order by feed_id, block_id",
            (list(ids),),
        )
    ).fetchall()
    return _grouped(rows)


def _grouped(rows: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = {}
    for feed, block in rows:
        grouped.setdefault(feed, []).append(block)
    return grouped


async def places(db: Db, feeds: Iterable[int]) -> dict[int, Place]:
    """The feeds with these ids."""
    async with db.cursor(row_factory=class_row(Place)) as cursor:
        await cursor.execute(
            "select id, name, action, frozen_at is not null as frozen, frozen_reason"
            " from feed where id = any(%s) order by id",
            (list(feeds),),
        )
        return {one.id: one for one in await cursor.fetchall()}


async def stand(tx: Tx, feed: int, blocks: Sequence[int], serial: int, now: datetime) -> None:
    """Note that `blocks` stand in `feed` from `serial` on."""
    await tx.execute(
        """
        insert into block_feed (block_id, feed_id, serial, published_at)
        select id, %s, %s, %s from unnest(%s::bigint[]) x(id) order by id
        on conflict (block_id, feed_id) do update
          set serial = excluded.serial, published_at = excluded.published_at, lifted_at = null
        """,
        (feed, serial, now, list(blocks)),
    )


async def leave(tx: Tx, blocks: Sequence[int], now: datetime, *, feed: int | None = None) -> None:
    """Note that `blocks` stand in `feed` no more; without `feed`, in none."""
    await tx.execute(
        "update block_feed set lifted_at = %(now)s where block_id = any(%(ids)s)"
        " and lifted_at is null and (%(feed)s::bigint is null or feed_id = %(feed)s)",
        {"now": now, "ids": list(blocks), "feed": feed},
    )


class Neighbour(Decision, frozen=True, kw_only=True):
    """A live block of the same name, or above or below; and the feeds in which it stands."""

    feeds: list[int]


async def neighbours(db: Db, ending: Sequence[Decision]) -> list[Neighbour]:
    """Live blocks of any feed at, above and below the names of `ending`, which are left out."""
    names = {one.name for one in ending}
    above = {parent for one in ending if one.trigger == "qname" for parent in chain(one.name)[1:]}
    below = sorted({f".{one.name}"[::-1] for one in ending if one.trigger == "qname"})
    async with db.cursor(row_factory=class_row(Neighbour)) as cursor:
        await cursor.execute(
            f"""
            select {DECISION}, array(select feed_id from block_feed where block_id = b.id
                                     and lifted_at is null order by feed_id) as feeds
            from block b
            where b.id in (
              select id from block b where {LIVE} and b.name = any(%(at)s)
              union
              select b.id from unnest(%(low)s::text[], %(high)s::text[]) x(low, high)
              join block b on reverse(b.name) collate "C" >= x.low
                          and reverse(b.name) collate "C" < x.high and {LIVE})
              and not b.id = any(%(ids)s)
            order by b.id
            """,  # noqa: S608
            {
                "at": sorted(names | above),
                "low": below,
                # The dot is the last character; the next one ends the range.
                "high": [text[:-1] + "/" for text in below],
                "ids": [one.id for one in ending],
            },
        )
        return await cursor.fetchall()


class Passing(Struct, frozen=True):
    """A record of a hot zone that lets a lifted name pass until the cold zones have forgotten it."""

    feed_id: int
    owner: str

    @property
    def wild(self) -> bool:
        """True when it stands for the names below."""
        return self.owner.startswith("*.")

    @property
    def base(self) -> str:
        """The name without the wildcard."""
        return self.owner.removeprefix("*.")


async def passing(db: Db) -> list[Passing]:
    """All such records of all feeds; there are few, because compaction drops them."""
    rows = await (
        await db.execute(
            "select z.feed_id, r.owner from zone_rule r join zone z on z.id = r.zone_id"
            " where r.rdata = 'rpz-passthru.' and r.block_id is not null and z.kind = 'hot'"
            " order by 1, 2"
        )
    ).fetchall()
    return [Passing(*row) for row in rows]
