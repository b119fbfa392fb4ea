"""Showing an original where a group wants two people: who asks, who agreed, shown once."""

from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.transaction import Tx

HOLDS = timedelta(days=1)
"""How long a request can be agreed to, and how long the agreement can be used."""

PAGE = 100


class Reversal(Struct, frozen=True, kw_only=True):
    """A request to see the original behind a pseudonym; never the original."""

    id: int
    uuid: UUID
    group: UUID
    epoch: str
    token: str
    reason: str
    asked_by: str
    asked_by_id: int
    at: datetime
    agreed_by: str | None
    agreed_at: datetime | None
    shown_at: datetime | None


class NoReversal(LookupError):
    """No open request has this identifier, or its time is over."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"no open reversal {uuid}")


_SELECT: LiteralString = """
select r.id, r.uuid, r.group_uuid as group, r.epoch, r.token, r.reason, a.login as asked_by,
       r.asked_by as asked_by_id, r.at, b.login as agreed_by, r.agreed_at, r.shown_at
from pseudonym_reversal r join person a on a.id = r.asked_by
left join person b on b.id = r.agreed_by
"""


async def newest(db: Db, viewer: Viewer, *, limit: int = PAGE) -> list[Reversal]:
    """Requests, newest first. Raises `Denied`."""
    viewer.require(Permission.PSEUDONYM_REVERSE)
    async with db.cursor(row_factory=class_row(Reversal)) as cursor:
        await cursor.execute(_SELECT + "order by r.id desc limit %s", (limit,))
        return await cursor.fetchall()


async def lock(tx: Tx, uuid: UUID, now: datetime) -> Reversal:
    """An open request that nobody has agreed to. Raises `NoReversal`."""
    async with tx.db.cursor(row_factory=class_row(Reversal)) as cursor:
        await cursor.execute(
            _SELECT + "where r.uuid = %s and r.agreed_at is null and r.at > %s for update of r",
            (uuid, now - HOLDS),
        )
        found = await cursor.fetchone()
    if found is None:
        raise NoReversal(uuid)
    return found


async def of(
    tx: Tx, person_id: int, group_uuid: UUID, epoch: str, token: str, now: datetime
) -> Reversal | None:
    """The living request of a person for a pseudonym, locked: open, or agreed to and not used."""
    async with tx.db.cursor(row_factory=class_row(Reversal)) as cursor:
        await cursor.execute(
            _SELECT + "where r.asked_by = %s and r.group_uuid = %s and r.epoch = %s"
            " and r.token = %s and r.shown_at is null and coalesce(r.agreed_at, r.at) > %s"
            " order by r.id desc limit 1 for update of r",
            (person_id, group_uuid, epoch, token, now - HOLDS),
        )
        return await cursor.fetchone()


async def add(
    tx: Tx, *, uuid: UUID, group_uuid: UUID, epoch: str, token: str, reason: str, person_id: int,
    now: datetime,
) -> None:  # fmt: skip
    """Write down who asks for what, and why."""
    await tx.execute(
        "insert into pseudonym_reversal (uuid, group_uuid, epoch, token, reason, asked_by, at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (uuid, group_uuid, epoch, token, reason, person_id, now),
    )


async def agree(tx: Tx, reversal_id: int, person_id: int, now: datetime) -> None:
    """A second person agrees; that they are another one the database checks, too."""
    await tx.execute(
        "update pseudonym_reversal set agreed_by = %s, agreed_at = %s where id = %s",
        (person_id, now, reversal_id),
    )


async def shown(tx: Tx, reversal_id: int, now: datetime) -> None:
    """The original was shown; the agreement is used up."""
    await tx.execute(
        "update pseudonym_reversal set shown_at = %s where id = %s", (now, reversal_id)
    )
