"""The queue of messages that leave, for the one who sends them: claimed, handed over, ended.

A message is claimed for a while. Until `handed` is committed a try may be repeated; after it only
an answer of the mail server ends it, and without one a person decides (`unsure`), because a
message must never go out twice by itself.
"""

from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct, structs
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from zvon.model.message import MessageState
from zvon.store import contact_change
from zvon.store.incident_row import timeline
from zvon.store.transaction import Change, Op, Tx


class Lost(RuntimeError):
    """The claim ran out, or somebody else ended it: nothing more may be done with this try."""


class Claim(Struct, frozen=True, kw_only=True):
    """One message that is being sent. `reference` is of its thread; `machine`: no person wrote it."""

    id: int
    uuid: UUID
    n: int
    thread_id: int
    ref: str
    incident_id: int | None
    incident_number: str | None
    record_id: int | None
    tlp: int
    pap: int
    contact_id: int
    contact_name: str
    address: str
    clearance: int
    encrypt: bool
    pgp_cert: bytes | None
    smime_cert: bytes | None
    channel: str
    message_id: str
    in_reply_to: str
    lang: str
    template: str
    fields: dict[str, Any]
    verdicts: dict[str, str]
    takedown: UUID | None
    machine: bool
    queued_at: datetime
    by_login: str


_CLAIM: LiteralString = """
select m.id, m.uuid, m.attempts + 1 as n, m.thread_id, t.ref, t.incident_id,
       i.number as incident_number, t.record_id,
       greatest(coalesce(r.tlp, m.tlp), m.tlp) as tlp, coalesce(r.pap, 1) as pap, c.id as contact_id,
       c.name as contact_name, m.recipients[1] as address, c.tlp as clearance, c.encrypt,
       c.pgp_cert, c.smime_cert, c.channel, m.message_id, m.in_reply_to, m.lang,
       m.template, m.fields, m.verdicts, k.uuid as takedown, m.once is not null as machine,
       m.at as queued_at, m.by_login
from message m join thread t on t.id = m.thread_id join contact c on c.id = m.contact_id
left join incident i on i.id = t.incident_id left join record r on r.id = t.record_id
left join takedown k on k.id = m.takedown_id
"""


async def claim(
    tx: Tx, now: datetime, lease: timedelta, message_id: str, *, uuid: UUID | None = None
) -> Claim | None:
    """The next message that is due, or the one asked for when it is; `None` when there is none.

    `message_id` becomes its Message-ID when it has none yet: every try carries the same.
    """
    async with tx.db.cursor(row_factory=class_row(Claim)) as cursor:
        await cursor.execute(
            _CLAIM + "where m.direction = 'out' and m.state = 'queued' and m.next_at <= %(now)s"
            " and (%(uuid)s::uuid is null or m.uuid = %(uuid)s)"
            " order by m.next_at, m.id limit 1 for update of m skip locked",
            {"now": now, "uuid": uuid},
        )
        found = await cursor.fetchone()
    if found is None:
        return None
    await tx.execute(
        "update message set state = 'sending', attempts = %s, next_at = %s,"
        " message_id = case when message_id = '' then %s else message_id end,"
        " version = version + 1 where id = %s",
        (found.n, now + lease, message_id, found.id),
    )
    await tx.execute(
        "insert into message_attempt (message_id, n, begun_at) values (%s, %s, %s)"
        " on conflict (message_id, n) do update set begun_at = excluded.begun_at,"
        " handed_at = null, ended_at = null, code = null, answer = ''",
        (found.id, found.n, now),
    )
    return found if found.message_id else structs.replace(found, message_id=message_id)


async def sent_by_machine(tx: Tx, address: str, since: datetime) -> int:
    """How many letters that no person wrote went to an address since then."""
    row = await (
        await tx.execute(
            "select count(*) from message where direction = 'out' and once is not null"
            " and sent_at > %s and recipients = array[%s::text]",
            (since, address),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def handed(
    tx: Tx, it: Claim, now: datetime, *, sender: str, subject: str, text: str, wording: str,
    protection: str,
) -> None:  # fmt: skip
    """What is handed over now, as it is sent. Raises `Lost`."""
    done = await tx.execute(
        """
        update message set sender = %s, subject = %s, text = %s, wording = %s, protection = %s,
          version = version + 1 where id = %s and state = 'sending' and attempts = %s
        """,
        (sender, subject, text, wording, protection, it.id, it.n),
    )
    if done.rowcount != 1:
        raise Lost(str(it.uuid))
    await tx.execute(
        "update message_attempt set handed_at = %s where message_id = %s and n = %s",
        (now, it.id, it.n),
    )


async def ended(
    tx: Tx, it: Claim, state: MessageState, now: datetime, *, code: int | None = None,
    answer: str = "", again_at: datetime | None = None, counted: bool = True,
) -> None:  # fmt: skip
    """How a try ended; `again_at` is when a queued one is tried again. Raises `Lost`.

    A try that is not `counted` never reached the mail server.
    """
    sent = state is MessageState.SENT
    done = await tx.execute(
        """
        update message set state = %(state)s, next_at = %(again)s, reason = %(answer)s,
          attempts = case when %(counted)s then attempts else attempts - 1 end,
          sent_at = case when %(sent)s then %(now)s else sent_at end,
          ended_at = case when %(queued)s then null else %(now)s end, version = version + 1
        where id = %(id)s and state = 'sending' and attempts = %(n)s
        """,
        {"state": state.value, "again": again_at, "answer": "" if sent else answer[:500],
         "counted": counted, "sent": sent, "now": now, "queued": state is MessageState.QUEUED,
         "id": it.id, "n": it.n},
    )  # fmt: skip
    if done.rowcount != 1:
        raise Lost(str(it.uuid))
    await tx.execute(
        "update message_attempt set ended_at = %s, code = %s, answer = %s"
        " where message_id = %s and n = %s",
        (now, code, answer[:500], it.id, it.n),
    )
    if state is MessageState.QUEUED:
        return
    tx.note(Change(kind="message", subject=it.uuid, op=Op.EDIT, record_id=it.record_id))
    if state is MessageState.BOUNCED:
        await contact_change.bounced(tx, it.contact_id, answer, now)
    if it.incident_id is not None:
        await timeline(tx, it.incident_id, "message", it.by_login, f"MESSAGE_{state.value.upper()}",
                       {"to": it.contact_name}, now)  # fmt: skip


async def expired(tx: Tx, now: datetime) -> int:
    """Claims that ran out: back into the queue, or `unsure` when they were handed over."""
    done = await tx.execute(
        """
        update message m set next_at = case when a.handed_at is null then %(now)s::timestamptz end,
          state = case when a.handed_at is null then 'queued' else 'unsure' end,
          reason = case when a.handed_at is null then '' else 'NO_ANSWER' end,
          attempts = case when a.handed_at is null then attempts - 1 else attempts end,
          version = version + 1
        from message_attempt a
        where a.message_id = m.id and a.n = m.attempts and m.direction = 'out'
          and m.state = 'sending' and m.next_at <= %(now)s
        """,
        {"now": now},
    )
    return done.rowcount


async def as_claimed(db: AsyncConnection[TupleRow], uuid: UUID) -> Claim | None:
    """A letter as it would be claimed now, to look at; nothing is claimed."""
    async with db.cursor(row_factory=class_row(Claim)) as cursor:
        await cursor.execute(_CLAIM + "where m.direction = 'out' and m.uuid = %s", (uuid,))
        return await cursor.fetchone()
