"""One message row of ours and the thread that it stands in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from zvon.formats.mail_token import REF_BYTES, reference, without_mark
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import contact, contact_change
from zvon.store.contact import Contact
from zvon.store.transaction import Change, Op, Tx

MAX_SUBJECT = 300
Random = Callable[[int], bytes]


class BadMessage(ValueError):
    """A field of the message cannot be used; says which and why."""


class NoIncident(LookupError):
    """There is no such incident, or the viewer may not see it."""


async def new_thread(
    tx: Tx, subject: str, incident_id: int | None, record_id: int | None, now: datetime,
    random: Random,
) -> int:  # fmt: skip
    """Begin a thread; its id."""
    row = await (
        await tx.execute(
            """
            insert into thread (uuid, ref, incident_id, record_id, subject, made_at, last_at)
            values (%s, %s, %s, %s, %s, %s, %s) returning id
            """,
            (uuid7(now, random(RANDOM_BYTES)), reference(random(REF_BYTES)), incident_id,
             record_id, without_mark(subject)[:MAX_SUBJECT], now, now),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


async def recipient(
    tx: Tx, contact_uuid: UUID | None, address: str | None, lang: str, now: datetime, random: Random
) -> Contact:
    """The contact that a message goes to; an address that nobody knows becomes one."""
    if (contact_uuid is None) == (address is None):
        raise BadMessage("contact, address: one of the two")
    if contact_uuid is not None:
        found = await contact.known(tx.db, contact_uuid)
        if found.state == "ended":
            raise BadMessage("contact: it was ended")
        return found
    assert address is not None
    return await contact_change.for_address(
        tx, address, source="typed", kind="other", lang=lang, now=now, random=random
    )


async def insert(
    tx: Tx, *, state: str, thread_id: int, record_id: int | None, to: Contact, tlp: int,
    subject: str, lang: str, template: str, fields: Mapping[str, Any], remind: bool,
    once: str | None, answers: str, by: str, now: datetime, random: Random,
    takedown_id: int | None = None,
) -> UUID:  # fmt: skip
    """Keep a message; its identifier."""
    uuid = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        """
        insert into message (uuid, direction, state, thread_id, record_id, contact_id, in_reply_to,
          recipients, subject, lang, tlp, template, fields, remind, once, takedown_id, next_at,
          by_login, at)
        values (%s, 'out', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, state, thread_id, record_id, to.id, answers, [to.address], subject, lang, tlp,
         template, Jsonb(dict(fields)), remind, once, takedown_id, now, by, now),
    )  # fmt: skip
    await tx.execute("update thread set last_at = %s where id = %s", (now, thread_id))
    tx.note(Change(kind="message", subject=uuid, op=Op.ADD, record_id=record_id))
    return uuid
