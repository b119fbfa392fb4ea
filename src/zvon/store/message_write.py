"""Letters that playbooks and our own jobs have sent: queued once for what they are sent for."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from zvon.formats.letter_text import BadTemplate
from zvon.jobs import enqueue
from zvon.store import message_template
from zvon.store.contact import Contact
from zvon.store.message_row import BadMessage, NoIncident, Random, insert, new_thread, recipient
from zvon.store.message_template import COMMON, PLACES, NoTemplate
from zvon.store.transaction import Tx
from zvon.store.url_rule import HOST_GONE, PAGE_GONE

MAX_FIELD = 50_000


async def queue_notice(
    tx: Tx, *, incident_id: int, address: str | None = None, contact_uuid: UUID | None = None,
    template: str, fields: Mapping[str, str | int], key: str, by: str, lang: str | None = None,
    remind: bool = True, takedown_id: int | None = None, now: datetime, random: Random,
) -> UUID:  # fmt: skip
    """Have a letter about an incident sent to a contact or an address; the message's identifier.

    For playbooks and our own jobs. `key` says what it is sent for: the same key is the same
    message, and it is sent once. The gate runs when it is sent, and what it stops is `held`.
    Raises `NoTemplate`, `BadTemplate`, `BadContact`, `NoContact`, `NoIncident`.
    """
    if not 1 <= len(key) <= 300:
        raise BadMessage("key: 1 to 300 characters")
    row = await (await tx.execute("select uuid from message where once = %s", (key,))).fetchone()
    if row is not None:
        return UUID(str(row[0]))
    if template not in PLACES:
        raise NoTemplate(f"no template {template!r}")
    for name, value in fields.items():
        if name not in PLACES[template]:
            raise BadTemplate(f"{{{name}}}: the template {template} has no such place")
        if isinstance(value, str) and (len(value) > MAX_FIELD or "\x00" in value):
            raise BadTemplate(f"{{{name}}}: at most {MAX_FIELD} characters that can be stored")
    found = await (
        await tx.execute(
            "select i.record_id, i.number, r.tlp from incident i join record r on r.id = i.record_id"
            " where i.id = %s",
            (incident_id,),
        )
    ).fetchone()
    if found is None:
        raise NoIncident("there is no such incident")
    to = await recipient(tx, contact_uuid, address, lang or "en", now, random)
    speaks = lang or to.lang
    filled = {name: "" for name in PLACES[template] if name != "count"} | dict(fields)
    wording = await message_template.current(tx.db, template, speaks)
    known_fields = {**dict.fromkeys(COMMON, ""), "number": found[1], "count": 0, **filled}
    subject, _ = wording.fill(known_fields)
    thread_id = await new_thread(tx, subject, incident_id, int(found[0]), now, random)
    uuid = await insert(
        tx, state="queued", thread_id=thread_id, record_id=int(found[0]), to=to, tlp=int(found[2]),
        subject="", lang=speaks, template=template, fields=filled, remind=remind, once=key,
        answers="", by=by, now=now, random=random, takedown_id=takedown_id,
    )  # fmt: skip
    await enqueue(tx, "share.mail", {"message": str(uuid)}, dedupe=f"share.mail:{uuid}")
    return uuid


async def queue_grouped(
    tx: Tx, to: Contact, *, template: str, fields: Mapping[str, str | int], key: str, tlp: int,
    record_id: int | None, remind: bool = True, now: datetime, random: Random,
) -> UUID:  # fmt: skip
    """Have a notice of several facts sent to a contact, once for `key`; the message's identifier."""
    row = await (await tx.execute("select uuid from message where once = %s", (key,))).fetchone()
    if row is not None:
        return UUID(str(row[0]))
    wording = await message_template.current(tx.db, template, to.lang)
    subject, _ = wording.fill({**dict.fromkeys(COMMON, ""), **fields})
    thread_id = await new_thread(tx, subject, None, record_id, now, random)
    uuid = await insert(
        tx, state="queued", thread_id=thread_id, record_id=record_id, to=to, tlp=tlp, subject="",
        lang=to.lang, template=template, fields=fields, remind=remind, once=key, answers="",
        by="system", now=now, random=random,
    )  # fmt: skip
    await enqueue(tx, "share.mail", {"message": str(uuid)}, dedupe=f"share.mail:{uuid}")
    return uuid


async def queue_reminders(
    tx: Tx, hours: list[int], now: datetime, random: Random, most: int = 200
) -> int:
    """Remind those who were written to and did not answer; how many letters were queued.

    A letter without an answer is followed up once for each of `hours` after it was sent, in its own
    thread. An answer counts when its sender is known for certain; a machine's never does. Of a page
    that is gone nobody is reminded, by a letter of a takedown or by a notice.
    """
    rows = await (
        await tx.execute(
            """
            select m.id, m.uuid, m.thread_id, m.record_id, m.tlp, m.lang, m.subject, m.sent_at,
                   m.reminders, m.message_id, c.uuid
            from message m join contact c on c.id = m.contact_id
            where m.direction = 'out' and m.remind and m.state in ('sent', 'delivered')
              and m.reminders < %(count)s and c.state = 'active'
              and m.sent_at + make_interval(hours => (%(hours)s::int[])[m.reminders + 1]) <= %(now)s
              and not exists (select from message a where a.thread_id = m.thread_id
                and a.direction = 'in' and a.trust in ('signed', 'authenticated') and a.machine = '')
              and not exists (select from takedown k where k.id = m.takedown_id
                and k.gone_at is not null)
              and not (
                exists (select from notice n join notice_fact f on f.notice_id = n.id
                  join url_rule u on u.incident_id = f.incident_id
                  where n.message_id = m.id and u.lift_reason = any(%(gone)s))
                and not exists (select from notice n join notice_fact f on f.notice_id = n.id
                  join url_rule u on u.incident_id = f.incident_id
                  where n.message_id = m.id and u.state in ('proposed', 'published')))
            order by m.sent_at, m.id limit %(most)s for update of m skip locked
            """,
            {
                "count": len(hours),
                "hours": hours,
                "now": now,
                "most": most,
                "gone": [HOST_GONE, PAGE_GONE],
            },
        )
    ).fetchall()
    for (
        number,
        uuid,
        thread,
        record,
        tlp,
        lang,
        subject,
        sent_at,
        done,
        answers,
        contact_uuid,
    ) in rows:
        to = await recipient(tx, contact_uuid, None, lang, now, random)
        made = await insert(
            tx, state="queued", thread_id=thread, record_id=record, to=to, tlp=tlp, subject="",
            lang=lang, template="reminder",
            fields={"sent": sent_at.date().isoformat(), "about": subject}, remind=False,
            once=f"reminder:{uuid}:{done + 1}", answers=answers, by="system", now=now, random=random,
        )  # fmt: skip
        await tx.execute("update message set reminders = reminders + 1 where id = %s", (number,))
        await enqueue(tx, "share.mail", {"message": str(made)}, dedupe=f"share.mail:{made}")
    return len(rows)
