"""What takes two people: one asks with a reason, another one agrees or not, and then it is done."""

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.incident_life import Act
from zvon.store import incident_decision as decision
from zvon.store.block_eyes import check_text
from zvon.store.incident_decision import Current
from zvon.store.party import Db
from zvon.store.savepoint import savepoint
from zvon.store.transaction import AuditEntry, Tx


class NoQuestion(LookupError):
    """There is no such question for a second person, or not for this viewer."""


class AskedAlready(ValueError):
    """A second person was asked this already."""


class Answered(ValueError):
    """The question was answered, or the incident has changed since it was asked."""


class OwnQuestion(Refused):
    """Whoever asked cannot agree."""


class Question(Struct, frozen=True, kw_only=True):
    """What one person asks another to agree to. `stands` is false when the incident changed since."""

    id: int
    uuid: UUID
    incident: UUID
    number: str
    act: str
    body: dict[str, Any]
    reason: str
    asked_by: str
    asked_at: datetime
    person: str | None
    agrees: bool | None
    answer: str
    at: datetime | None
    stands: bool


async def ask(
    tx: Tx,
    viewer: Viewer,
    current: Current,
    act: Act,
    body: dict[str, Any],
    reason: str,
    now: datetime,
    random: Callable[[int], bytes] = os.urandom,
) -> UUID:
    """Put a question to a second person. One that no longer stands makes way. Raises `AskedAlready`."""
    await tx.execute(
        """
        update countersign c set agrees = false, person_id = %s, at = %s, answer = ''
        where incident_id = %s and act = %s and agrees is null and not countersign_stands(c)
        """,
        (viewer.person_id, now, current.id, act.value),
    )
    uuid = uuid7(now, random(RANDOM_BYTES))
    try:
        async with savepoint(tx):
            await tx.execute(
                """
                insert into countersign (uuid, incident_id, act, body, reason, asked_by, asked_at,
                                         version) values (%s, %s, %s, %s, %s, %s, %s, %s)
                """,
                (uuid, current.id, act.value, Jsonb(body), reason, viewer.person_id, now,
                 current.version),
            )  # fmt: skip
    except UniqueViolation:
        raise AskedAlready("a second person was asked already and has not answered") from None
    await decision.tell(tx, viewer, current, "second", f"SECOND_ASKED_{act.name}", reason, now)
    return uuid


_SELECT = """
select c.id, c.uuid, i.uuid as incident, i.number, c.act, c.body, c.reason, a.login as asked_by,
       c.asked_at, p.login as person, c.agrees, c.answer, c.at,
       countersign_stands(c) as stands
from countersign c join incident i on i.id = c.incident_id join person a on a.id = c.asked_by
left join person p on p.id = c.person_id
"""


async def lock(tx: Tx, viewer: Viewer, uuid: UUID) -> tuple[Question, Current]:
    """The question and its incident, both locked, for an answer.

    Raises `Denied`, `NoQuestion`, `Answered`.
    """
    viewer.require(Permission.INCIDENT_SETTLE)
    asked = await one(tx.db, uuid)
    current = await decision.lock(tx, asked.incident)
    asked = await one(tx.db, uuid)  # as it is now that nobody else can change it
    if asked.agrees is not None:
        raise Answered("it was answered already")
    if not asked.stands:
        raise Answered("the incident has changed since it was asked; look at it again")
    return asked, current


async def put_answer(
    tx: Tx, viewer: Viewer, asked: Question, current: Current, *, agrees: bool, answer: str,
    now: datetime,
) -> None:  # fmt: skip
    """Write the answer of the second person. Raises `OwnQuestion` for the one who asked."""
    if agrees and asked.asked_by == viewer.login:
        raise OwnQuestion(
            "you asked for it; another person has to agree",
            AuditEntry(actor=viewer.login, action=f"incident:{asked.act}",
                       object=f"incident:{current.number}", outcome="refused", rule="four_eyes"),
        )  # fmt: skip
    text = check_text("reason", answer) if answer or not agrees else ""
    await tx.execute(
        """
        update countersign set agrees = %s, person_id = %s, answer = %s, at = %s, version = %s
        where id = %s
        """,
        (agrees, viewer.person_id, text, now, current.version, asked.id),
    )
    code = f"SECOND_{'AGREED' if agrees else 'REFUSED'}"
    await decision.tell(tx, viewer, current, "second", code, text, now, who=asked.asked_by)


async def one(db: Db, uuid: UUID) -> Question:
    """One question. Raises `NoQuestion`."""
    async with db.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute(_SELECT + "where c.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoQuestion(f"there is no such question: {uuid}")
    return found


async def of_incident(db: Db, incident_id: int) -> list[Question]:
    """The questions of an incident, newest first."""
    async with db.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute(
            _SELECT + "where c.incident_id = %s order by c.id desc limit 50", (incident_id,)
        )
        return await cursor.fetchall()


async def waiting(db: Db, viewer: Viewer, most: int = 200) -> list[Question]:
    """Questions that still stand, oldest first. Raises `Denied`."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute(
            _SELECT + "where c.agrees is null and countersign_stands(c) order by c.id limit %s",
            (most,),
        )
        return await cursor.fetchall()
