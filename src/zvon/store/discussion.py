"""What people and partners say about an incident: threads, ten minutes to word it better, tombstones."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Tlp
from zvon.model.mention import handle, named
from zvon.store import comment_share, incident_brief
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

Random = Callable[[int], bytes]
EDITABLE = timedelta(minutes=10)
MAX_TEXT = 10_000
MOST = 1000
"""Comments of one incident that are shown, the oldest first."""


class NoComment(LookupError):
    """There is no such comment, or not for this viewer."""


class BadComment(ValueError):
    """The comment says nothing, too much, or something that cannot be stored."""


class TalkOver(ValueError):
    """The comment was taken back, has left already, or its ten minutes are over."""


class Stale(ValueError):
    """The comment was changed since it was read."""


class NotYours(Refused):
    """Only who wrote a comment changes it or takes it back."""


class Comment(Struct, frozen=True, kw_only=True):
    """One comment. `by` is a login of ours; of a partner it is `origin`, with its signed place.

    A tombstone has `gone_at` and no text. `past` counts earlier wordings.
    """

    id: int
    uuid: UUID
    root: UUID | None
    by: str | None
    name: str
    origin: str | None
    country: str | None
    group_name: str | None
    entry: int | None
    text: str
    at: datetime
    edited_at: datetime | None
    gone_at: datetime | None
    past: int
    version: int
    called: Sequence[str]
    shares: Sequence[dict[str, Any]]


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who may see the incident, and can so be called."""

    id: int
    login: str
    name: str


class Said(Struct, frozen=True, kw_only=True):
    """What became of a comment: its identifier, and the names in it that call nobody."""

    uuid: UUID
    unmatched: tuple[str, ...] = ()


class Wording(Struct, frozen=True, kw_only=True):
    """An earlier wording, and until when it stood."""

    text: str
    until: datetime


class Call(Struct, frozen=True, kw_only=True):
    """A comment that calls the viewer."""

    comment: UUID
    incident: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    by: str
    text: str
    at: datetime
    seen_at: datetime | None


_SELECT: LiteralString = """
select c.id, c.uuid, r.uuid as root, p.login as by, coalesce(p.name, q.name, '') as name,
       q.name as origin, q.country, g.name as group_name, c.entry, c.text, c.at, c.edited_at,
       c.gone_at, (select count(*) from comment_past x where x.comment_id = c.id) as past, c.version,
       array(select h.login from mention n join person h on h.id = n.person_id
             where n.comment_id = c.id order by h.login) as called,
       coalesce((select jsonb_agg(jsonb_build_object('id', s.uuid, 'group', sg.name,
             'state', s.state, 'asked_for', s.asked_for, 'released_by', sp.login,
             'released_at', s.released_at, 'said', s.said) order by s.id)
             from comment_share s join share_group sg on sg.uuid = s.group_uuid
             left join person sp on sp.id = s.released_by where s.comment_id = c.id), '[]') as shares
from comment c left join comment r on r.id = c.root_id left join person p on p.id = c.by_person
left join peer q on q.uuid = c.origin left join share_group g on g.uuid = c.group_uuid
"""


async def of_incident(db: Db, viewer: Viewer, incident_id: int) -> list[Comment]:
    """The talk about an incident, each thread behind its first comment. Raises `Denied`."""
    viewer.require(Permission.INCIDENT_READ)
    return await _select(
        db,
        "where c.incident_id = %(id)s order by coalesce(c.root_id, c.id), c.id limit %(most)s",
        {"id": incident_id, "most": MOST},
    )


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Comment:
    """One comment. Raises `Denied`, `NoComment`."""
    viewer.require(Permission.INCIDENT_READ)
    found = await _select(db, "where c.uuid = %(uuid)s", {"uuid": uuid})
    if not found:
        raise NoComment(f"there is no comment {uuid}")
    return found[0]


async def past(db: Db, viewer: Viewer, uuid: UUID) -> list[Wording]:
    """Earlier wordings, oldest first; of a tombstone only for who may read the audit."""
    found = await get(db, viewer, uuid)
    if found.gone_at is not None:
        viewer.require(Permission.AUDIT_READ)
    async with db.cursor(row_factory=class_row(Wording)) as cursor:
        await cursor.execute(
            "select text, until from comment_past where comment_id = %s order by n", (found.id,)
        )
        return await cursor.fetchall()


async def people(db: Db, viewer: Viewer, incident: UUID) -> list[Person]:
    """Whom a comment on this incident can call: those who may see it. Raises `Denied`, `NotFound`."""
    found = await incident_brief.get(db, viewer, incident)
    return await _seers(db, found.id)


async def say(
    tx: Tx, viewer: Viewer, incident: UUID, text: str, now: datetime, *,
    answers: UUID | None = None, random: Random = os.urandom,
) -> Said:  # fmt: skip
    """Say something; who is called in it finds it, and what partners are called for waits.

    Nothing leaves: a partner's part waits until a person lets it out (`share.discussion`). Raises
    `Denied`, `NotFound`, `NoComment`, `BadComment`.
    """
    viewer.require(Permission.INCIDENT_NOTE)
    said = check_text(text)
    about = await incident_brief.get(tx.db, viewer, incident)
    root = None if answers is None else await _root(tx, answers, about.id)
    uuid = uuid7(now, random(RANDOM_BYTES))
    row = await (
        await tx.execute(
            "insert into comment (uuid, incident_id, root_id, by_person, text, at)"
            " values (%s, %s, %s, %s, %s, %s) returning id",
            (uuid, about.id, root, viewer.person_id, said, now),
        )
    ).fetchone()
    assert row is not None
    comment_id = int(row[0])
    await tx.execute(
        "update mention n set seen_at = %s from comment c where c.id = n.comment_id"
        " and c.incident_id = %s and n.person_id = %s and n.seen_at is null",
        (now, about.id, viewer.person_id),
    )
    unmatched = await _call(tx, viewer, about.id, comment_id, said, now, random)
    await tell(tx, viewer.login, about.id, "say", uuid)
    return Said(uuid=uuid, unmatched=unmatched)


async def reword(
    tx: Tx, viewer: Viewer, uuid: UUID, text: str, *, version: int, now: datetime,
    random: Random = os.urandom,
) -> Said:  # fmt: skip
    """Word one's own comment better, within ten minutes and before it left; the old wording stays.

    Raises `Denied`, `NoComment`, `NotYours`, `TalkOver`, `Stale`, `BadComment`.
    """
    viewer.require(Permission.INCIDENT_NOTE)
    said = check_text(text)
    found = await _lock(tx, viewer, uuid, version)
    if now > found.at + EDITABLE:
        raise TalkOver("ten minutes are over; say it in a new comment")
    if any(share["state"] == "released" for share in found.shares):
        raise TalkOver("it has left to partners as it is; say it in a new comment")
    if said == found.text:
        return Said(uuid=uuid)
    await _keep(tx, found, now)
    await tx.execute(
        "update comment set text = %s, edited_at = %s, version = version + 1 where id = %s",
        (said, now, found.id),
    )
    incident_id = await _incident(tx, found.id)
    unmatched = await _call(tx, viewer, incident_id, found.id, said, now, random)
    await tell(tx, viewer.login, incident_id, "reword", uuid)
    return Said(uuid=uuid, unmatched=unmatched)


async def take_back(tx: Tx, viewer: Viewer, uuid: UUID, *, version: int, now: datetime) -> None:
    """Leave a tombstone in its place. What left of it is taken back by `share.discussion`.

    Raises `Denied`, `NoComment`, `NotYours`, `TalkOver`, `Stale`.
    """
    viewer.require(Permission.INCIDENT_NOTE)
    found = await _lock(tx, viewer, uuid, version)
    await _keep(tx, found, now)
    await tx.execute(
        "update comment set text = '', gone_at = %s, version = version + 1 where id = %s",
        (now, found.id),
    )
    await tx.execute(
        "update comment_share set state = 'dropped' where comment_id = %s and state = 'waiting'",
        (found.id,),
    )
    await tx.execute(
        "update mention set seen_at = coalesce(seen_at, %s) where comment_id = %s", (now, found.id)
    )
    await tell(tx, viewer.login, await _incident(tx, found.id), "take_back", uuid)


async def calls(db: Db, viewer: Viewer, *, seen: bool = False, limit: int = 100) -> list[Call]:
    """Comments that call the viewer, newest first: those not seen yet, or all. Raises `Denied`."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(Call)) as cursor:
        await cursor.execute(
            """
            select c.uuid as comment, i.uuid as incident, i.number, i.title, i.title_params,
                   coalesce(p.name, q.name, '') as by, c.text, c.at, n.seen_at
            from mention n join comment c on c.id = n.comment_id
            join incident i on i.id = c.incident_id left join person p on p.id = c.by_person
            left join peer q on q.uuid = c.origin
            where n.person_id = %(me)s and c.gone_at is null and (%(seen)s or n.seen_at is null)
            order by n.at desc, c.id desc limit %(limit)s
            """,
            {"me": viewer.person_id, "seen": seen, "limit": limit},
        )
        return await cursor.fetchall()


async def mark_seen(tx: Tx, viewer: Viewer, comments: Sequence[UUID], now: datetime) -> int:
    """Take calls off one's own list; how many were on it. Raises `Denied`."""
    viewer.require(Permission.INCIDENT_READ)
    done = await tx.execute(
        "update mention n set seen_at = %s from comment c where c.id = n.comment_id"
        " and c.uuid = any(%s) and n.person_id = %s and n.seen_at is null",
        (now, list(comments), viewer.person_id),
    )
    return done.rowcount


def check_text(text: str) -> str:
    """The text without blanks around it. Raises `BadComment`."""
    clean = text.strip()
    if not 1 <= len(clean) <= MAX_TEXT:
        raise BadComment(f"text: 1 to {MAX_TEXT} characters")
    if "\x00" in clean or any("\ud800" <= c <= "\udfff" for c in clean):
        raise BadComment("text: a character that cannot be stored")
    return clean


async def tell(tx: Tx, actor: str, incident_id: int, act: str, uuid: UUID) -> None:
    """The change log and the audit of a comment; neither holds its words."""
    row = await (
        await tx.execute("select uuid, record_id, tlp from incident where id = %s", (incident_id,))
    ).fetchone()
    assert row is not None
    tx.note(Change(kind="incident", subject=row[0], op=Op.EDIT, record_id=row[1], tlp=Tlp(row[2])))
    tx.audit(AuditEntry(actor=actor, action=f"comment:{act}", object=f"comment:{uuid}",
                        detail={"incident": str(row[0])}))  # fmt: skip


async def _call(
    tx: Tx, viewer: Viewer, incident_id: int, comment_id: int, text: str, now: datetime,
    random: Random,
) -> tuple[str, ...]:  # fmt: skip
    """Put it on the lists of people who are named, ask for what partners are named for."""
    wanted = named(text)
    if not wanted:
        return ()
    known = {handle(person.login): person for person in await _seers(tx.db, incident_id)}
    called = {name: known[name] for name in wanted if name in known}
    await tx.execute(
        "insert into mention (comment_id, person_id, at) select %s, unnest(%s::bigint[]), %s"
        " on conflict do nothing",
        (comment_id, [p.id for p in called.values() if p.id != viewer.person_id], now),
    )
    left = [name for name in wanted if name not in called]
    return await comment_share.ask(tx, incident_id, comment_id, left, now, random)


async def _seers(db: Db, incident_id: int) -> list[Person]:
    """Row security says who sees an incident; this is the same rule for everybody at once."""
    async with db.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(
            """
            select p.id, p.login, p.name from incident i
            cross join person p join party y on y.id = p.party_id
            where i.id = %s and not p.disabled and not p.machine
              and exists (select from person_role x join role r on r.name = x.role
                          where x.person_id = p.id and %s = any (r.permissions))
              and (i.tlp < 4 and i.tlp <= p.tlp_ceiling and (y.own or i.org_id = p.party_id
                   or i.orgc_id = p.party_id or (i.tlp <= 1 and i.group_uuid is null))
                or p.id = any (zvon_named(i.record_id)))
            order by p.name, p.id limit 500
            """,
            (incident_id, Permission.INCIDENT_READ.value),
        )
        return await cursor.fetchall()


async def _root(tx: Tx, uuid: UUID, incident_id: int) -> int:
    row = await (
        await tx.execute(
            "select coalesce(root_id, id) from comment where uuid = %s and incident_id = %s",
            (uuid, incident_id),
        )
    ).fetchone()
    if row is None:
        raise NoComment(f"there is no comment {uuid} on this incident")
    return int(row[0])


async def _lock(tx: Tx, viewer: Viewer, uuid: UUID, version: int) -> Comment:
    await tx.execute("select from comment where uuid = %s for update", (uuid,))
    found = await get(tx.db, viewer, uuid)
    if found.by != viewer.login:
        raise NotYours(
            "only who wrote a comment changes it",
            AuditEntry(actor=viewer.login, action="comment:change", object=f"comment:{uuid}",
                       outcome="refused", rule="author"),
        )  # fmt: skip
    if found.gone_at is not None:
        raise TalkOver("it was taken back")
    if found.version != version:
        raise Stale("the comment was changed in the meantime; look at it again")
    return found


async def _keep(tx: Tx, found: Comment, now: datetime) -> None:
    await tx.execute(
        "insert into comment_past (comment_id, n, text, until) values (%s, %s, %s, %s)",
        (found.id, found.past + 1, found.text, now),
    )


async def _incident(tx: Tx, comment_id: int) -> int:
    row = await (
        await tx.execute("select incident_id from comment where id = %s", (comment_id,))
    ).fetchone()
    assert row is not None
    return int(row[0])


async def _select(db: Db, rest: LiteralString, params: dict[str, Any]) -> list[Comment]:
    async with db.cursor(row_factory=class_row(Comment)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()
