"""Alerts on resolvers, feeds and lists: opened once, closed when it is over, never forgotten."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.dns_alert import Cause
from zvon.store.block_row import Db
from zvon.store.transaction import Change, Op, Tx


class About(Struct, frozen=True):
    """What an alert is about; two alerts of one cause about the same are one."""

    cause: Cause
    subscriber_id: int | None = None
    block_id: int | None = None
    zone: str | None = None


class Alert(Struct, frozen=True, kw_only=True):
    """An alert as it is shown; open while `closed_at` is `None`."""

    id: int
    uuid: UUID
    cause: Cause
    subscriber_id: int | None
    subscriber: str | None
    brand: str | None
    block_id: int | None
    block: UUID | None
    block_number: str | None
    name: str | None
    zone: str | None
    detail: dict[str, Any]
    opened_at: datetime
    closed_at: datetime | None

    @property
    def about(self) -> About:
        """What it is about."""
        return About(self.cause, self.subscriber_id, self.block_id, self.zone)


_SELECT = """
select a.id, a.uuid, a.cause, a.subscriber_id, s.name as subscriber, s.brand, a.block_id,
       b.uuid as block, b.number as block_number, b.name, a.zone, a.detail, a.opened_at,
       a.closed_at
from dns_alert a
left join subscriber s on s.id = a.subscriber_id
left join block b on b.id = a.block_id
"""


async def open_(tx: Tx, about: About, detail: dict[str, Any], now: datetime) -> bool:
    """Open an alert; true when there was none open about the same. Its detail is kept new."""
    row = await (
        await tx.execute(
            """
            insert into dns_alert (uuid, subscriber_id, block_id, zone, cause, detail, opened_at)
            values (gen_random_uuid(), %s, %s, %s, %s, %s, %s)
            on conflict (coalesce(subscriber_id, 0), coalesce(block_id, 0), coalesce(zone, ''),
                         cause) where closed_at is null
            do update set detail = excluded.detail
            returning uuid, opened_at
            """,
            (about.subscriber_id, about.block_id, about.zone, about.cause.value, Jsonb(detail),
             now),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    fresh = bool(row[1] == now)
    if fresh:
        tx.note(Change(kind="dns_alert", subject=row[0], op=Op.ADD))
    return fresh


async def close(tx: Tx, about: About, now: datetime) -> bool:
    """Close the alert about this, if one is open; true when there was."""
    row = await (
        await tx.execute(
            """
            update dns_alert set closed_at = %s
            where closed_at is null and cause = %s and subscriber_id is not distinct from %s
              and block_id is not distinct from %s and zone is not distinct from %s
            returning uuid
            """,
            (now, about.cause.value, about.subscriber_id, about.block_id, about.zone),
        )
    ).fetchone()
    if row is not None:
        tx.note(Change(kind="dns_alert", subject=row[0], op=Op.EDIT))
    return row is not None


async def settle(
    tx: Tx, found: dict[About, dict[str, Any]], now: datetime, *, among: Collection[Cause]
) -> tuple[list[About], list[About]]:
    """Make the open alerts of `among` exactly those `found`; return the opened and the closed."""
    opened = [one for one, detail in found.items() if await open_(tx, one, detail, now)]
    closed = []
    for alert in await _read(tx.db, "a.closed_at is null and a.cause = any(%(among)s)",
                             {"among": [c.value for c in among]}):  # fmt: skip
        if alert.about not in found and await close(tx, alert.about, now):
            closed.append(alert.about)
    return opened, closed


async def quick_since(db: Db, subscriber_id: int, since: datetime, within: timedelta) -> bool:
    """True when a block published after `since` was proved there `within` that time."""
    row = await (
        await db.execute(
            "select from receipt where subscriber_id = %s and kind = 'block' and grade = 'A'"
            " and published_at > %s and blocked_at - published_at < %s limit 1",
            (subscriber_id, since, within),
        )
    ).fetchone()
    return row is not None


async def open_list(db: Db, subscriber_id: int | None = None) -> list[Alert]:
    """The open alerts, newest first; of one subscriber, or all."""
    return await _read(
        db,
        "a.closed_at is null and (%(s)s::bigint is null or a.subscriber_id = %(s)s)",
        {"s": subscriber_id},
    )


async def page(db: Db, viewer: Viewer, *, closed: bool = False, limit: int = 200) -> list[Alert]:
    """Alerts for people, newest first: the open ones, or also those that are over."""
    viewer.require(Permission.SUBSCRIBER_READ)
    return await _read(db, "a.closed_at is null or %(closed)s", {"closed": closed}, limit)


async def _read(db: Db, where: str, params: dict[str, Any], limit: int = 1000) -> list[Alert]:
    async with db.cursor(row_factory=class_row(_Flat)) as cursor:
        text = f"{_SELECT} where ({where}) order by a.opened_at desc, a.id desc limit {limit}"
        await cursor.execute(text.encode(), params)
        return [row.typed() for row in await cursor.fetchall()]


class _Flat(Alert, frozen=True, kw_only=True):
    cause: str  # type: ignore[assignment]

    def typed(self) -> Alert:
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        fields["cause"] = Cause(self.cause)
        return Alert(**fields)
