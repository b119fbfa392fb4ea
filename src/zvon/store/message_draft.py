"""Messages that people write: a draft, its way into the queue, and a word on one that waits.

Nothing leaves here. `share` takes from the queue and sends what the gate lets out.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import enqueue
from zvon.locale import LANGS
from zvon.model.lifecycle import IllegalMove
from zvon.model.message import MESSAGE_MOVES, MessageState
from zvon.store.message import Message, NoThread, Stale, known
from zvon.store.message_row import (
    MAX_SUBJECT,
    BadMessage,
    NoIncident,
    Random,
    insert,
    new_thread,
    recipient,
)
from zvon.store.message_template import PLACES, NoTemplate
from zvon.store.transaction import AuditEntry, Change, Op, Tx

MAX_TEXT = 50_000
PLACE = re.compile(r"[\w.-]{1,100}:\d{1,7}:\d{1,7}")
WORDS = frozenset({"keep", "hide"})


class Draft(Struct, frozen=True, kw_only=True):
    """A message as a person writes it: to a contact or an address, in a thread or a new one."""

    subject: str
    text: str
    lang: str
    contact: UUID | None = None
    address: str | None = None
    incident: UUID | None = None
    thread: UUID | None = None
    answers: UUID | None = None
    template: str = "letter"
    remind: bool = False


async def draft(tx: Tx, viewer: Viewer, new: Draft, now: datetime, random: Random) -> UUID:
    """Keep a draft; its identifier. `tx` runs as the viewer.

    Raises `Denied`, `BadMessage`, `NoContact`, `NoIncident`, `NoThread`, `NoTemplate`.
    """
    viewer.require(Permission.MESSAGE_SEND)
    _checked(new.subject, new.text, new.lang)
    if new.template not in PLACES or "text" not in PLACES[new.template]:
        raise NoTemplate(f"no template {new.template!r} takes a text")
    to = await recipient(tx, new.contact, new.address, new.lang, now, random)
    thread_id, record_id, tlp = await _thread(tx, new, now, random)
    answered = None if new.answers is None else await known(tx.db, new.answers)
    uuid = await insert(
        tx, state="draft", thread_id=thread_id, record_id=record_id, to=to, tlp=tlp,
        subject=new.subject.strip(), lang=new.lang, template=new.template,
        fields={"subject": new.subject.strip(), "text": new.text.strip(), "values": "", "what": ""}, remind=new.remind, once=None,
        answers=answered.message_id if answered else "", by=viewer.login, now=now, random=random,
    )  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action=Permission.MESSAGE_SEND,
                        object=f"message:{uuid}", detail={"draft": True}))  # fmt: skip
    return uuid


async def edit(
    tx: Tx, viewer: Viewer, uuid: UUID, version: int, *, subject: str | None = None,
    text: str | None = None, verdicts: Mapping[str, str] | None = None,
) -> Message:  # fmt: skip
    """Change a draft or one that the gate holds; `verdicts` say `keep` or `hide` for places.

    Raises `Denied`, `NoMessage`, `Stale`, `IllegalMove`, `BadMessage`.
    """
    viewer.require(Permission.MESSAGE_SEND)
    old = await _lock(tx, uuid, version)
    if old.direction != "out" or old.state not in {"draft", "held"}:
        raise IllegalMove(f"a message that is {old.state} cannot be changed")
    for place, word in (verdicts or {}).items():
        if not PLACE.fullmatch(place) or word not in WORDS:
            raise BadMessage("verdicts: `part:start:end` to `keep` or `hide`")
    if text is not None:
        _checked(subject or old.subject, text, old.lang)
    await tx.execute(
        """
        update message set subject = coalesce(%(subject)s, subject),
          fields = case when %(text)s::text is null then fields
                   else fields || jsonb_build_object('text', %(text)s::text) end
            || case when %(subject)s::text is null then '{}'::jsonb
               else jsonb_build_object('subject', %(subject)s::text) end,
          verdicts = case when %(text)s::text is null then verdicts else '{}' end || %(verdicts)s,
          version = version + 1
        where id = %(id)s
        """,
        {"id": old.id, "subject": None if subject is None else subject.strip(),
         "text": None if text is None else text.strip(), "verdicts": Jsonb(dict(verdicts or {}))},
    )  # fmt: skip
    return await known(tx.db, uuid)


async def move(
    tx: Tx, viewer: Viewer, uuid: UUID, version: int, to: MessageState, now: datetime
) -> Message:
    """A person's word on a message: `queued` sends it (again), `cancelled`, `handled`, or `sent`
    for one of which nobody knows whether it was taken.

    Raises `Denied`, `NoMessage`, `Stale`, `IllegalMove`.
    """
    viewer.require(Permission.MESSAGE_SEND)
    old = await _lock(tx, uuid, version)
    state = MessageState(old.state)
    by_people = {MessageState.QUEUED, MessageState.CANCELLED, MessageState.HANDLED, MessageState.SENT}  # fmt: skip
    if to not in by_people or to not in MESSAGE_MOVES[state] or state is MessageState.SENDING:
        raise IllegalMove(f"a message that is {state} cannot become {to}")
    if to is MessageState.SENT and state is not MessageState.UNSURE:
        raise IllegalMove("only what was handed over can be called sent")
    await tx.execute(
        "update message set state = %s, next_at = %s, reason = case when %s then '' else reason end,"
        " attempts = case when %s and state = 'failed' then 0 else attempts end,"
        " ended_at = case when %s then %s else ended_at end, version = version + 1 where id = %s",
        (to.value, now, to is MessageState.QUEUED, to is MessageState.QUEUED,
         to is not MessageState.QUEUED, now, old.id),
    )  # fmt: skip
    if to is MessageState.QUEUED:
        await enqueue(tx, "share.mail", {"message": str(uuid)}, dedupe=f"share.mail:{uuid}:{version}")  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action=Permission.MESSAGE_SEND,
                        object=f"message:{uuid}", detail={"from": state.value, "to": to.value}))  # fmt: skip
    tx.note(Change(kind="message", subject=uuid, op=Op.EDIT))
    return await known(tx.db, uuid)


async def _thread(tx: Tx, new: Draft, now: datetime, random: Random) -> tuple[int, int | None, int]:
    """Thread, record and marking of a draft."""
    if new.thread is not None:
        row = await (
            await tx.execute(
                "select t.id, t.record_id, coalesce(r.tlp, 2) from thread t"
                " left join record r on r.id = t.record_id where t.uuid = %s",
                (new.thread,),
            )
        ).fetchone()
        if row is None:
            raise NoThread(f"there is no thread {new.thread}")
        return int(row[0]), row[1], int(row[2])
    incident_id, record_id, tlp = None, None, 2
    if new.incident is not None:
        row = await (
            await tx.execute(
                "select i.id, i.record_id, i.tlp from incident i where i.uuid = %s", (new.incident,)
            )
        ).fetchone()
        if row is None:
            raise NoIncident(f"there is no incident {new.incident}")
        incident_id, record_id, tlp = int(row[0]), int(row[1]), int(row[2])
    made = await new_thread(tx, new.subject, incident_id, record_id, now, random)
    return made, record_id, tlp


async def _lock(tx: Tx, uuid: UUID, version: int) -> Message:
    await tx.execute("select from message where uuid = %s for update", (uuid,))
    found = await known(tx.db, uuid)
    if found.version != version:
        raise Stale("the message was changed since you read it")
    return found


def _checked(subject: str, text: str, lang: str) -> None:
    if lang not in LANGS:
        raise BadMessage(f"lang: one of {', '.join(LANGS)}")
    for field, value, most in (("subject", subject, MAX_SUBJECT), ("text", text, MAX_TEXT)):
        if not 1 <= len(value.strip()) <= most:
            raise BadMessage(f"{field}: 1 to {most} characters")
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise BadMessage(f"{field}: a character that cannot be stored")
    if any(c in subject for c in "\r\n"):
        raise BadMessage("subject: one line")
