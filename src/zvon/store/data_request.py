"""Requests of people about their data (GDPR, Articles 12 to 21): number, clock, steps, sealed identifiers."""

import hashlib
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.seal import NONCE_BYTES, seal, unseal
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.privacy.subject import Identifier, identifier, pattern
from zvon.store.block_eyes import check_text
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

Kind = Literal["access", "rectification", "erasure", "restriction", "objection"]
MOST = 500
MOST_GIVEN = 20
SALT_BYTES = 32
MONTHS, EXTENDED_MONTHS = 1, 3  # GDPR, Article 12(3)
SOON = timedelta(days=7)


class NoDataRequest(LookupError):
    """There is no such request."""


class BadDataRequest(ValueError):
    """The request cannot be as given; says which field."""


class NotInStep(ValueError):
    """The request is not in the state that this step needs."""

    def __init__(self, number: str, state: str, wanted: Sequence[str]) -> None:
        super().__init__(f"{number} is {state}; this needs {' or '.join(wanted)}")


class Given(Struct, frozen=True, kw_only=True):
    """An identifier as the person gave it."""

    kind: str
    text: str

    def __repr__(self) -> str:
        return f"Given({self.kind})"


class Subject(Struct, frozen=True, kw_only=True):
    """Who asks: how to reach them, the identifiers that they gave, and the salt of the commitment."""

    contact: str
    given: list[Given]
    lang: str
    salt: bytes

    def __repr__(self) -> str:
        return "Subject(…)"

    @property
    def identifiers(self) -> list[Identifier]:
        """The canonical forms."""
        return [identifier(each.kind, each.text, self.lang) for each in self.given]

    @property
    def pattern(self) -> str:
        """A regular expression that finds any of them in a text."""
        return "|".join(f"({pattern(each.kind, each.text)})" for each in self.given)


class DataRequest(Struct, frozen=True, kw_only=True):
    """A request as people see it. `found` and `done` are by class of data.

    `due_at` is one month after receipt; `until` is what holds, with an extension.
    """

    id: int
    uuid: UUID
    number: str
    kind: Kind
    country: str
    lang: str
    state: str
    has_subject: bool
    found: dict[str, int]
    done: dict[str, Any]
    reason: str
    received_at: datetime
    due_at: datetime
    extended_until: datetime | None
    extension_reason: str
    identified_by: str | None
    answered_by: str | None
    answered_at: datetime | None

    @property
    def until(self) -> datetime:
        """When it has to be answered."""
        return self.extended_until or self.due_at

    def overdue(self, now: datetime) -> bool:
        """True when it should be answered and is not."""
        return self.state not in {"answered", "refused"} and self.until <= now


class Step(Struct, frozen=True, kw_only=True):
    """What was done about a request. Its detail names nobody."""

    code: str
    detail: dict[str, Any]
    by_login: str
    at: datetime


def months_after(moment: datetime, months: int) -> datetime:
    """The same day `months` later, or the last day of that month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


async def add(
    tx: Tx, viewer: Viewer, *, kind: Kind, country: str, lang: str, contact: str,
    given: Sequence[Given], received_at: datetime, now: datetime, key: bytes,
    random: Callable[[int], bytes],
) -> DataRequest:  # fmt: skip
    """Take a request in; its identifiers are sealed with the node key until it is closed.

    The audit holds a salted commitment to them; the salt is sealed with them, and gone with them.
    Raises `Denied`, `BadDataRequest`, `privacy.subject.BadIdentifier`.
    """
    viewer.require(Permission.DATA_REQUEST_MANAGE)
    if not 1 <= len(given) <= MOST_GIVEN:
        raise BadDataRequest(f"identifiers: 1 to {MOST_GIVEN}")
    if not now - timedelta(days=366) <= received_at <= now:
        raise BadDataRequest("received_at: within the last year, and not in the future")
    if len(contact) > 1000 or "\x00" in contact:
        raise BadDataRequest("contact: at most 1000 characters that can be stored")
    subject = Subject(contact=contact.encode("utf-8", "replace").decode(), given=list(given),
                      lang=lang, salt=random(SALT_BYTES))  # fmt: skip
    commitment = _commitment(subject)
    uuid = uuid7(now, random(RANDOM_BYTES))
    drawn = await (await tx.execute("select nextval('data_request_number')")).fetchone()
    assert drawn is not None
    number = spoken("D", now.year, int(drawn[0]))
    sealed = seal(key, _purpose(uuid), msgspec.json.encode(subject), random(NONCE_BYTES))
    await tx.execute(
        """
        insert into data_request (uuid, number, kind, country, lang, subject_sealed, received_at,
                                  due_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, number, kind, country, lang, sealed, received_at,
         months_after(received_at, MONTHS)),
    )  # fmt: skip
    made = await _by_uuid(tx.db, uuid)
    await _note(tx, made, "RECEIVED", {"identifiers": len(given), "commitment": commitment},
                viewer.login, now)  # fmt: skip
    return made


async def identify(tx: Tx, viewer: Viewer, uuid: UUID, how: str, now: datetime) -> DataRequest:
    """Say how it was made sure who asks; that stays with the request and is not in the audit.

    Raises `Denied`, `NoDataRequest`, `NotInStep`.
    """
    found = await _locked(tx, viewer, uuid, "received")
    why = check_text("how", how)
    await tx.execute(
        "update data_request set state = 'identified', identified_by = %s where id = %s",
        (viewer.person_id, found.id),
    )
    await _note(tx, found, "IDENTIFIED", {"how": why}, viewer.login, now)
    return await _by_uuid(tx.db, uuid)


async def extend(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> DataRequest:
    """Take two months more, once, while the first is not over (Article 12(3)).

    Raises `Denied`, `NoDataRequest`, `NotInStep`, `BadDataRequest`.
    """
    found = await _locked(tx, viewer, uuid, "received", "identified", "searched")
    why = check_text("reason", reason)
    if found.extended_until is not None:
        raise BadDataRequest("the time was extended already")
    if now > found.due_at:
        raise BadDataRequest("the time can be extended only within the first month")
    await tx.execute(
        "update data_request set extended_until = %s, extension_reason = %s, warned = ''"
        " where id = %s",
        (months_after(found.received_at, EXTENDED_MONTHS), why, found.id),
    )
    await _note(tx, found, "EXTENDED", {}, viewer.login, now)
    return await _by_uuid(tx.db, uuid)


async def searched(tx: Tx, uuid: UUID, found: Mapping[str, int], by: str, now: datetime) -> None:
    """Write how much stands where. Raises `NotInStep`."""
    request = await _in_state(tx, uuid, "identified", "searched")
    await tx.execute(
        "update data_request set state = 'searched', found = %s where id = %s",
        (Jsonb(dict(found)), request.id),
    )
    await _note(tx, request, "SEARCHED", {"found": dict(found)}, by, now)


async def answer(
    tx: Tx, viewer: Viewer, uuid: UUID, *, granted: bool, reason: str, now: datetime
) -> DataRequest:
    """Close a request with what was told the person; its identifiers are erased.

    An erasure is closed by `erased`, when all is gone. Raises as `identify`.
    """
    states = ("identified", "searched") if granted else ("received", "identified", "searched")
    found = await _locked(tx, viewer, uuid, *states)
    if granted and found.kind == "erasure":
        raise NotInStep(found.number, found.state, ("erasing",))
    why = check_text("reason", reason)
    await tx.execute(
        """
        update data_request set state = %s, reason = %s, answered_by = %s, answered_at = %s,
          subject_sealed = null where id = %s
        """,
        ("answered" if granted else "refused", why, viewer.person_id, now, found.id),
    )
    await _note(tx, found, "ANSWERED" if granted else "REFUSED", {}, viewer.login, now)
    return await _by_uuid(tx.db, uuid)


async def begin_erasing(
    tx: Tx, viewer: Viewer, uuid: UUID, *, except_for: Mapping[str, str], reason: str, now: datetime
) -> DataRequest:
    """Have a person's data erased, except in the classes named, each with its reason.

    Raises as `identify`, and `BadDataRequest` for a request of another kind.
    """
    found = await _locked(tx, viewer, uuid, "searched")
    if found.kind not in {"erasure", "objection"}:
        raise BadDataRequest("only a request for erasure, or an objection, erases")
    why = check_text("reason", reason)
    kept = {of_class: {"kept": check_text(of_class, said)} for of_class, said in except_for.items()}
    await tx.execute(
        "update data_request set state = 'erasing', reason = %s, done = %s, answered_by = %s"
        " where id = %s",
        (why, Jsonb(kept), viewer.person_id, found.id),
    )
    await _note(tx, found, "ERASING", {"kept": sorted(kept)}, viewer.login, now)
    return await _by_uuid(tx.db, uuid)


async def did(
    tx: Tx, uuid: UUID, code: str, done: Mapping[str, Any], now: datetime, *,
    shares: Sequence[str] = (),
) -> DataRequest:  # fmt: skip
    """Add what was done, by class, while the erasure runs; `shares` are releases taken back.

    Raises `NotInStep`.
    """
    found = await _in_state(tx, uuid, "erasing")
    await tx.execute(
        "update data_request set done = done || %s where id = %s", (Jsonb(dict(done)), found.id)
    )
    detail = {**done, **({"shares": list(shares)} if shares else {})}
    await _note(tx, found, code, detail, "system", now)
    return await _by_uuid(tx.db, uuid)


async def erased(tx: Tx, uuid: UUID, now: datetime) -> None:
    """All is gone: the request's own identifiers go too. Raises `NotInStep`."""
    found = await _in_state(tx, uuid, "erasing")
    await tx.execute(
        "update data_request set state = 'answered', answered_at = %s, subject_sealed = null"
        " where id = %s",
        (now, found.id),
    )
    await _note(tx, found, "ERASED", {}, "system", now)


async def subject(db: Db, uuid: UUID, key: bytes) -> Subject:
    """Who asks, opened, for our own work. Raises `NoDataRequest`, and `NotInStep` once it is erased."""
    row = await (
        await db.execute(
            "select subject_sealed, number, state from data_request where uuid = %s", (uuid,)
        )
    ).fetchone()
    if row is None:
        raise NoDataRequest(f"there is no data request {uuid}")
    if row[0] is None:
        raise NotInStep(row[1], row[2], ("open",))
    return msgspec.json.decode(unseal(key, _purpose(uuid), bytes(row[0])), type=Subject)


_SELECT: LiteralString = """
select d.id, d.uuid, d.number, d.kind, d.country, d.lang, d.state,
       d.subject_sealed is not null as has_subject, d.found, d.done, d.reason, d.received_at,
       d.due_at, d.extended_until, d.extension_reason, i.login as identified_by,
       a.login as answered_by, d.answered_at
from data_request d left join person i on i.id = d.identified_by
left join person a on a.id = d.answered_by
"""


async def list_all(db: Db, viewer: Viewer, *, closed: bool = False) -> list[DataRequest]:
    """Open requests, the most urgent first; with `closed` the latest closed ones instead.

    Raises `Denied`.
    """
    viewer.require(Permission.DATA_REQUEST_READ)
    rest: LiteralString = (
        "where d.state in ('answered', 'refused') order by d.answered_at desc, d.id desc limit %s"
        if closed
        else "where d.state not in ('answered', 'refused')"
        " order by coalesce(d.extended_until, d.due_at), d.id limit %s"
    )
    async with db.cursor(row_factory=class_row(DataRequest)) as cursor:
        await cursor.execute(_SELECT + rest, (MOST,))
        return await cursor.fetchall()


async def get(db: Db, viewer: Viewer, uuid: UUID) -> DataRequest:
    """One request. Raises `Denied`, `NoDataRequest`."""
    viewer.require(Permission.DATA_REQUEST_READ)
    return await _by_uuid(db, uuid)


async def known(db: Db, uuid: UUID) -> DataRequest:
    """One request, for our own jobs. Raises `NoDataRequest`."""
    return await _by_uuid(db, uuid)


async def steps(db: Db, viewer: Viewer, request: DataRequest) -> list[Step]:
    """What was done about it, oldest first. Raises `Denied`."""
    viewer.require(Permission.DATA_REQUEST_READ)
    async with db.cursor(row_factory=class_row(Step)) as cursor:
        await cursor.execute(
            "select code, detail, by_login, at from data_request_step where request_id = %s"
            " order by id",
            (request.id,),
        )
        return await cursor.fetchall()


async def partners(db: Db, request: DataRequest) -> tuple[int, int]:
    """Releases that were taken back for it, and signed receipts of partners who erased them."""
    row = await (
        await db.execute(
            """
            with mine as (
              select distinct s.id from data_request_step d
              cross join jsonb_array_elements_text(coalesce(d.detail -> 'shares', '[]')) x(uuid)
              join share s on s.uuid = x.uuid::uuid where d.request_id = %s)
            select (select count(*) from mine),
                   (select count(*) from feed_entry e
                    join ack a on a.group_uuid = e.group_uuid and a.origin = e.origin and a.n = e.n
                    where e.kind = 'revoke' and e.share_id in (select id from mine)
                      and a.state in ('erased', 'applied'))
            """,
            (request.id,),
        )
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def warn(tx: Tx, now: datetime) -> list[tuple[str, str, datetime]]:
    """Requests that are due within a week (`soon`) or over their time (`late`), each told once."""
    cursor = await tx.execute(
        """
        with x as (
          select id, coalesce(extended_until, due_at) as until,
                 case when coalesce(extended_until, due_at) <= %(now)s then 'late' else 'soon' end
                   as word
          from data_request where state not in ('answered', 'refused')
            and coalesce(extended_until, due_at) <= %(soon)s)
        update data_request d set warned = x.word from x where x.id = d.id and d.warned <> x.word
        returning d.number, x.word, x.until
        """,
        {"now": now, "soon": now + SOON},
    )
    return sorted((row[0], row[1], row[2]) for row in await cursor.fetchall())


async def overdue(db: Db, now: datetime) -> list[str]:
    """Numbers of requests that are over their time or will be within a week."""
    cursor = await db.execute(
        "select number from data_request where state not in ('answered', 'refused')"
        " and coalesce(extended_until, due_at) <= %s order by number",
        (now + SOON,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def _by_uuid(db: Db, uuid: UUID) -> DataRequest:
    async with db.cursor(row_factory=class_row(DataRequest)) as cursor:
        await cursor.execute(_SELECT + "where d.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoDataRequest(f"there is no data request {uuid}")
    return found


async def _locked(tx: Tx, viewer: Viewer, uuid: UUID, *states: str) -> DataRequest:
    viewer.require(Permission.DATA_REQUEST_MANAGE)
    return await _in_state(tx, uuid, *states)


async def _in_state(tx: Tx, uuid: UUID, *states: str) -> DataRequest:
    await tx.execute("select from data_request where uuid = %s for update", (uuid,))
    found = await _by_uuid(tx.db, uuid)
    if found.state not in states:
        raise NotInStep(found.number, found.state, states)
    return found


async def _note(
    tx: Tx, request: DataRequest, code: str, detail: dict[str, Any], by: str, now: datetime
) -> None:
    await tx.execute(
        "insert into data_request_step (request_id, code, detail, by_login, at)"
        " values (%s, %s, %s, %s, %s)",
        (request.id, code, Jsonb(detail), by, now),
    )
    tx.audit(
        AuditEntry(actor=by, action=f"data_request:{code.lower()}", object=request.number,
                   detail={key: value for key, value in detail.items() if key != "how"})
    )  # fmt: skip


def _commitment(subject: Subject) -> str:
    digest = hashlib.blake2b(key=subject.salt, person=b"zvon.commitment"[:16], digest_size=32)
    for each in sorted(subject.identifiers):
        digest.update(f"{each.kind}\0{each.value}\0".encode("utf-8", "replace"))
    return digest.hexdigest()


def _purpose(uuid: UUID) -> str:
    return f"data_request:{uuid}"
