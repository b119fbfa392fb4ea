"""Policy zones: making them, reading them for the primary, and moving rules between them."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from zvon.model.zone import serial_newer, test_name, zone_name
from zvon.store.transaction import AuditEntry, Tx, ZoneOp

Db = AsyncConnection[TupleRow]

HOT_TTL, COLD_TTL = 60, 300
# BIND puts a cold zone into force at most once a minute (min-update-interval of the kit).
SETTLE = timedelta(seconds=130)
NXDOMAIN, NODATA, PASSTHRU = ".", "*.", "rpz-passthru."
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,17}[a-z0-9])?")
_BATCH = 20_000
JOURNAL_KEPT = timedelta(days=90)
"""Far longer than a subscriber may be silent (seven days) and still count as holding a zone."""


class BadLabel(ValueError):
    """A feed or a subscriber needs a name that fits into the name of a zone."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r}: 1 to 19 letters, digits or hyphens, in lower case")


class Zone(Struct, frozen=True, kw_only=True):
    """A policy zone and its serial."""

    id: int
    name: str
    kind: str
    feed: str | None
    serial: int
    max_serial_asked: int
    ttl: int


class Rule(Struct, frozen=True):
    """One record of a zone; `owner` is relative to the zone."""

    owner: str
    rdata: str
    block_id: int | None
    serial: int


class Edit(Struct, frozen=True):
    """One row of the journal."""

    serial: int
    n: int
    op: str
    owner: str
    rdata: str


def check_label(text: str) -> str:
    """Give back `text` when it may name a feed or a subscriber. Raises `BadLabel`."""
    if not _LABEL.fullmatch(text):
        raise BadLabel(text)
    return text


async def ensure_feed(tx: Tx, name: str, country: str) -> int:
    """Make the home feed `name` with its zones when it is new; return its id."""
    check_label(name)
    known = await (await tx.execute("select id from feed where name = %s", (name,))).fetchone()
    if known is not None:
        return int(known[0])
    row = await (
        await tx.execute(
            "insert into feed (name, country) values (%s, %s)"
            " on conflict (name) do nothing returning id",
            (name, country),
        )
    ).fetchone()
    if row is None:
        return await feed_id(tx.db, name)
    await make_zones(tx, int(row[0]), name)
    tx.audit(AuditEntry(actor="system", action="feed:create", object=name))
    return int(row[0])


async def make_zones(tx: Tx, feed: int, name: str) -> None:
    """Make the zones of a new feed, which blocks its test name from the first serial on.

    Made in the order in which resolvers look at them, because changes are told in that order too.
    """
    hot = await _make_zone(tx, "hot", name, feed, HOT_TTL)
    await _make_zone(tx, "cold", name, feed, COLD_TTL)
    await _make_zone(tx, "ip", name, feed, COLD_TTL)
    tx.zone_ops.append(ZoneOp(zone_id=hot, op="add", owner=test_name(name), rdata=NXDOMAIN))


async def make_allow(tx: Tx, subscriber: str) -> int:
    """Make the allow zone of a new subscriber; return its id."""
    return await _make_zone(tx, "allow", subscriber, None, HOT_TTL)


async def _make_zone(tx: Tx, kind: str, of: str, feed: int | None, ttl: int) -> int:
    row = await (
        await tx.execute(
            "insert into zone (name, kind, feed_id, ttl) values (%s, %s, %s, %s) returning id",
            (zone_name(kind, of), kind, feed, ttl),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def feed_id(db: Db, name: str) -> int:
    """The id of a feed that is not removed. Raises `LookupError`."""
    row = await (
        await db.execute("select id from feed where name = %s and removed_at is null", (name,))
    ).fetchone()
    if row is None:
        raise LookupError(f"there is no feed {name!r}")
    return int(row[0])


async def zones(db: Db) -> list[Zone]:
    """All zones but those of removed feeds."""
    async with db.cursor(row_factory=class_row(Zone)) as cursor:
        await cursor.execute(
            """
            select z.id, z.name, z.kind, f.name as feed, z.serial, z.max_serial_asked, z.ttl
            from zone z left join feed f on f.id = z.feed_id
            where f.removed_at is null order by z.id
            """
        )
        return await cursor.fetchall()


async def whole(
    db: Db, name: str, past: int
) -> tuple[Zone, list[tuple[str, str]], list[Edit]] | None:
    """A zone, its rules and the journal of its last `past` serials, all of one moment."""
    async with db.transaction():
        await db.execute("set transaction isolation level repeatable read")
        row = next((one for one in await zones(db) if one.name == name), None)
        if row is None:
            return None
        rules = [pair async for batch in rules_in(db, row.id) for pair in batch]
        after = max(row.serial - past, 1)
        return row, rules, await edits(db, row.id, after=after, upto=row.serial)


async def rules_in(db: Db, zone_id: int) -> AsyncIterator[Sequence[tuple[str, str]]]:
    """The content of a zone in batches of (owner, rdata); needs an open transaction."""
    async with db.cursor("zone_rules") as cursor:
        cursor.itersize = _BATCH
        await cursor.execute("select owner, rdata from zone_rule where zone_id = %s", (zone_id,))
        while batch := await cursor.fetchmany(_BATCH):
            yield [(row[0], row[1]) for row in batch]


async def edits(db: Db, zone_id: int, *, after: int, upto: int, limit: int = 100_000) -> list[Edit]:
    """The journal between two serials (the first is not in it), in order; the newest `limit` rows.

    Serials wrap: with `after` above `upto` the rows over the top come first. A serial is given
    whole or not at all.
    """
    if after == upto:
        return []
    rows = await (
        await db.execute(
            """
            select serial, n, op, owner, rdata from zone_change
            where zone_id = %(zone)s
              and case when %(after)s < %(upto)s then serial > %(after)s and serial <= %(upto)s
                       else serial > %(after)s or serial <= %(upto)s end
            order by (serial - %(after)s) & 4294967295 desc, n desc limit %(limit)s
            """,
            {"zone": zone_id, "after": after, "upto": upto, "limit": limit},
        )
    ).fetchall()
    if len(rows) == limit:
        cut = rows[-1][0]
        while rows and rows[-1][0] == cut:
            rows.pop()
    return [Edit(*row) for row in reversed(rows)]


async def hot_rules(db: Db, feed: int) -> list[Rule]:
    """What the hot zone of a feed holds for blocks, oldest first."""
    rows = await (
        await db.execute(
            """
            select r.owner, r.rdata, r.block_id, r.serial
            from zone_rule r join zone z on z.id = r.zone_id
            where z.feed_id = %s and z.kind = 'hot' and r.block_id is not null
            order by r.serial, r.owner
            """,
            (feed,),
        )
    ).fetchall()
    return [Rule(*row) for row in rows]


async def cold_rules(db: Db, feed: int, owners: Sequence[str]) -> dict[str, Rule]:
    """The rules of the cold zone at these owners."""
    rows = await (
        await db.execute(
            """
            select r.owner, r.rdata, r.block_id, r.serial
            from zone_rule r join zone z on z.id = r.zone_id
            where z.feed_id = %s and z.kind = 'cold' and r.owner = any(%s)
            """,
            (feed, list(owners)),
        )
    ).fetchall()
    return {row[0]: Rule(*row) for row in rows}


async def jump(tx: Tx, zone: Zone, to: int) -> None:
    """Set the serial of a zone that fell behind what a subscriber holds, and raise the alarm."""
    if not serial_newer(to, zone.serial):
        raise ValueError(f"serial {to} is not after {zone.serial}")
    await tx.execute("update zone set serial = %s where id = %s", (to, zone.id))
    tx.audit(
        AuditEntry(
            actor="system",
            action="zone:serial-jump",
            object=zone.name,
            rule="client_ahead",
            detail={"from": zone.serial, "to": to},
        )
    )


async def note_asked(tx: Tx, zone_id: int, serial: int) -> None:
    """Remember the highest serial that any subscriber asked with (RFC 1982 order)."""
    row = await (
        await tx.execute(
            "select serial, max_serial_asked from zone where id = %s for no key update", (zone_id,)
        )
    ).fetchone()
    if row is not None and (row[1] == 0 or serial_newer(serial, row[1])):
        await tx.execute("update zone set max_serial_asked = %s where id = %s", (serial, zone_id))


class Showed(TypedDict, total=False):
    """Serials of a zone that a subscriber asked with, was sent, was told of, or answered with."""

    asked: int
    sent: int
    notified: int
    marker: int


class Held(Struct, frozen=True, kw_only=True):
    """What one subscriber is known to hold of one zone."""

    subscriber_id: int
    subscriber: str
    zone_id: int
    asked: int | None
    sent: int | None
    notified: int | None
    marker: int | None
    shown_since: datetime | None
    held: int | None
    held_since: datetime | None
    settled: int | None
    at: datetime

    def shows(self, serial: int) -> bool:
        """True when the subscriber itself has shown `serial` or a later one."""
        return any(_reached(s, serial) for s in (self.asked, self.marker))

    def holds(self, serial: int, now: datetime, settle: timedelta) -> bool:
        """True when it has shown `serial`, and had the time to put it into force."""
        return (
            _reached(self.settled, serial)
            or (_reached(self.held, serial) and _aged(self.held_since, now, settle))
            or (self.shows(serial) and _aged(self.shown_since, now, settle))
        )

    def was_sent(self, serial: int) -> bool:
        """True when it got `serial` or a later one, whether or not it has shown it since."""
        return _reached(self.sent, serial)


def _aged(since: datetime | None, now: datetime, settle: timedelta) -> bool:
    return since is not None and now - since >= settle


def _reached(held: int | None, serial: int) -> bool:
    return held is not None and (held == serial or serial_newer(held, serial))


async def holdings(db: Db, feed: int | None = None) -> list[Held]:
    """What every subscriber holds that is not removed; of one feed that it takes, or of all."""
    async with db.cursor(row_factory=class_row(Held)) as cursor:
        await cursor.execute(
            """
            select e.subscriber_id, s.name as subscriber, e.zone_id, e.asked, e.sent, e.notified,
                   e.marker, e.shown_since, e.held, e.held_since, e.settled, e.at
            from endpoint_serial e
            join subscriber s on s.id = e.subscriber_id and s.removed_at is null
            join zone z on z.id = e.zone_id
            where %(feed)s::bigint is null
               or z.feed_id = %(feed)s
              and exists (select from subscription t
                          where t.subscriber_id = s.id and t.feed_id = z.feed_id)
            """,
            {"feed": feed},
        )
        return await cursor.fetchall()


async def note_held(
    tx: Tx, subscriber_id: int, zone_id: int, now: datetime, *, settle: timedelta = SETTLE,
    asked: int | None = None, sent: int | None = None, notified: int | None = None,
    marker: int | None = None,
) -> None:  # fmt: skip
    """Record what a subscriber showed.

    A serial counts as obeyed `settle` after it was first shown, however many newer ones come
    meanwhile; a subscriber that shows an older one begins anew.
    """
    shown = asked if marker is None else marker
    await tx.execute(
        """
        insert into endpoint_serial as e (subscriber_id, zone_id, asked, sent, notified, marker,
                                          shown_since, held, held_since, at)
        values (%(s)s, %(z)s, %(asked)s, %(sent)s, %(notified)s, %(marker)s,
                case when %(shown)s::bigint is not null then %(at)s end, %(shown)s,
                case when %(shown)s::bigint is not null then %(at)s end, %(at)s)
        on conflict (subscriber_id, zone_id) do update set
          asked = coalesce(excluded.asked, e.asked),
          sent = coalesce(excluded.sent, e.sent),
          notified = coalesce(excluded.notified, e.notified),
          marker = coalesce(excluded.marker, e.marker),
          shown_since = case when excluded.asked is not null and excluded.asked is distinct from e.asked
                               or excluded.marker is not null
                                  and excluded.marker is distinct from e.marker
                             then excluded.at else e.shown_since end,
          held = case when excluded.held is null then e.held
                      when e.held is null or serial_older(excluded.held, e.held)
                        or excluded.at - e.held_since >= %(settle)s then excluded.held
                      else e.held end,
          held_since = case when excluded.held is null then e.held_since
                            when e.held is null or serial_older(excluded.held, e.held)
                              or excluded.at - e.held_since >= %(settle)s then excluded.at
                            else e.held_since end,
          settled = case when excluded.held is null then e.settled
                         when serial_older(excluded.held, e.settled) then null
                         when serial_older(excluded.held, e.held) then e.settled
                         when excluded.at - e.held_since >= %(settle)s then e.held
                         else e.settled end,
          at = excluded.at
        """,
        {"s": subscriber_id, "z": zone_id, "at": now, "asked": asked, "sent": sent,
         "notified": notified, "marker": marker, "shown": shown, "settle": settle},
    )  # fmt: skip


async def forget(tx: Tx, now: datetime) -> None:
    """Cut the journal before `JOURNAL_KEPT`, whole changes at a time; older holders get all anew."""
    await tx.execute(
        "delete from zone_change where change_seq <="
        " (select max(change_seq) from zone_change where at < %s)",
        (now - JOURNAL_KEPT,),
    )
