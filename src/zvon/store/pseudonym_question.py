"""Questions about pseudonyms: what partners ask about ours, and what we ask about theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.transaction import Change, Op, Tx

PAGE = 100


class Question(Struct, frozen=True, kw_only=True):
    """One question. `ours`: we made the pseudonym and are asked; else we ask `peer`."""

    uuid: UUID
    ours: bool
    peer: UUID
    peer_name: str
    group: UUID
    token: str
    question: str
    state: str
    answer: str
    at: datetime
    by: str | None
    sent_at: datetime | None
    answered_at: datetime | None


class NoQuestion(LookupError):
    """No question of this kind has the identifier."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"no question {uuid}")


_SELECT: LiteralString = """
select q.uuid, q.ours, q.peer, coalesce(p.name, '') as peer_name, q.group_uuid as group, q.token,
       q.question, q.state, q.answer, q.at, w.login as by, q.sent_at, q.answered_at
from pseudonym_question q left join peer p on p.uuid = q.peer
left join person w on w.id = coalesce(q.asked_by, q.answered_by)
"""


async def newest(
    db: Db, viewer: Viewer, *, state: str | None = None, limit: int = PAGE
) -> list[Question]:
    """Questions to us and by us, newest first. Raises `Denied`."""
    viewer.require(Permission.SHARE_READ)
    return await _many(
        db, _SELECT + "where %s::text is null or q.state = %s order by q.at desc, q.id desc limit %s",
        (state, state, limit),
    )  # fmt: skip


async def lock(tx: Tx, uuid: UUID) -> Question:
    """A question to us, locked. Raises `NoQuestion`."""
    found = await _many(tx.db, _SELECT + "where q.uuid = %s and q.ours for update of q", (uuid,))
    if not found:
        raise NoQuestion(uuid)
    return found[0]


async def put(
    tx: Tx, *, uuid: UUID, ours: bool, peer: UUID, group_uuid: UUID, token: str, question: str,
    now: datetime, asked_by: int | None = None, state: str = "open", answer: str = "",
) -> bool:  # fmt: skip
    """Write a question down; false when it is there already."""
    done = await tx.execute(
        "insert into pseudonym_question (uuid, ours, peer, group_uuid, token, question, state,"
        " answer, at, asked_by, answered_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
        (uuid, ours, peer, group_uuid, token, question, state, answer, now, asked_by,
         None if state == "open" else now),
    )  # fmt: skip
    if done.rowcount:
        tx.note(Change(kind="pseudonym_question", subject=uuid, op=Op.ADD))
    return done.rowcount == 1


async def settle(
    tx: Tx, uuid: UUID, *, ours: bool, state: str, answer: str, now: datetime,
    person_id: int | None = None,
) -> bool:  # fmt: skip
    """Write the answer to an open question, or that it is refused; false when it was settled."""
    done = await tx.execute(
        "update pseudonym_question set state = %s, answer = %s, answered_at = %s, answered_by = %s"
        " where uuid = %s and ours = %s and state = 'open'",
        (state, answer, now, person_id, uuid, ours),
    )
    if done.rowcount:
        tx.note(Change(kind="pseudonym_question", subject=uuid, op=Op.EDIT))
    return done.rowcount == 1


async def origin_of(db: Db, group_uuid: UUID, token: str) -> UUID | None:
    """The partner in whose feed of a group the pseudonym stands, or `None`."""
    row = await (
        await db.execute(
            "select origin from feed_entry where group_uuid = %s and state <> 'own'"
            " and position(%s::bytea in body) > 0 order by at desc limit 1",
            (group_uuid, token.encode()),
        )
    ).fetchone()
    return None if row is None else row[0]


async def open_of(db: Db, peer: UUID, *, ours: bool) -> list[Question]:
    """Open questions between us and a partner, oldest first."""
    return await _many(
        db, _SELECT + "where q.peer = %s and q.ours = %s and q.state = 'open' order by q.id",
        (peer, ours),
    )  # fmt: skip


async def asked_peers(db: Db) -> list[UUID]:
    """Partners of whom we wait for an answer."""
    found = await db.execute(
        "select distinct peer from pseudonym_question where not ours and state = 'open'"
    )
    return [row[0] for row in await found.fetchall()]


async def settled(db: Db, peer: UUID, group_uuid: UUID, uuids: Sequence[UUID]) -> list[Question]:
    """Those of a partner's questions to us in a group that are not open any more."""
    return await _many(
        db, _SELECT + "where q.ours and q.peer = %s and q.group_uuid = %s and q.uuid = any(%s)"
        " and q.state <> 'open' order by q.id",
        (peer, group_uuid, list(uuids)),
    )  # fmt: skip


async def sent(tx: Tx, uuids: Sequence[UUID], now: datetime) -> None:
    """The originator took these questions of ours."""
    await tx.execute(
        "update pseudonym_question set sent_at = %s where uuid = any(%s) and not ours",
        (now, list(uuids)),
    )


async def _many(db: Db, query: LiteralString, params: tuple[object, ...]) -> list[Question]:
    async with db.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchall()
