"""Mail that came in answer to ours: kept first, read after, and put where it belongs.

What a mail says of itself never moves anything but itself. A bounce counts with the code that only
we can make and the identifier of the letter; an answer counts when its sender is certain.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import enqueue
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.lifecycle import IllegalMove
from zvon.model.message import MessageState, Trust
from zvon.store import contact_change, notice, raw
from zvon.store.incident_row import timeline
from zvon.store.message import Message, NoMessage, Stale, known
from zvon.store.message_row import NoIncident, Random, new_thread
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

MOST_REASON = 300
_THREAD: LiteralString = """
select t.id, t.incident_id, i.uuid, t.record_id from thread t
left join incident i on i.id = t.incident_id
"""


class Place(Struct, frozen=True, kw_only=True):
    """The thread that a mail belongs to; `by` says how it was found."""

    thread_id: int
    incident_id: int | None
    incident: UUID | None
    record_id: int | None
    by: str


class Party(Struct, frozen=True, kw_only=True):
    """Somebody whom a thread was written to, with the keys that they gave."""

    contact_id: int
    address: str
    pgp_cert: bytes | None
    smime_cert: bytes | None


class Reading(Struct, frozen=True, kw_only=True):
    """What was read in a mail."""

    message_id: str = ""
    in_reply_to: str = ""
    sender: str = ""
    sender_name: str = ""
    recipients: Sequence[str] = ()
    subject: str = ""
    text: str = ""
    lang: str = "en"
    trust: str = Trust.STRANGER.value
    machine: str = ""
    protection: str = ""
    signature: str = ""
    signer: str = ""
    files: Sequence[dict[str, Any]] = ()
    reason: str = ""
    contact_id: int | None = None
    said: Mapping[str, Any] = {}


async def receive(
    tx: Tx, body: bytes, recipients: Sequence[str], now: datetime, random: Random
) -> UUID:
    """Keep a mail as it came and have it read; the same bytes again are the same message."""
    sha = await raw.put(tx, body, "message/rfc822", now)
    uuid = uuid7(now, random(RANDOM_BYTES))
    row = await (
        await tx.execute(
            """
            with made as (
              insert into message (uuid, direction, state, recipients, raw_sha256, at)
              values (%(uuid)s, 'in', 'received', %(to)s, %(sha)s, %(now)s)
              on conflict (raw_sha256) where direction = 'in' do nothing returning uuid)
            select uuid, true from made
            union all select uuid, false from message
            where direction = 'in' and raw_sha256 = %(sha)s limit 1
            """,
            {"uuid": uuid, "to": list(recipients)[:50], "sha": sha, "now": now},
        )
    ).fetchone()
    assert row is not None
    if row[1]:
        await enqueue(tx, "collect.message", {"message": str(row[0])}, dedupe=f"collect.message:{row[0]}")  # fmt: skip
    return UUID(str(row[0]))


async def unread(tx: Tx, uuid: UUID) -> tuple[int, bytes, list[str], datetime] | None:
    """Row, bytes and envelope of a mail that was not read yet, locked; `None` once it was."""
    row = await (
        await tx.execute(
            "select id, raw_sha256, recipients, at from message"
            " where uuid = %s and state = 'received' for update",
            (uuid,),
        )
    ).fetchone()
    if row is None:
        return None
    return int(row[0]), await raw.get(tx.db, bytes(row[1])), list(row[2]), row[3]


async def left_over(db: Db, before: datetime, most: int = 200) -> list[UUID]:
    """Mails that came before then and were not read: their job was lost, or is not done yet."""
    rows = await (
        await db.execute(
            "select uuid from message where state = 'received' and at < %s order by id limit %s",
            (before, most),
        )
    ).fetchall()
    return [row[0] for row in rows]


async def by_ids(db: Db, ids: Sequence[str]) -> Place | None:
    """The thread of the first of these Message-IDs that is one of ours."""
    return await _place(
        db, "join message m on m.thread_id = t.id join unnest(%(ids)s::text[]) with ordinality x(id, n)"
        " on x.id = m.message_id where m.direction = 'out' order by x.n limit 1",
        {"ids": list(ids)}, "references",
    )  # fmt: skip


async def by_ref(db: Db, ref: str, by: str) -> Place | None:
    """The thread with this reference; whoever asks has checked the code beside it."""
    return await _place(db, "where t.ref = %(ref)s", {"ref": ref}, by)


async def parties(db: Db, thread_id: int) -> list[Party]:
    """Those whom the thread was written to."""
    rows = await (
        await db.execute(
            """
            select distinct on (lower(a)) c.id, lower(a), c.pgp_cert, c.smime_cert
            from message m join contact c on c.id = m.contact_id, unnest(m.recipients) a
            where m.thread_id = %s and m.direction = 'out' and m.sent_at is not null
            order by lower(a), m.id desc limit 50
            """,
            (thread_id,),
        )
    ).fetchall()
    return [
        Party(contact_id=row[0], address=row[1], pgp_cert=None if row[2] is None else bytes(row[2]),
              smime_cert=None if row[3] is None else bytes(row[3]))
        for row in rows
    ]  # fmt: skip


async def from_sender(db: Db, sender: str, since: datetime) -> int:
    """How many mails a sender sent since then."""
    row = await (
        await db.execute(
            "select count(*) from message where direction = 'in' and lower(sender) = lower(%s)"
            " and at > %s",
            (sender, since),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def place(
    tx: Tx, id: int, uuid: UUID, state: MessageState, reading: Reading, at: Place | None,
    now: datetime,
) -> None:  # fmt: skip
    """Write down what was read, and where the mail belongs."""
    await tx.execute(
        """
        update message set state = %(state)s, thread_id = %(thread)s, record_id = %(record)s,
          contact_id = %(contact)s, message_id = %(message_id)s, in_reply_to = %(answers)s,
          sender = %(sender)s, sender_name = %(name)s, recipients = %(to)s, subject = %(subject)s,
          text = %(text)s, lang = %(lang)s, trust = %(trust)s, machine = %(machine)s,
          protection = %(protection)s, signature = %(signature)s, signer = %(signer)s,
          files = %(files)s, said = %(said)s, reason = %(reason)s, found_by = %(by)s, version = version + 1,
          tlp = coalesce((select r.tlp from record r where r.id = %(record)s), tlp)
        where id = %(id)s
        """,
        {"id": id, "state": state.value, "thread": at.thread_id if at else None,
         "record": at.record_id if at else None, "contact": reading.contact_id,
         "message_id": reading.message_id, "answers": reading.in_reply_to,
         "sender": reading.sender, "name": reading.sender_name, "to": list(reading.recipients)[:50],
         "subject": reading.subject, "text": reading.text, "lang": reading.lang,
         "trust": reading.trust, "machine": reading.machine, "protection": reading.protection,
         "signature": reading.signature, "signer": reading.signer,
         "files": Jsonb(list(reading.files)), "said": Jsonb(dict(reading.said)), "reason": reading.reason[:MOST_REASON],
         "by": at.by if at else ""},
    )  # fmt: skip
    tx.note(Change(kind="message", subject=uuid, op=Op.ADD,
                   record_id=at.record_id if at else None))  # fmt: skip
    if at is None or state is not MessageState.THREADED:
        return
    await tx.execute(
        "update thread set last_at = greatest(last_at, %s) where id = %s", (now, at.thread_id)
    )
    verified = Trust(reading.trust).verified
    if verified and not reading.machine:
        await notice.answered(tx, at.thread_id)
    if at.incident_id is not None and not reading.machine:
        code = "MESSAGE_RECEIVED" if verified else "MESSAGE_RECEIVED_UNVERIFIED"
        await timeline(tx, at.incident_id, "message", "system", code,
                       {"sender": reading.sender or "?"}, now)  # fmt: skip


async def reported(
    tx: Tx, thread_id: int, message_id: str, action: str, *, lasting: bool, why: str, now: datetime
) -> bool:
    """What a mail server says became of a letter of the thread; true when it changed something."""
    state = {"delivered": "delivered", "failed": "bounced"}.get(action)
    if state is None or (action == "failed" and not lasting):
        return False
    row = await (
        await tx.execute(
            """
            update message m set state = %(state)s, reason = case when %(state)s = 'bounced'
                then %(why)s else reason end, ended_at = %(now)s, version = m.version + 1,
              sent_at = coalesce(m.sent_at, %(now)s)
            from transition x
            where m.thread_id = %(thread)s and m.direction = 'out' and m.message_id = %(id)s
              and x.kind = 'message' and x.old = m.state and x.new = %(state)s
            returning m.uuid, m.contact_id, m.record_id
            """,
            {"state": state, "why": why[:MOST_REASON], "now": now, "thread": thread_id,
             "id": message_id},
        )
    ).fetchone()  # fmt: skip
    if row is None:
        return False
    tx.note(Change(kind="message", subject=row[0], op=Op.EDIT, record_id=row[2]))
    if state == "bounced":
        await contact_change.bounced(tx, int(row[1]), why, now)
    return True


async def complained(tx: Tx, thread_id: int, message_id: str) -> None:
    """Somebody called a letter of ours abuse: nobody is reminded of it."""
    await tx.execute(
        "update message set remind = false where thread_id = %s and message_id = %s"
        " and direction = 'out'",
        (thread_id, message_id),
    )


async def attach(
    tx: Tx, viewer: Viewer, uuid: UUID, version: int, incident: UUID, now: datetime, random: Random
) -> Message:
    """A person says which incident a mail belongs to. `tx` runs as the viewer.

    Raises `Denied`, `NoMessage`, `NoIncident`, `Stale`, `IllegalMove`.
    """
    viewer.require(Permission.MESSAGE_SEND)
    await tx.execute("select from message where uuid = %s for update", (uuid,))
    old = await known(tx.db, uuid)
    if old.version != version:
        raise Stale("the message was changed since you read it")
    if old.direction != "in" or old.state != "unthreaded":
        raise IllegalMove(f"a message that is {old.state} is not attached")
    row = await (
        await tx.execute("select id, record_id from incident where uuid = %s", (incident,))
    ).fetchone()
    if row is None:
        raise NoIncident(f"there is no incident {incident}")
    thread = await new_thread(tx, old.subject, int(row[0]), int(row[1]), now, random)
    await tx.execute(
        "update message set state = 'threaded', thread_id = %s, record_id = %s,"
        " found_by = 'person', version = version + 1 where id = %s",
        (thread, row[1], old.id),
    )
    tx.audit(AuditEntry(actor=viewer.login, action="message:attach", object=f"message:{uuid}",
                        detail={"incident": str(incident)}))  # fmt: skip
    return await known(tx.db, uuid)


async def raw_of(db: Db, uuid: UUID) -> bytes:
    """A mail as it came, for our own work. Raises `NoMessage`, `NoRaw`, `KeyDestroyed`."""
    row = await (
        await db.execute("select raw_sha256 from message where uuid = %s", (uuid,))
    ).fetchone()
    if row is None or row[0] is None:
        raise NoMessage(f"no mail is kept of message {uuid}")
    return await raw.get(db, bytes(row[0]))


async def _place(db: Db, rest: LiteralString, params: dict[str, Any], by: str) -> Place | None:
    row = await (await db.execute(_THREAD + rest, params)).fetchone()
    if row is None:
        return None
    return Place(thread_id=row[0], incident_id=row[1], incident=row[2], record_id=row[3], by=by)
