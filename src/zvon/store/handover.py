"""Handovers: what one shift leaves to the next, who took it, and those before."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from psycopg import errors
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Tlp
from zvon.store import change, handover_list, incident_brief
from zvon.store.handover_list import KINDS, Item
from zvon.store.party import Db
from zvon.store.savepoint import savepoint
from zvon.store.transaction import AuditEntry, Change, Op, Tx
from zvon.store.visibility import unseen

Random = Callable[[int], bytes]
FIRST_SPAN = timedelta(hours=12)
"""How far back the very first handover looks."""
MAX_TEXT = 4000
PAGE = 30


class NoHandover(LookupError):
    """There is no such handover, or not for this viewer."""


class NoNote(LookupError):
    """There is no such note on this handover."""


class BadNote(ValueError):
    """The note says nothing, too much, or something that cannot be stored."""


class HandoverOver(ValueError):
    """The handover is not in the state that this needs."""


class Stale(ValueError):
    """Somebody changed the handover since it was read."""


class OwnHandover(Refused):
    """Whoever gave it does not take it."""


class Note(Struct, frozen=True, kw_only=True):
    """What somebody wrote: about a thing of the list (`kind`, `ref`), an incident, or neither."""

    uuid: UUID
    kind: str
    ref: str
    incident: UUID | None
    number: str | None
    tlp: int
    text: str
    by: str
    at: datetime
    edited_at: datetime | None


class Handover(Struct, frozen=True, kw_only=True):
    """A handover: `draft` while it is written, `given` until somebody takes it, then `taken`."""

    id: int
    uuid: UUID
    state: str
    since: datetime
    since_seq: int
    begun_by: str
    begun_at: datetime
    given_by: str | None
    given_at: datetime | None
    to: str | None
    taken_by: str | None
    taken_at: datetime | None
    remark: str
    told_at: datetime | None
    version: int
    notes: tuple[Note, ...] = ()


_SELECT: LiteralString = """
select h.id, h.uuid, h.state, h.since, h.since_seq, b.login as begun_by, h.begun_at,
       g.login as given_by, h.given_at, t.login as to, k.login as taken_by, h.taken_at, h.remark,
       h.told_at, h.version
from handover h join person b on b.id = h.begun_by left join person g on g.id = h.given_by
left join person t on t.id = h.to_person left join person k on k.id = h.taken_by
"""
_NOTES: LiteralString = """
select n.uuid, n.kind, n.ref, i.uuid as incident, i.number, n.tlp, n.text, p.login as by, n.at,
       n.edited_at
from handover_note n join person p on p.id = n.by_person left join incident i on i.id = n.incident_id
where n.handover_id = %s order by n.id
"""


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Handover:
    """One handover with what people wrote. Raises `Denied`, `NoHandover`."""
    viewer.require(Permission.INCIDENT_READ)
    found = await _select(db, "where h.uuid = %(uuid)s", {"uuid": uuid})
    if not found:
        raise NoHandover(f"there is no handover {uuid}")
    return await _with_notes(db, found[0])


async def current(db: Db, viewer: Viewer) -> Handover | None:
    """The draft that is written now, if there is one. Raises `Denied`."""
    viewer.require(Permission.INCIDENT_READ)
    found = await _select(db, "where h.state = 'draft'", {})
    return await _with_notes(db, found[0]) if found else None


async def waiting(db: Db, viewer: Viewer) -> list[Handover]:
    """Those that were given and nobody took, oldest first. Raises `Denied`."""
    viewer.require(Permission.INCIDENT_READ)
    return await _select(db, "where h.state = 'given' order by h.given_at limit 50", {})


async def before(
    db: Db, viewer: Viewer, *, until: datetime | None = None, limit: int = PAGE
) -> list[Handover]:
    """Those that were given, newest first; `until` is when the last one seen was given."""
    viewer.require(Permission.INCIDENT_READ)
    return await _select(
        db,
        "where h.given_at is not null and (%(until)s::timestamptz is null or h.given_at < %(until)s)"
        " order by h.given_at desc limit %(limit)s",
        {"until": until, "limit": limit},
    )


async def items(db: Db, viewer: Viewer, of: Handover, now: datetime) -> list[Item]:
    """The list as the viewer may see it: of now while it is a draft, else as it was given."""
    viewer.require(Permission.INCIDENT_READ)
    if of.state == "draft":
        return await handover_list.now_open(db, viewer, since=of.since, seq=of.since_seq, now=now)
    rows = await (
        await db.execute("select kind, ref from handover_item where handover_id = %s", (of.id,))
    ).fetchall()
    refs: dict[str, list[str]] = {}
    for kind, ref in rows:
        refs.setdefault(kind, []).append(ref)
    return await handover_list.of_refs(db, viewer, dict(refs))


async def begin(tx: Tx, viewer: Viewer, now: datetime, *, random: Random = os.urandom) -> UUID:
    """Begin to write; the draft that is there already is everybody's. Raises `Denied`."""
    viewer.require(Permission.HANDOVER_WRITE)
    known = await _select(tx.db, "where h.state = 'draft'", {})
    if known:
        return known[0].uuid
    last = await (
        await tx.execute(
            "select given_at, given_seq from handover where given_at is not null"
            " order by given_at desc limit 1"
        )
    ).fetchone()
    since, seq = (last[0], int(last[1])) if last else (now - FIRST_SPAN, 0)
    uuid = uuid7(now, random(RANDOM_BYTES))
    try:
        async with savepoint(tx):
            await tx.execute(
                "insert into handover (uuid, since, since_seq, begun_by, begun_at)"
                " values (%s, %s, %s, %s, %s)",
                (uuid, since, seq, viewer.person_id, now),
            )
    except errors.UniqueViolation:  # somebody began at the same moment
        return (await _select(tx.db, "where h.state = 'draft'", {}))[0].uuid
    _tell(tx, viewer, "begin", uuid, Op.ADD)
    return uuid


async def put_note(
    tx: Tx, viewer: Viewer, uuid: UUID, text: str, now: datetime, *, kind: str = "", ref: str = "",
    incident: UUID | None = None, tlp: Tlp = Tlp.AMBER, random: Random = os.urandom,
) -> UUID:  # fmt: skip
    """Write something for the next shift, about a thing of the list or an incident if it is.

    Raises `Denied`, `NoHandover`, `HandoverOver`, `BadNote`, `NotFound`.
    """
    viewer.require(Permission.HANDOVER_WRITE)
    said = check_text(text)
    if tlp > Tlp.AMBER_STRICT or tlp > viewer.tlp_ceiling:
        raise BadNote("tlp: at most TLP:AMBER+STRICT, and not above what you may read yourself")
    if bool(kind) != bool(ref) or (kind and kind not in KINDS):
        raise BadNote("kind and ref name one thing of the list, or are both empty")
    found = await _lock(tx, uuid, "draft")
    about = None if incident is None else await incident_brief.get(tx.db, viewer, incident)
    incident_id = None if about is None else about.id
    if kind:
        known = [
            i for i in await items(tx.db, viewer, found, now) if (i.kind, i.ref) == (kind, ref)
        ]
        if not known:
            raise BadNote("this thing is not on the list, or not for you")
        incident_id = known[0].incident_id
    made = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        "insert into handover_note (uuid, handover_id, kind, ref, incident_id, tlp, text, by_person,"
        " at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (made, found.id, kind, ref, incident_id, int(tlp), said, viewer.person_id, now),
    )
    _tell(tx, viewer, "note", uuid, Op.EDIT, note=str(made))
    return made


async def edit_note(
    tx: Tx, viewer: Viewer, uuid: UUID, note: UUID, text: str, now: datetime
) -> None:
    """Word a note anew; an empty text takes it away. Raises as `put_note`, and `NoNote`."""
    viewer.require(Permission.HANDOVER_WRITE)
    found = await _lock(tx, uuid, "draft")
    if text.strip():
        done = await tx.execute(
            "update handover_note set text = %s, edited_at = %s, by_person = %s"
            " where handover_id = %s and uuid = %s",
            (check_text(text), now, viewer.person_id, found.id, note),
        )
    else:
        done = await tx.execute(
            "delete from handover_note where handover_id = %s and uuid = %s", (found.id, note)
        )
    if not done.rowcount:
        raise NoNote(f"there is no note {note}")
    _tell(tx, viewer, "note", uuid, Op.EDIT, note=str(note))


async def give(
    tx: Tx, viewer: Viewer, uuid: UUID, *, version: int, to: str | None, now: datetime
) -> None:
    """Give it over, to one person or to whoever comes; the list is frozen as it stands for everybody.

    Raises `Denied`, `NoHandover`, `HandoverOver`, `Stale`, `BadNote`, `OwnHandover`.
    """
    viewer.require(Permission.HANDOVER_WRITE)
    found = await _lock(tx, uuid, "draft", version)
    to_id = None if to is None else await _receiver(tx, to)
    if to_id == viewer.person_id:
        raise OwnHandover("give it to somebody else, or to whoever comes")
    async with unseen(tx, viewer):
        whole = await handover_list.now_open(
            tx.db, None, since=found.since, seq=found.since_seq, now=now
        )
        await tx.execute(
            "insert into handover_item (handover_id, kind, ref, incident_id, at)"
            " select %s, k, r, i, a from unnest(%s::text[], %s::text[], %s::bigint[],"
            " %s::timestamptz[]) x(k, r, i, a) on conflict do nothing",
            (found.id, [i.kind for i in whole], [i.ref for i in whole],
             [i.incident_id for i in whole], [i.at for i in whole]),
        )  # fmt: skip
    await tx.execute(
        "update handover set state = 'given', given_by = %s, given_at = %s, given_seq = %s,"
        " to_person = %s, version = version + 1 where id = %s",
        (viewer.person_id, now, await change.head(tx.db), to_id, found.id),
    )
    _tell(tx, viewer, "give", uuid, Op.PUBLISH, to=to or "")


async def take(
    tx: Tx, viewer: Viewer, uuid: UUID, *, version: int, remark: str, now: datetime
) -> None:
    """Take it on. Raises `Denied`, `NoHandover`, `HandoverOver`, `Stale`, `OwnHandover`, `BadNote`."""
    viewer.require(Permission.HANDOVER_WRITE)
    found = await _lock(tx, uuid, "given", version)
    if found.given_by == viewer.login:
        raise OwnHandover(
            "you gave it; another person takes it",
            AuditEntry(actor=viewer.login, action="handover:take", object=f"handover:{uuid}",
                       outcome="refused", rule="four_eyes"),
        )  # fmt: skip
    said = check_text(remark) if remark.strip() else ""
    await tx.execute(
        "update handover set state = 'taken', taken_by = %s, taken_at = %s, remark = %s,"
        " version = version + 1 where id = %s",
        (viewer.person_id, now, said, found.id),
    )
    _tell(tx, viewer, "take", uuid, Op.EDIT)


async def untaken(tx: Tx, before_: datetime) -> list[Handover]:
    """Those given before then that nobody took and nobody was told of, locked."""
    return await _select(
        tx.db,
        "where h.state = 'given' and h.told_at is null and h.given_at <= %(before)s"
        " order by h.given_at limit 20 for update of h skip locked",
        {"before": before_},
    )


async def told(tx: Tx, handover_id: int, now: datetime) -> None:
    """Write down that the leads were told."""
    await tx.execute("update handover set told_at = %s where id = %s", (now, handover_id))


def check_text(text: str) -> str:
    """The text without blanks around it. Raises `BadNote`."""
    clean = text.strip()
    if not 1 <= len(clean) <= MAX_TEXT:
        raise BadNote(f"text: 1 to {MAX_TEXT} characters")
    if "\x00" in clean or any("\ud800" <= c <= "\udfff" for c in clean):
        raise BadNote("text: a character that cannot be stored")
    return clean


async def _receiver(tx: Tx, login: str) -> int:
    row = await (
        await tx.execute(
            """
            select p.id from person p where p.login = %s and not p.disabled and not p.machine
              and exists (select from person_role x join role r on r.name = x.role
                          where x.person_id = p.id and %s = any (r.permissions))
            """,
            (login, Permission.HANDOVER_WRITE.value),
        )
    ).fetchone()
    if row is None:
        raise BadNote(f"to: nobody who takes handovers has the login {login!r}")
    return int(row[0])


async def _lock(tx: Tx, uuid: UUID, state: str, version: int | None = None) -> Handover:
    found = await _select(tx.db, "where h.uuid = %(uuid)s for update of h", {"uuid": uuid})
    if not found:
        raise NoHandover(f"there is no handover {uuid}")
    if found[0].state != state:
        raise HandoverOver(f"this handover is {found[0].state}, not {state}")
    if version is not None and version != found[0].version:
        raise Stale("the handover was changed in the meantime; look at it again")
    return found[0]


async def _select(db: Db, rest: LiteralString, params: dict[str, Any]) -> list[Handover]:
    async with db.cursor(row_factory=class_row(Handover)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()


async def _with_notes(db: Db, found: Handover) -> Handover:
    async with db.cursor(row_factory=class_row(Note)) as cursor:
        await cursor.execute(_NOTES, (found.id,))
        return replace(found, notes=tuple(await cursor.fetchall()))


def _tell(tx: Tx, viewer: Viewer, act: str, uuid: UUID, op: Op, **detail: str) -> None:
    tx.note(Change(kind="handover", subject=uuid, op=op))
    tx.audit(AuditEntry(actor=viewer.login, action=f"handover:{act}", object=f"handover:{uuid}",
                        detail=dict(detail)))  # fmt: skip
