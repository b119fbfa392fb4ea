"""Messages and their threads, for reading: what was written to whom, and what came back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.message import MessageState, Trust
from zvon.store.party import Db

PAGE = 50
MOST_IN_THREAD = 500


class NoMessage(LookupError):
    """There is no such message, or the viewer may not see it."""


class NoThread(LookupError):
    """There is no such thread, or the viewer may not see it."""


class Stale(ValueError):
    """Somebody changed the message since it was read."""


class Message(Struct, frozen=True, kw_only=True):
    """One message as people see it. `files` are names, types, sizes and hashes; packed."""

    id: int
    uuid: UUID
    direction: str
    state: str
    thread: UUID | None
    incident: UUID | None
    incident_number: str | None
    contact: UUID | None
    contact_name: str | None
    message_id: str
    sender: str
    sender_name: str
    recipients: list[str]
    subject: str
    text: str
    lang: str
    tlp: int
    trust: str
    machine: str
    protection: str
    signature: str
    signer: str
    found_by: str
    reason: str
    files: list[dict[str, Any]]
    said: dict[str, Any]
    template: str
    wording: str
    fields: dict[str, Any]
    takedown: UUID | None
    verdicts: dict[str, str]
    remind: bool
    reminders: int
    attempts: int
    next_at: datetime | None
    by_login: str
    at: datetime
    sent_at: datetime | None
    version: int

    @property
    def verified(self) -> bool:
        """Is it certain who wrote it? Ours always are."""
        return self.direction == "out" or (self.trust != "" and Trust(self.trust).verified)


class Thread(Struct, frozen=True, kw_only=True):
    """Messages that answer each other."""

    uuid: UUID
    subject: str
    incident: UUID | None
    incident_number: str | None
    made_at: datetime
    last_at: datetime
    messages: list[Message]


_SELECT: LiteralString = """
select m.id, m.uuid, m.direction, m.state, t.uuid as thread, i.uuid as incident,
       i.number as incident_number, c.uuid as contact, c.name as contact_name, m.message_id,
       m.sender, m.sender_name, m.recipients, m.subject, m.text, m.lang, m.tlp, m.trust, m.machine,
       m.protection, m.signature, m.signer, m.found_by, m.reason, m.files, m.said, m.template, m.wording, m.fields,
       k.uuid as takedown, m.verdicts, m.remind, m.reminders, m.attempts, m.next_at, m.by_login,
       m.at, m.sent_at, m.version
from message m left join thread t on t.id = m.thread_id left join incident i on i.id = t.incident_id
left join contact c on c.id = m.contact_id left join takedown k on k.id = m.takedown_id
"""


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Message:
    """One message. Raises `Denied`, `NoMessage`."""
    viewer.require(Permission.MESSAGE_READ)
    return await known(db, uuid)


async def known(db: Db, uuid: UUID) -> Message:
    """One message, for our own jobs. Raises `NoMessage`."""
    found = await _some(db, "where m.uuid = %s", (uuid,))
    if not found:
        raise NoMessage(f"there is no message {uuid}")
    return found[0]


async def threads_of(db: Db, viewer: Viewer, incident: UUID) -> list[Thread]:
    """The threads of an incident, the newest first, each with its messages. Raises `Denied`."""
    viewer.require(Permission.MESSAGE_READ)
    rows = await (
        await db.execute(
            """
            select t.uuid, t.subject, i.uuid, i.number, t.made_at, t.last_at
            from thread t join incident i on i.id = t.incident_id
            where i.uuid = %s order by t.last_at desc, t.id desc limit %s
            """,
            (incident, PAGE),
        )
    ).fetchall()
    messages = await _some(
        db, "where i.uuid = %s order by m.at, m.id limit %s", (incident, MOST_IN_THREAD)
    )
    return [_thread(row, [m for m in messages if m.thread == row[0]]) for row in rows]


async def thread(db: Db, viewer: Viewer, uuid: UUID) -> Thread:
    """One thread with its messages. Raises `Denied`, `NoThread`."""
    viewer.require(Permission.MESSAGE_READ)
    row = await (
        await db.execute(
            """
            select t.uuid, t.subject, i.uuid, i.number, t.made_at, t.last_at
            from thread t left join incident i on i.id = t.incident_id where t.uuid = %s
            """,
            (uuid,),
        )
    ).fetchone()
    if row is None:
        raise NoThread(f"there is no thread {uuid}")
    found = await _some(
        db, "where t.uuid = %s order by m.at, m.id limit %s", (uuid, MOST_IN_THREAD)
    )
    return _thread(row, found)


async def waiting(
    db: Db, viewer: Viewer, *, before: datetime | None = None, limit: int = PAGE
) -> list[Message]:
    """Messages that wait for a person, the newest first. Raises `Denied`."""
    viewer.require(Permission.MESSAGE_READ)
    return await _some(
        db,
        "where m.state in ('unthreaded','quarantined','held','unsure','bounced','failed')"
        " and (%(before)s::timestamptz is null or m.at < %(before)s)"
        " order by m.at desc, m.id desc limit %(limit)s",
        {"before": before, "limit": min(limit, PAGE)},
    )


async def newest(
    db: Db, viewer: Viewer, *, before: datetime | None = None, limit: int = PAGE
) -> list[Message]:
    """All messages, the newest first; `before` is the time of the last one seen. Raises `Denied`."""
    viewer.require(Permission.MESSAGE_READ)
    return await _some(
        db,
        "where (%(before)s::timestamptz is null or m.at < %(before)s)"
        " order by m.at desc, m.id desc limit %(limit)s",
        {"before": before, "limit": min(limit, PAGE)},
    )


async def state_of(db: Db, uuid: UUID) -> MessageState:
    """Where a message stands, for our own jobs. Raises `NoMessage`."""
    row = await (await db.execute("select state from message where uuid = %s", (uuid,))).fetchone()
    if row is None:
        raise NoMessage(f"there is no message {uuid}")
    return MessageState(row[0])


async def answered(db: Db, uuid: UUID) -> bool:
    """Did somebody who is who he says answer in the thread, and no machine? For our own jobs."""
    row = await (
        await db.execute(
            """
            select exists (
              select from message a where a.thread_id = m.thread_id and a.direction = 'in'
              and a.trust in ('signed', 'authenticated') and a.machine = ''
              and a.at >= coalesce(m.sent_at, m.at))
            from message m where m.uuid = %s
            """,
            (uuid,),
        )
    ).fetchone()
    if row is None:
        raise NoMessage(f"there is no message {uuid}")
    return bool(row[0])


async def _some(db: Db, rest: LiteralString, params: Any) -> list[Message]:
    async with db.cursor(row_factory=class_row(Message)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()


def _thread(row: Sequence[Any], messages: list[Message]) -> Thread:
    uuid, subject, incident, number, made_at, last_at = row
    return Thread(uuid=uuid, subject=subject, incident=incident, incident_number=number,
                  made_at=made_at, last_at=last_at, messages=messages)  # fmt: skip
