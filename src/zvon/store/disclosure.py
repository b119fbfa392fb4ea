"""The ledger: one row for everything that left by any door, and for everything that was stopped.

A row holds counts, hashes and names of ours; no original and no text of what left.
"""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from zvon.model.disclosure import Door, Outcome
from zvon.store.party import Db
from zvon.store.transaction import Tx

PAGE = 100


class Leaving(Struct, frozen=True, kw_only=True):
    """What is written of one thing at a door.

    `subject` is what it was about, as we number it; `recipient` a group, an organisation, the
    domain of an address, or `public`. `spans` counts by state and type. `risk` is the number of
    values of victims expected among what was kept. `content_sha256` is of the bytes that left.
    """

    door: Door
    subject: str
    recipient: str
    policy_sha256: str
    tlp: int
    outcome: Outcome
    reason: str = ""
    group_uuid: UUID | None = None
    epoch: str = ""
    spans: dict[str, dict[str, int]] = {}
    risk: float = 0.0
    content_sha256: bytes | None = None
    record_id: int | None = None
    share_id: int | None = None
    by_login: str = ""


class Disclosure(Struct, frozen=True, kw_only=True):
    """A row of the ledger, as those who may read it see it."""

    id: int
    uuid: UUID
    door: Door
    subject: str
    share: UUID | None
    recipient: str
    group_uuid: UUID | None
    epoch: str
    policy_sha256: str
    tlp: int
    outcome: Outcome
    reason: str
    spans: dict[str, dict[str, int]]
    risk: float
    content_sha256: bytes | None
    by_login: str
    at: datetime
    revoked_at: datetime | None


class Wanted(Struct, frozen=True, kw_only=True):
    """Which rows; what is not said is not asked. `since` is included, `until` is not."""

    door: Door | None = None
    outcome: Outcome | None = None
    recipient: str | None = None
    group_uuid: UUID | None = None
    subject: str | None = None
    by_login: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class NoDisclosure(LookupError):
    """There is no such row, or the reader may not see it."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"there is no disclosure {uuid}")


async def put(tx: Tx, uuid: UUID, row: Leaving, now: datetime) -> None:
    """Write one row."""
    await tx.execute(
        "insert into disclosure (uuid, door, subject, record_id, share_id, recipient, group_uuid,"
        " epoch, policy_sha256, tlp, outcome, reason, spans, risk, content_sha256, by_login, at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (uuid, row.door.value, row.subject, row.record_id, row.share_id, row.recipient,
         row.group_uuid, row.epoch, row.policy_sha256, row.tlp, row.outcome.value, row.reason,
         Jsonb(row.spans), row.risk, row.content_sha256, row.by_login, now),
    )  # fmt: skip


async def finish(
    tx: Tx, uuid: UUID, *, spans: dict[str, dict[str, int]], risk: float, content_sha256: bytes,
    reason: str = "",
) -> None:  # fmt: skip
    """Complete the row of something that left piece by piece."""
    await tx.execute(
        "update disclosure set spans = %s, risk = %s, content_sha256 = %s, reason = %s"
        " where uuid = %s",
        (Jsonb(spans), risk, content_sha256, reason, uuid),
    )


async def take_back(tx: Tx, share_id: int, now: datetime) -> None:
    """Mark what left with a release as taken back; the rows stay."""
    await tx.execute(
        "update disclosure set revoked_at = %s"
        " where share_id = %s and outcome = 'released' and revoked_at is null",
        (now, share_id),
    )


_SELECT: LiteralString = """
select d.id, d.uuid, d.door, d.subject, s.uuid as share, d.recipient, d.group_uuid, d.epoch,
       d.policy_sha256, d.tlp, d.outcome, d.reason, d.spans, d.risk, d.content_sha256, d.by_login,
       d.at, d.revoked_at
from disclosure d left join share s on s.id = d.share_id
"""
_COUNT: LiteralString = "select d.door, d.outcome, count(*) from disclosure d"
_WANTED: LiteralString = """
where (%(door)s::text is null or d.door = %(door)s)
  and (%(outcome)s::text is null or d.outcome = %(outcome)s)
  and (%(recipient)s::text is null or d.recipient = %(recipient)s)
  and (%(group)s::uuid is null or d.group_uuid = %(group)s)
  and (%(subject)s::text is null or d.subject = %(subject)s)
  and (%(login)s::text is null or d.by_login = %(login)s)
  and (%(since)s::timestamptz is null or d.at >= %(since)s)
  and (%(until)s::timestamptz is null or d.at < %(until)s)
"""


async def newest(
    db: Db, wanted: Wanted, *, after: tuple[datetime, int] | None = None, limit: int = PAGE
) -> list[Disclosure]:
    """Rows, newest first; `after` is time and number of the last one seen."""
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            _SELECT + _WANTED + " and (%(at)s::timestamptz is null or (d.at, d.id) < (%(at)s, %(id)s))"
            " order by d.at desc, d.id desc limit %(limit)s",
            {**_asked(wanted), "at": after[0] if after else None, "id": after[1] if after else 0,
             "limit": limit},
        )  # fmt: skip
        return [msgspec.convert(row, Disclosure) for row in await cursor.fetchall()]


async def get(db: Db, uuid: UUID) -> Disclosure:
    """One row. Raises `NoDisclosure`."""
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SELECT + "where d.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoDisclosure(uuid)
    return msgspec.convert(found, Disclosure)


async def counts(db: Db, wanted: Wanted) -> dict[str, dict[str, int]]:
    """How many rows there are by door and outcome."""
    rows = await db.execute(
        _COUNT + _WANTED + "group by 1, 2",
        _asked(wanted),
    )
    out: dict[str, dict[str, int]] = {}
    for door, outcome, count in await rows.fetchall():
        out.setdefault(door, {})[outcome] = int(count)
    return out


def _asked(wanted: Wanted) -> dict[str, object]:
    return {
        "door": wanted.door and wanted.door.value,
        "outcome": wanted.outcome and wanted.outcome.value,
        "recipient": wanted.recipient,
        "group": wanted.group_uuid,
        "subject": wanted.subject,
        "login": wanted.by_login,
        "since": wanted.since,
        "until": wanted.until,
    }
