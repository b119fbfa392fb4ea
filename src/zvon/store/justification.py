"""Justifications of feeds: written by one person, agreed to by another, reviewed by a day.

While a feed has none, no subscriber of it goes from logging to blocking; the database refuses it.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.justification import FIELDS, Justification
from zvon.store.block_eyes import check_text
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

LONGEST_REVIEW = timedelta(days=366)
Random = Callable[[int], bytes]


class NoJustification(LookupError):
    """There is no such justification, or no such feed."""


class BadJustification(ValueError):
    """A field cannot be used; says which."""


class NotInState(ValueError):
    """It is agreed to or over already."""


class NeedsJustification(ValueError):
    """A subscriber may not block yet: nobody justified the feeds that it takes."""

    def __init__(self, subscriber: str, feeds: list[str]) -> None:
        super().__init__(
            f"{subscriber}: no justification of {', '.join(feeds)} holds; one person writes it and"
            " another agrees (Regulation (EU) 2015/2120, Article 3(3)(b))"
        )


class Row(Struct, frozen=True, kw_only=True):
    """A justification as it stands. `measured` are numbers of the node from when it was written."""

    id: int
    uuid: UUID
    feed: str
    body: dict[str, Any]
    measured: dict[str, Any]
    review_on: date
    proposer: str
    proposer_id: int
    proposed_at: datetime
    approver: str | None
    approved_at: datetime | None
    ended_at: datetime | None

    @property
    def holds(self) -> bool:
        """True while blocking rests on it."""
        return self.approved_at is not None and self.ended_at is None


_SELECT: LiteralString = """
select j.id, j.uuid, f.name as feed, j.body, j.measured, j.review_on, p.login as proposer,
       j.proposer_id, j.proposed_at, a.login as approver, j.approved_at, j.ended_at
from feed_justification j join feed f on f.id = j.feed_id join person p on p.id = j.proposer_id
left join person a on a.id = j.approver_id
"""


async def propose(
    tx: Tx, viewer: Viewer, feed: str, body: Justification, now: datetime, random: Random
) -> Row:
    """Write the justification of a feed; it holds when another person agreed.

    Raises `Denied`, `NoJustification`, `BadJustification`.
    """
    viewer.require(Permission.FEED_MANAGE)
    for name in FIELDS:
        text = getattr(body, name)
        if len(text.strip()) < 3 or "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
            raise BadJustification(f"{name}: a text that says something and can be stored")
    if not now.date() < body.review_on <= (now + LONGEST_REVIEW).date():
        raise BadJustification("review_on: later than today, and within a year")
    row = await (
        await tx.execute("select id from feed where name = %s and removed_at is null", (feed,))
    ).fetchone()
    if row is None:
        raise NoJustification(f"there is no feed {feed!r}")
    uuid = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        """
        insert into feed_justification (uuid, feed_id, body, measured, review_on, proposer_id,
                                        proposed_at)
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, row[0], Jsonb(msgspec.to_builtins(body)), Jsonb(await measured(tx.db, int(row[0]))),
         body.review_on, viewer.person_id, now),
    )  # fmt: skip
    _tell(tx, viewer, "propose", uuid, feed, Op.ADD)
    return await get(tx.db, uuid)


async def approve(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> Row:
    """Agree to another person's justification; the one before ends.

    Raises `Denied`, `NoJustification`, `NotInState`, `Refused`.
    """
    viewer.require(Permission.BLOCK_APPROVE)
    found = await get(tx.db, uuid, lock=True)
    if found.approved_at is not None or found.ended_at is not None:
        raise NotInState("it is agreed to or over already")
    if found.proposer_id == viewer.person_id:
        raise Refused(
            f"you wrote the justification of {found.feed}; another person has to agree",
            AuditEntry(actor=viewer.login, action="justification:approve",
                       object=f"feed:{found.feed}", outcome="refused", rule="four_eyes"),
        )  # fmt: skip
    await tx.execute(
        "update feed_justification set ended_at = %s where ended_at is null and approved_at is not"
        " null and feed_id = (select feed_id from feed_justification where id = %s)",
        (now, found.id),
    )
    await tx.execute(
        "update feed_justification set approver_id = %s, approved_at = %s where id = %s",
        (viewer.person_id, now, found.id),
    )
    _tell(tx, viewer, "approve", uuid, found.feed, Op.EDIT)
    return await get(tx.db, uuid)


async def end(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Row:
    """It holds no longer; resolvers that block go on, none may begin. Raises as `approve`."""
    viewer.require(Permission.FEED_MANAGE)
    why = check_text("reason", reason)
    found = await get(tx.db, uuid, lock=True)
    if found.ended_at is not None:
        raise NotInState("it is over already")
    await tx.execute("update feed_justification set ended_at = %s where id = %s", (now, found.id))
    _tell(tx, viewer, "end", uuid, found.feed, Op.EDIT, reason=why)
    return await get(tx.db, uuid)


async def list_all(db: Db, viewer: Viewer) -> list[Row]:
    """All of them, those that hold or wait first. Raises `Denied`."""
    viewer.require(Permission.BLOCK_READ)
    async with db.cursor(row_factory=class_row(Row)) as cursor:
        await cursor.execute(_SELECT + " order by j.ended_at is not null, j.id desc limit 500")
        return await cursor.fetchall()


async def get(db: Db, uuid: UUID, *, lock: bool = False) -> Row:
    """One. Raises `NoJustification`."""
    tail: LiteralString = " for update of j" if lock else ""
    async with db.cursor(row_factory=class_row(Row)) as cursor:
        await cursor.execute(_SELECT + " where j.uuid = %s" + tail, (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoJustification(f"there is no justification {uuid}")
    return found


async def require(db: Db, subscriber_id: int, name: str, except_: Sequence[str] = ()) -> None:
    """Raise `NeedsJustification` unless every feed of a subscriber has one that holds.

    Feeds of `except_` are not asked for: a subscriber that blocks by them already goes on.
    """
    rows = await (
        await db.execute(
            """
            select f.name from subscription s join feed f on f.id = s.feed_id
            where s.subscriber_id = %s and f.name <> all(%s::text[]) and not exists (
              select from feed_justification j
              where j.feed_id = f.id and j.approved_at is not null and j.ended_at is null)
            order by f.name
            """,
            (subscriber_id, list(except_)),
        )
    ).fetchall()
    if rows:
        raise NeedsJustification(name, [row[0] for row in rows])


async def measured(db: Db, feed_id: int) -> dict[str, int]:
    """What the node counts for a feed: blocks that stand, were lifted, were appealed; subscribers."""
    row = await (
        await db.execute(
            """
            select (select count(*) from block b where b.feed_id = %(f)s
                    and b.published_at is not null and b.lifted_at is null),
                   (select count(*) from block b where b.feed_id = %(f)s and b.lifted_at is not null),
                   (select count(*) from appeal a join block b on b.id = a.block_id
                    where b.feed_id = %(f)s),
                   (select count(*) from subscription s join subscriber u on u.id = s.subscriber_id
                    where s.feed_id = %(f)s and u.removed_at is null)
            """,
            {"f": feed_id},
        )
    ).fetchone()
    assert row is not None
    return dict(zip(("blocks", "lifted", "appeals", "subscribers"), map(int, row), strict=True))


def _tell(tx: Tx, viewer: Viewer, what: str, uuid: UUID, feed: str, op: Op, **detail: str) -> None:
    tx.note(Change(kind="justification", subject=uuid, op=op))
    tx.audit(AuditEntry(actor=viewer.login, action=f"justification:{what}", object=f"feed:{feed}",
                        detail=detail))  # fmt: skip
