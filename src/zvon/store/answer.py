"""The report as `collect` and `assess` work on it, and the answer that its sender gets."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.model.marking import Tlp
from zvon.model.report import Lang, Message
from zvon.store.party import Db
from zvon.store.transaction import Change, Op, Tx


class Waiting(Struct, frozen=True, kw_only=True):
    """A decoded report that has no answer yet. `lang` is the reporter's."""

    record_id: int
    uuid: UUID
    number: str
    lang: Lang
    received_at: datetime
    tlp: Tlp
    message: Message


async def waiting(db: Db, record_id: int, *, again: bool = False) -> Waiting | None:
    """The report when it was decoded and not answered (or, `again`, when it was), else `None`."""
    row = await (
        await db.execute(
            """
            select r.record_id, c.uuid, r.number, r.lang, r.received_at, c.tlp, c.payload
            from report r join record c on c.id = r.record_id
            where r.record_id = %s and r.status = %s and not c.deleted
            """,
            (record_id, "answered" if again else "decoded"),
        )
    ).fetchone()
    if row is None:
        return None
    return Waiting(
        record_id=row[0],
        uuid=row[1],
        number=row[2],
        lang=Lang(row[3]),
        received_at=row[4],
        tlp=Tlp(row[5]),
        message=msgspec.convert(row[6], Message),
    )


async def give(tx: Tx, report: Waiting, kind: str, addons: Sequence[str], now: datetime) -> None:
    """Store the answer: `dangerous`, `official`, `no_sign` or `looking`, and what is urgent.

    A later answer replaces an earlier one; `answered_at` stays that of the first.
    """
    await tx.execute(
        """
        update report set status = 'answered', answered_at = coalesce(answered_at, %s), answer = %s,
          answer_addons = %s
        where record_id = %s
        """,
        (now, kind, list(addons), report.record_id),
    )
    tx.note(
        Change(kind="report", subject=report.uuid, op=Op.EDIT, record_id=report.record_id,
               tlp=report.tlp)
    )  # fmt: skip
