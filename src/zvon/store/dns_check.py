"""What the primary knows of a subscriber, and moving a serial so that its speed can be measured."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.zone import TOP, marker_name, zone_name
from zvon.store import subscriber as subscribers
from zvon.store.transaction import AuditEntry, Tx, ZoneOp
from zvon.store.zone import NODATA

Db = AsyncConnection[TupleRow]


class ZoneState(Struct, frozen=True, kw_only=True):
    """One zone that a subscriber takes: our serial, and those that it showed.

    `asked`: with which it asked; `sent`: of its last transfer; `notified`: of the last NOTIFY that
    it answered; `marker`: that its own answer showed to our probe.
    """

    zone: str
    kind: str
    serial: int
    asked: int | None
    sent: int | None
    notified: int | None
    marker: int | None
    at: datetime | None


class Open(Struct, frozen=True, kw_only=True):
    """An alert about the subscriber that is not over."""

    cause: str
    zone: str | None
    detail: dict[str, Any]
    opened_at: datetime


class Moved(Struct, frozen=True, kw_only=True):
    """A zone whose serial has moved, and two names that show it.

    `marker` has a TXT record with the serial: what the resolver holds. `name` is new in this serial
    and has no data: what the resolver acts on. BIND shows the first long before the second.
    """

    zone: str
    marker: str
    name: str
    serial: int


async def zones(db: Db, uuid: UUID) -> list[ZoneState]:
    """The zones of a subscriber. Raises `NoSubscriber`."""
    one = await subscribers.get(db, uuid)
    async with db.cursor(row_factory=class_row(ZoneState)) as cursor:
        await cursor.execute(
            """
            select z.name as zone, z.kind, z.serial, e.asked, e.sent, e.notified, e.marker, e.at
            from zone z
            left join feed f on f.id = z.feed_id
            left join endpoint_serial e on e.zone_id = z.id and e.subscriber_id = %(s)s
            where z.name = %(allow)s or f.name = any(%(feeds)s)
            order by z.kind, z.name
            """,
            {"s": one.id, "allow": zone_name("allow", one.name), "feeds": list(one.feeds)},
        )
        return await cursor.fetchall()


async def alerts(db: Db, uuid: UUID) -> list[Open]:
    """What is wrong with a subscriber as far as the primary has seen."""
    async with db.cursor(row_factory=class_row(Open)) as cursor:
        await cursor.execute(
            """
            select a.cause, a.zone, a.detail, a.opened_at
            from dns_alert a join subscriber s on s.id = a.subscriber_id
            where s.uuid = %s and a.closed_at is null order by a.opened_at
            """,
            (uuid,),
        )
        return await cursor.fetchall()


async def move(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> Moved:
    """Give a zone of the subscriber a new serial with a rule on a name of ours that is new in it.

    The hot zone of its first feed where it enforces, else its own allow zone, which alone acts
    while the others only log, or while the feed is frozen. The rule of the last time goes.
    """
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    one = await subscribers.get(tx.db, uuid)
    thawed = await (
        await tx.execute("select frozen_at is null from feed where id = %s", (one.feed_id,))
    ).fetchone()
    hot = one.mode == "enforce" and thawed == (True,)
    kind, of = ("hot", one.feed) if hot else ("allow", one.name)
    row = await (
        await tx.execute(
            "select id, serial from zone where name = %s for no key update", (zone_name(kind, of),)
        )
    ).fetchone()
    assert row is not None
    zone_id, serial = row
    name = f"c{serial}.check.{of}.{TOP}.example"
    old = await tx.execute(
        "select owner from zone_rule where zone_id = %s and owner like %s",
        (zone_id, f"*.c%.check.{of}.{TOP}.example"),
    )
    for (owner,) in await old.fetchall():
        tx.zone_ops.append(ZoneOp(zone_id=zone_id, op="del", owner=owner, rdata=NODATA))
    # Below the name, so that it is not taken for one of the subscriber's own exceptions.
    tx.zone_ops.append(ZoneOp(zone_id=zone_id, op="add", owner=f"*.{name}", rdata=NODATA))
    tx.audit(AuditEntry(actor=viewer.login, action=Permission.SUBSCRIBER_MANAGE,
                        object=f"subscriber:{one.name}", detail={"check": zone_name(kind, of)}))  # fmt: skip
    await tx.seal(now)
    return Moved(zone=zone_name(kind, of), marker=marker_name(kind, of), name=f"x.{name}",
                 serial=tx.serials[zone_id])  # fmt: skip
