"""Grouped notices: what a contact is to be told, gathered, looked at once by a person, and sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.lifecycle import IllegalMove
from zvon.model.mail_policy import Notices
from zvon.store import contact
from zvon.store.message_row import NoIncident, Random
from zvon.store.message_write import queue_grouped
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

PAGE = 100


class NoNotice(LookupError):
    """There is no such notice."""


class Fact(Struct, frozen=True, kw_only=True):
    """One thing of theirs that a contact is told."""

    of_class: str
    value: str
    type: str
    incident_number: str | None
    count: int
    first_at: datetime
    last_at: datetime


class Notice(Struct, frozen=True, kw_only=True):
    """A notice to one contact of one class; `message` is the letter that it became."""

    id: int
    uuid: UUID
    contact: UUID
    contact_name: str
    of_class: str
    state: str
    facts: int
    first_at: datetime
    last_at: datetime
    message: UUID | None
    message_state: str | None
    version: int


_SELECT: LiteralString = """
select n.id, n.uuid, c.uuid as contact, c.name as contact_name, n.class as of_class, n.state,
       (select count(*) from notice_fact f where f.notice_id = n.id)::int as facts, n.first_at,
       n.last_at, m.uuid as message, m.state as message_state, n.version
from notice n join contact c on c.id = n.contact_id left join message m on m.id = n.message_id
"""
_FACTS: LiteralString = """
select f.class as of_class, f.value, f.type, i.number as incident_number, f.count, f.first_at, f.last_at
from notice_fact f left join incident i on i.id = f.incident_id
"""


async def add(
    tx: Tx, contact_id: int, of_class: str, values: Sequence[tuple[str, str]], *,
    incident_id: int | None, again: timedelta, now: datetime, random: Random,
) -> int:  # fmt: skip
    """Gather things of a contact (value, type) to tell them; how many are new.

    What they were told within `again` only counts on. A class that they do not want is not
    gathered.
    """
    row = await (
        await tx.execute(
            "select exists (select from contact_feed where contact_id = %s and class = %s"
            " and not wanted)",
            (contact_id, of_class),
        )
    ).fetchone()
    if not values or row is None or row[0]:
        return 0
    opened = await _open(tx, contact_id, of_class, now, random)
    pairs = sorted(dict(values).items())
    done = await (
        await tx.execute(
            """
            insert into notice_fact as f
              (contact_id, class, value, type, incident_id, notice_id, first_at, last_at)
            select %(contact)s, %(class)s, v, t, %(incident)s, %(notice)s, %(now)s, %(now)s
            from unnest(%(values)s::text[], %(types)s::text[]) x(v, t)
            on conflict (contact_id, class, value) do update set
              count = case when f.last_at < %(old)s then 1 else f.count + 1 end,
              notice_id = case when f.last_at < %(old)s then excluded.notice_id else f.notice_id end,
              incident_id = case when f.last_at < %(old)s then excluded.incident_id else f.incident_id end,
              first_at = case when f.last_at < %(old)s then excluded.first_at else f.first_at end,
              last_at = excluded.last_at
            returning f.count = 1 and f.notice_id = %(notice)s
            """,
            {"contact": contact_id, "class": of_class, "incident": incident_id, "notice": opened,
             "now": now, "old": now - again, "values": [v for v, _ in pairs],
             "types": [t for _, t in pairs]},
        )
    ).fetchall()  # fmt: skip
    fresh = sum(bool(each[0]) for each in done)
    if fresh:
        await tx.execute("update notice set last_at = %s where id = %s", (now, opened))
    else:
        await tx.execute(
            "delete from notice n where n.id = %s and not exists"
            " (select from notice_fact f where f.notice_id = n.id)",
            (opened,),
        )
    return fresh


async def send_due(tx: Tx, policy: Notices, now: datetime, random: Random, most: int = 200) -> int:
    """Send the notices whose time has come, or lay them before a person; how many were sent.

    The first of a class to a contact, with a wording, waits until a person has looked at it.
    """
    urgent = [each.id for each in policy.classes if each.urgent]
    rows = await (
        await tx.execute(
            """
            select n.id, n.contact_id, n.class,
                   exists (select from notice_consent k where k.contact_id = n.contact_id
                           and k.class = n.class and k.template = t.template) as agreed
            from notice n join contact c on c.id = n.contact_id
            join unnest(%(classes)s::text[], %(templates)s::text[]) t(class, template)
              on t.class = n.class
            left join lateral (select max(m.at) as at from notice s join message m on m.id = s.message_id
                               where s.contact_id = n.contact_id and s.class = n.class) last on true
            where n.state = 'gathering' and c.state = 'active'
              and (n.class = any (%(urgent)s)
                   or (coalesce(last.at + make_interval(secs => c.every_s) <= %(now)s, true)
                       and (n.last_at + make_interval(secs => %(quiet)s) <= %(now)s
                            or n.first_at + make_interval(secs => c.every_s) <= %(now)s)))
            order by n.id limit %(most)s for update of n skip locked
            """,
            {"classes": [c.id for c in policy.classes],
             "templates": [c.template for c in policy.classes], "urgent": urgent,
             "quiet": policy.quiet, "now": now, "most": most},
        )
    ).fetchall()  # fmt: skip
    sent = 0
    for number, _contact, _class, agreed in rows:
        if agreed:
            await _send(tx, number, policy, now, random)
            sent += 1
        else:
            await tx.execute(
                "update notice set state = 'review', version = version + 1 where id = %s",
                (number,),
            )
    return sent


async def confirm(
    tx: Tx, viewer: Viewer, uuid: UUID, policy: Notices, now: datetime, random: Random
) -> Notice:
    """A person has looked at a notice: it goes, and later ones of its class go by themselves.

    Raises `Denied`, `NoNotice`, `IllegalMove`.
    """
    viewer.require(Permission.MESSAGE_SEND)
    found = await _known(tx.db, uuid, lock=True)
    if found.state not in {"gathering", "review"}:
        raise IllegalMove(f"a notice that is {found.state} is not waiting")
    await tx.execute(
        "insert into notice_consent (contact_id, class, template, by_person, at)"
        " select n.contact_id, n.class, %s, %s, %s from notice n where n.id = %s"
        " on conflict do nothing",
        (policy.of(found.of_class).template, viewer.person_id, now, found.id),
    )
    await _send(tx, found.id, policy, now, random)
    tx.audit(AuditEntry(actor=viewer.login, action="message:confirm", object=f"notice:{uuid}",
                        detail={"class": found.of_class, "facts": found.facts}))  # fmt: skip
    return await _known(tx.db, uuid)


async def drop(tx: Tx, viewer: Viewer, uuid: UUID) -> Notice:
    """Do not send a notice; its facts count as told. Raises `Denied`, `NoNotice`, `IllegalMove`."""
    viewer.require(Permission.MESSAGE_SEND)
    found = await _known(tx.db, uuid, lock=True)
    if found.state not in {"gathering", "review"}:
        raise IllegalMove(f"a notice that is {found.state} is not waiting")
    await tx.execute(
        "update notice set state = 'dropped', version = version + 1 where id = %s", (found.id,)
    )
    tx.audit(AuditEntry(actor=viewer.login, action="message:drop", object=f"notice:{uuid}"))
    return await _known(tx.db, uuid)


async def about(db: Db, incident: UUID) -> tuple[int, str, str | None]:
    """Row, number and category of an incident that a notice is to tell of. Raises `NoIncident`."""
    row = await (
        await db.execute("select id, number, category from incident where uuid = %s", (incident,))
    ).fetchone()
    if row is None:
        raise NoIncident(f"there is no incident {incident}")
    return int(row[0]), str(row[1]), row[2]


async def waiting(db: Db, viewer: Viewer) -> list[Notice]:
    """Notices that are gathered or wait for a person, the oldest first. Raises `Denied`."""
    viewer.require(Permission.MESSAGE_READ)
    return await _some(
        db, "where n.state in ('gathering', 'review') order by n.state desc, n.id limit %s", (PAGE,)
    )


async def done(
    db: Db, viewer: Viewer, before: UUID | None = None, limit: int = PAGE
) -> list[Notice]:
    """Notices that were sent or dropped, the newest first; `before` is the last of a page.

    Raises `Denied`.
    """
    viewer.require(Permission.MESSAGE_READ)
    return await _some(
        db,
        "where n.state not in ('gathering', 'review') and (%s::uuid is null or n.id <"
        " (select b.id from notice b where b.uuid = %s)) order by n.id desc limit %s",
        (before, before, limit),
    )


async def get(db: Db, viewer: Viewer, uuid: UUID) -> tuple[Notice, list[Fact]]:
    """One notice and what it tells. Raises `Denied`, `NoNotice`."""
    viewer.require(Permission.MESSAGE_READ)
    found = await _known(db, uuid)
    return found, await _facts(db, "where f.notice_id = %s order by f.value", found.id)


async def facts_of_message(db: Db, message_id: int) -> list[Fact]:
    """What a letter tells, for our own work."""
    return await _facts(
        db,
        "join notice n on n.id = f.notice_id where n.message_id = %s order by f.value",
        message_id,
    )


async def answered(tx: Tx, thread_id: int) -> None:
    """A person answered a notice, and it is certain that they are who they say; idempotent."""
    await tx.execute(
        "update notice n set state = 'answered', version = n.version + 1 from message m"
        " where m.id = n.message_id and m.thread_id = %s and n.state = 'sent'",
        (thread_id,),
    )


async def _open(tx: Tx, contact_id: int, of_class: str, now: datetime, random: Random) -> int:
    """The notice of the class that is being gathered; one that a person looks at grows too."""
    await tx.execute(
        """
        insert into notice (uuid, contact_id, class, first_at, last_at) values (%s, %s, %s, %s, %s)
        on conflict (contact_id, class) where state in ('gathering', 'review') do nothing
        """,
        (uuid7(now, random(RANDOM_BYTES)), contact_id, of_class, now, now),
    )
    row = await (
        await tx.execute(
            "select id from notice where contact_id = %s and class = %s"
            " and state in ('gathering', 'review') for update",
            (contact_id, of_class),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def _send(tx: Tx, id: int, policy: Notices, now: datetime, random: Random) -> None:
    row = await (
        await tx.execute(
            """
            select n.uuid, n.contact_id, n.class, count(f.id)::int, min(f.first_at), max(f.last_at),
                   coalesce(max(i.tlp), 1), (array_agg(i.record_id order by i.tlp desc nulls last))[1]
            from notice n join notice_fact f on f.notice_id = n.id
            left join incident i on i.id = f.incident_id where n.id = %s group by n.id
            """,
            (id,),
        )
    ).fetchone()
    if row is None:
        return
    uuid, contact_id, of_class, count, first, last, tlp, record_id = row
    to = await contact.by_id(tx.db, contact_id)
    made = await queue_grouped(
        tx, to, template=policy.of(of_class).template,
        fields={"class": of_class, "count": count, "since": first.date().isoformat(),
                "until": last.date().isoformat()},
        key=f"notice:{uuid}", tlp=tlp, record_id=record_id, now=now, random=random,
    )  # fmt: skip
    await tx.execute(
        "update notice set state = 'sent', version = version + 1,"
        " message_id = (select id from message where uuid = %s) where id = %s",
        (made, id),
    )
    tx.note(Change(kind="notice", subject=uuid, op=Op.PUBLISH))


async def _known(db: Db, uuid: UUID, *, lock: bool = False) -> Notice:
    found = await _some(db, "where n.uuid = %s" + (" for update of n" if lock else ""), (uuid,))
    if not found:
        raise NoNotice(f"there is no notice {uuid}")
    return found[0]


async def _some(db: Db, rest: LiteralString, params: tuple[object, ...]) -> list[Notice]:
    async with db.cursor(row_factory=class_row(Notice)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()


async def _facts(db: Db, rest: LiteralString, id: int) -> list[Fact]:
    async with db.cursor(row_factory=class_row(Fact)) as cursor:
        await cursor.execute(_FACTS + rest, (id,))
        return await cursor.fetchall()
