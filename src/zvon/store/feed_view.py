"""Feeds: home feeds, for which blocks are proposed, and views over their decisions.

A change that would move many rules of a feed in use waits for a second person.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

import msgspec
from msgspec import Struct
from psycopg.rows import kwargs_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.view import BadView, View
from zvon.store import block_feed, block_gate
from zvon.store.block_feed import LIVE
from zvon.store.block_row import BlockRow
from zvon.store.party import Db
from zvon.store.transaction import ZONE_CHANNEL, AuditEntry, Tx
from zvon.store.zone import check_label, make_zones

ACTIONS = ("given", "nxdomain", "nodata", "landing")


class FeedTaken(ValueError):
    """The name is, or was, that of another feed; serials of its zones must not start anew."""


class FeedInUse(ValueError):
    """Subscribers take the feed."""


class NoFeed(LookupError):
    """There is no such feed."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What a feed takes, and what it does with it; `given` leaves each block its own action."""

    view: View
    action: str = "given"


class Feed(Struct, frozen=True, kw_only=True):
    """A feed as it stands.

    `blocks` stand in it; `serials` and `rules` are by the kind of zone. `filling`: a change of the
    view is still being carried out. `held` is a change that waits for a second person.
    """

    id: int
    name: str
    country: str
    own: bool
    view: View
    action: str
    frozen_at: datetime | None
    frozen_reason: str | None
    filling: bool
    held: Wanted | None
    held_by: str | None
    blocks: int
    serials: dict[str, int]
    rules: dict[str, int]
    subscribers: tuple[str, ...]


_SELECT: LiteralString = """
select f.id, f.name, f.country, f.own, f.view, f.action, f.frozen_at, f.frozen_reason,
       f.filled_to is not null as filling, f.held, p.login as held_by,
       (select count(*) from block_feed b where b.feed_id = f.id and b.lifted_at is null) as blocks,
       (select jsonb_object_agg(z.kind, z.serial) from zone z where z.feed_id = f.id) as serials,
       (select jsonb_object_agg(z.kind, (select count(*) from zone_rule r where r.zone_id = z.id))
        from zone z where z.feed_id = f.id) as rules,
       array(select s.name from subscription n
             join subscriber s on s.id = n.subscriber_id and s.removed_at is null
             where n.feed_id = f.id order by s.name) as subscribers
from feed f left join person p on p.id = f.held_by
where f.removed_at is null
"""


def _feed(
    *, view: Any, held: Any, subscribers: list[str], serials: Any, rules: Any, **fields: Any
) -> Feed:
    return Feed(
        view=msgspec.convert(view, View), held=msgspec.convert(held, Wanted | None),
        subscribers=tuple(subscribers), serials=serials, rules=rules, **fields,
    )  # fmt: skip


async def list_all(db: Db) -> list[Feed]:
    """All feeds, home feeds first."""
    async with db.cursor(row_factory=kwargs_row(_feed)) as cursor:
        await cursor.execute(_SELECT + " order by f.own desc, f.name")
        return await cursor.fetchall()


async def get(db: Db, name: str) -> Feed:
    """One feed. Raises `NoFeed`."""
    async with db.cursor(row_factory=kwargs_row(_feed)) as cursor:
        await cursor.execute(_SELECT + " and f.name = %s", (name,))
        found = await cursor.fetchone()
    if found is None:
        raise NoFeed(f"there is no feed {name!r}")
    return found


async def feeds_of(db: Db, rows: Sequence[BlockRow]) -> dict[int, list[int]]:
    """For each block the feeds in which it stands."""
    found: dict[int, list[int]] = {row.id: [] for row in rows}
    for feed, blocks in (await block_feed.standing(db, list(found))).items():
        for block in blocks:
            found[block].append(feed)
    return found


async def create(
    tx: Tx, viewer: Viewer, *, name: str, country: str, view: View, action: str = "given",
    now: datetime,
) -> Feed:  # fmt: skip
    """Make a view feed; the decisions that live now are put into it batch by batch (`feed_fill`).

    Raises `BadLabel`, `BadView`, `FeedTaken`.
    """
    viewer.require(Permission.FEED_MANAGE)
    check_label(name)
    wanted = await _checked(tx.db, Wanted(view=view, action=action))
    if not (len(country) == 2 and country.isascii() and country.isupper()):
        raise BadView(f"country: two capital letters, got {country!r}")
    await block_feed.turn(tx)
    row = await (
        await tx.execute(
            "insert into feed (name, country, own, view, action, filled_to)"
            " values (%s, %s, false, %s, %s, 0) on conflict (name) do nothing returning id",
            (name, country, _json(wanted.view), wanted.action),
        )
    ).fetchone()
    if row is None:
        raise FeedTaken(f"{name!r} is or was the name of another feed")
    await make_zones(tx, row[0], name)
    _audit(tx, viewer, name, {"new": msgspec.to_builtins(wanted), "country": country})
    await tx.seal(now)
    return await get(tx.db, name)


async def edit(
    tx: Tx, viewer: Viewer, name: str, *, view: View | None = None, action: str | None = None,
    now: datetime,
) -> Feed:  # fmt: skip
    """Change what a feed takes or does; look at `held` in what comes back.

    More than the brake allows, in a feed that somebody takes, waits for `confirm` by another
    person. Raises `NoFeed`, `BadView`.
    """
    viewer.require(Permission.FEED_MANAGE)
    await block_feed.turn(tx)
    feed = await get(tx.db, name)
    wanted = await _checked(
        tx.db,
        Wanted(view=feed.view if view is None else view,
               action=feed.action if action is None else action),
        own=feed.own,
    )  # fmt: skip
    moves = await _moves(tx.db, feed, wanted)
    limits = await block_gate.limits(tx)
    if feed.subscribers and moves > max(limits.batch, int(feed.blocks * limits.zone_share)):
        await tx.execute(
            "update feed set held = %s, held_by = %s, held_at = %s where id = %s",
            (_json(wanted), viewer.person_id, now, feed.id),
        )
        _audit(tx, viewer, name, {"held": msgspec.to_builtins(wanted), "moves": moves})
    else:
        await _apply(tx, feed, wanted)
        _audit(tx, viewer, name, {"to": msgspec.to_builtins(wanted), "moves": moves})
    return await get(tx.db, name)


async def confirm(tx: Tx, viewer: Viewer, name: str, now: datetime) -> Feed:
    """Let a held change go on, as another person than the one who asked for it.

    Raises `NoFeed` when nothing is held, `Refused` for the person who asked.
    """
    viewer.require(Permission.FEED_MANAGE)
    await block_feed.turn(tx)
    feed = await get(tx.db, name)
    row = await (await tx.execute("select held_by from feed where id = %s", (feed.id,))).fetchone()
    if row is None or feed.held is None:
        raise NoFeed(f"no change of the feed {name} waits for a second person")
    if row[0] == viewer.person_id:
        raise Refused(
            f"you asked for this change of {name}; another person has to confirm it",
            AuditEntry(actor=viewer.login, action="feed:confirm", object=f"feed:{name}",
                       outcome="refused", rule="four_eyes"),
        )  # fmt: skip
    await _apply(tx, feed, feed.held)
    _audit(tx, viewer, name, {"confirmed": msgspec.to_builtins(feed.held), "of": feed.held_by})
    return await get(tx.db, name)


async def remove(tx: Tx, viewer: Viewer, name: str, now: datetime) -> None:
    """End a view feed that nobody takes, with its zones. Its name is not given again.

    Raises `NoFeed`, `FeedInUse`, `BadView` for a home feed.
    """
    viewer.require(Permission.FEED_MANAGE)
    await block_feed.turn(tx)
    feed = await get(tx.db, name)
    if feed.own:
        raise BadView(f"{name} is a home feed: blocks are proposed for it")
    if feed.subscribers:
        raise FeedInUse(f"{name} is taken by {', '.join(feed.subscribers)}")
    await tx.execute(
        "update feed set removed_at = %s, filled_to = null, held = null, held_by = null"
        " where id = %s",
        (now, feed.id),
    )
    for table in ("zone_rule", "endpoint_serial"):
        await tx.execute(
            f"delete from {table} where zone_id in (select id from zone where feed_id = %s)",  # noqa: S608
            (feed.id,),
        )
    await tx.execute(
        "update block_feed set lifted_at = %s where feed_id = %s and lifted_at is null",
        (now, feed.id),
    )
    _audit(tx, viewer, name, {"removed": True})
    await tx.execute("select pg_notify(%s, 'feeds')", (ZONE_CHANNEL,))


async def _checked(db: Db, wanted: Wanted, *, own: bool = False) -> Wanted:
    if wanted.action not in ACTIONS:
        raise BadView(f"action: one of {', '.join(ACTIONS)}, got {wanted.action!r}")
    if own and wanted.view != View():
        raise BadView("view: a home feed takes what is decided for it, and nothing else")
    if wanted.view.feeds:
        rows = await (
            await db.execute(
                "select name from unnest(%s::text[]) x(name)"
                " where not exists (select from feed f where f.name = x.name and f.own)",
                (list(wanted.view.feeds),),
            )
        ).fetchall()
        if rows:
            raise BadView(f"feeds: {rows[0][0]!r} is no home feed")
    return wanted


async def _moves(db: Db, feed: Feed, wanted: Wanted) -> int:
    """How many blocks would come, go, or get another action."""
    if feed.own:
        come = go = 0
    else:
        row = await (
            await db.execute(
                f"""
                select count(*) filter (where t and not s), count(*) filter (where s and not t)
                from (
                  select feed_takes(%(view)s, h.country, b.category, b.source, b.confidence,
                                    b.trigger, h.name) as t,
                         exists (select from block_feed x where x.block_id = b.id
                                 and x.feed_id = %(feed)s and x.lifted_at is null) as s
                  from block b join feed h on h.id = b.feed_id where {LIVE}) c
                """,  # noqa: S608
                {"view": _json(wanted.view), "feed": feed.id},
            )
        ).fetchone()
        assert row is not None
        come, go = row
    return int(come + go) + (feed.blocks if wanted.action != feed.action else 0)


async def _apply(tx: Tx, feed: Feed, wanted: Wanted) -> None:
    """New decisions follow the new view from now on; `feed_fill` carries it out for the old."""
    await tx.execute(
        "update feed set view = %s, action = %s, filled_to = 0, held = null, held_by = null,"
        " held_at = null where id = %s",
        (_json(wanted.view), wanted.action, feed.id),
    )


def _json(value: Struct) -> Jsonb:
    return Jsonb(msgspec.to_builtins(value))


def _audit(tx: Tx, viewer: Viewer, name: str, detail: dict[str, Any]) -> None:
    tx.audit(
        AuditEntry(actor=viewer.login, action=Permission.FEED_MANAGE, object=f"feed:{name}",
                   detail=detail)
    )  # fmt: skip
