"""Reports in intake: taking one in, its way to a decoded message, and what its sender may see."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.model.ids import spoken
from zvon.model.marking import Tlp
from zvon.model.report import Channel, Door, Message, ReportIn
from zvon.store.party import Db
from zvon.store.report_page import NoReport, ReportDetail, ReportPage, ReportRow, get, page
from zvon.store.transaction import Change, Op, Tx

__all__ = [
    "NoReceipt", "NoReport", "Pending", "ReceiptView", "ReportDetail", "ReportPage", "ReportRow",
    "add", "again", "all_decoded", "all_pending", "by_token", "decoded", "get", "page", "pending", "quarantined", "repeated",
    "token_hash",
]  # fmt: skip


class Pending(Struct, frozen=True, kw_only=True):
    """A report that was taken in and not read yet."""

    record_id: int
    uuid: UUID
    raw_sha256: bytes
    media_type: str
    channel: Channel
    received_at: datetime
    tlp: Tlp
    door: Door = Door.API


class ReceiptView(Struct, frozen=True, kw_only=True):
    """All that the holder of a receipt may know. `brand` is a brand id."""

    number: str
    status: str
    answer: str | None
    addons: tuple[str, ...]
    brand: str | None
    category: str | None
    lang: str
    received_at: datetime
    answered_at: datetime | None
    changed_at: datetime | None


class NoReceipt(LookupError):
    """No report belongs to this receipt."""


def token_hash(token: str) -> bytes:
    """What is stored of a receipt token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


async def add(
    tx: Tx, report: ReportIn, *, record_id: int, token: str, key_hash: bytes | None
) -> str:
    """Give a stored record its place among the reports; the number that people read aloud."""
    row = await (await tx.execute("select nextval('report_number')")).fetchone()
    assert row is not None
    number = spoken("Z", report.received_at.year, int(row[0]))
    await tx.execute(
        """
        insert into report (record_id, number, channel, door, lang, token_hash, key_hash,
                            received_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (record_id, number, report.channel.value, report.door.value, report.lang.value,
         token_hash(token), key_hash, report.received_at),
    )  # fmt: skip
    return number


async def repeated(tx: Tx, key_hash: bytes, token: str) -> tuple[str, UUID, str] | None:
    """Number, uuid and status of the report with this key, which `token` now opens too.

    The caller's transaction holds the key from here on, so that two requests at once make one
    report.
    """
    await tx.execute(
        "select pg_advisory_xact_lock(%s)", (int.from_bytes(key_hash[:8], "big", signed=True),)
    )
    row = await (
        await tx.execute(
            """
            with found as (
              select r.record_id, r.number, c.uuid, r.status
              from report r join record c on c.id = r.record_id where r.key_hash = %s),
            opened as (
              insert into receipt_again (token_hash, record_id) select %s, record_id from found)
            select number, uuid, status from found
            """,
            (key_hash, token_hash(token)),
        )
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2])


async def pending(db: Db, record_id: int) -> Pending | None:
    """The report when it still has to be read, else `None`."""
    return (await all_pending(db, [record_id])).get(record_id)


async def all_pending(db: Db, record_ids: Sequence[int]) -> dict[int, Pending]:
    """Those reports that still have to be read, by record id."""
    cursor = await db.execute(
        """
        select r.record_id, c.uuid, c.raw_sha256, w.media_type, r.channel, r.received_at, c.tlp, r.door
        from report r join record c on c.id = r.record_id
        join raw_input w on w.sha256 = c.raw_sha256
        where r.record_id = any(%s) and r.status = 'received' and not c.deleted
        """,
        (list(record_ids),),
    )
    return {
        row[0]: Pending(
            record_id=row[0], uuid=row[1], raw_sha256=bytes(row[2]), media_type=row[3],
            channel=Channel(row[4]), received_at=row[5], tlp=Tlp(row[6]), door=Door(row[7]),
        )
        for row in await cursor.fetchall()
    }  # fmt: skip


async def decoded(tx: Tx, report: Pending, message: Message, now: datetime) -> bool:
    """Keep the message as the record's payload; false when another job was first."""
    return bool(await all_decoded(tx, [(report, message)], now))


async def all_decoded(
    tx: Tx, read: Sequence[tuple[Pending, Message]], now: datetime
) -> frozenset[int]:
    """Keep each message as its record's payload; the record ids where no other job was first."""
    ids = [report.record_id for report, _ in read]
    moved = await tx.execute(
        """
        with mine as (
          select record_id from report where record_id = any(%(ids)s::bigint[])
          order by record_id for update)
        update report r set status = 'decoded', decoded_at = %(now)s, channel = x.channel
        from mine, unnest(%(ids)s::bigint[], %(channels)s::text[]) x(id, channel)
        where r.record_id = mine.record_id and x.id = mine.record_id and r.status = 'received'
        returning r.record_id
        """,
        {"ids": ids, "channels": [message.channel.value for _, message in read], "now": now},
    )
    done = frozenset(row[0] for row in await moved.fetchall())
    kept = [each for each in read if each[0].record_id in done]
    if kept:
        await tx.execute(
            """
            update record c set payload = x.payload, modified_at = %s
            from unnest(%s::bigint[], %s::jsonb[]) x(id, payload) where c.id = x.id
            """,
            (
                now,
                [report.record_id for report, _ in kept],
                [Jsonb(msgspec.to_builtins(message)) for _, message in kept],
            ),
        )
    for report, _ in kept:
        _noted(tx, report)
    return done


async def quarantined(tx: Tx, report: Pending, now: datetime) -> bool:
    """A report that cannot be read: its sender is told that people are looking at it."""
    moved = await tx.execute(
        """
        update report set status = 'quarantined', answer = 'looking', answered_at = %s
        where record_id = %s and status = 'received'
        """,
        (now, report.record_id),
    )
    if moved.rowcount == 0:
        return False
    _noted(tx, report)
    return True


async def again(tx: Tx, quarantine_id: int) -> int | None:
    """Put the report of a quarantine row back to `received`; its record id, if it waits there."""
    row = await (
        await tx.execute(
            """
            update report r set status = 'received', answer = null, answered_at = null, changed_at = null
            from quarantine q, record c
            where q.id = %s and q.replayed_at is null and r.record_id = q.record_id
              and c.id = r.record_id and r.status = 'quarantined'
            returning r.record_id, c.uuid, c.tlp
            """,
            (quarantine_id,),
        )
    ).fetchone()
    if row is None:
        return None
    tx.note(Change(kind="report", subject=row[1], op=Op.EDIT, record_id=row[0], tlp=Tlp(row[2])))
    return int(row[0])


async def by_token(db: Db, token: str) -> ReceiptView:
    """What the receipt shows. Raises `NoReceipt`. Read as `system`: the token is the right."""
    row = await (
        await db.execute(
            """
            select r.number, r.status, r.answer, r.answer_addons, v.brand, v.category, r.lang,
                   r.received_at, r.answered_at, r.changed_at
            from report r
            left join lateral (select brand, category from verdict where record_id = r.record_id
                               order by at desc, id desc limit 1) v on true
            where r.record_id = (
              select record_id from report where token_hash = %(hash)s
              union all select record_id from receipt_again where token_hash = %(hash)s limit 1)
            """,
            {"hash": token_hash(token)},
        )
    ).fetchone()
    if row is None:
        raise NoReceipt("no report belongs to this receipt")
    return _receipt(row)


def _receipt(row: Sequence[Any]) -> ReceiptView:
    return ReceiptView(
        number=row[0], status=row[1], answer=row[2], addons=tuple(row[3]), brand=row[4],
        category=row[5], lang=row[6], received_at=row[7], answered_at=row[8],
        changed_at=row[9],
    )  # fmt: skip


def _noted(tx: Tx, report: Pending) -> None:
    tx.note(
        Change(kind="report", subject=report.uuid, op=Op.EDIT, record_id=report.record_id,
               tlp=report.tlp)
    )  # fmt: skip
