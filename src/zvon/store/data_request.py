"""Requests of people about their data (GDPR, Articles 12 to 21): number, clock, steps, sealed identifiers."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.seal import unseal
from zvon.access.viewer import Viewer
from zvon.privacy.subject import Identifier, identifier, pattern
from zvon.store.party import Db

Kind = Literal["access", "rectification", "erasure", "restriction", "objection"]
MOST = 500
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
    return msgspec.json.decode(unseal(key, purpose(uuid), bytes(row[0])), type=Subject)


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
    return await known(db, uuid)


async def known(db: Db, uuid: UUID) -> DataRequest:
    """One request, for our own jobs. Raises `NoDataRequest`."""
    async with db.cursor(row_factory=class_row(DataRequest)) as cursor:
        await cursor.execute(_SELECT + "where d.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoDataRequest(f"there is no data request {uuid}")
    return found


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


async def overdue(db: Db, now: datetime) -> list[str]:
    """Numbers of requests that are over their time or will be within a week."""
    cursor = await db.execute(
        "select number from data_request where state not in ('answered', 'refused')"
        " and coalesce(extended_until, due_at) <= %s order by number",
        (now + SOON,),
    )
    return [row[0] for row in await cursor.fetchall()]


def purpose(uuid: UUID) -> str:
    """What the node key seals the identifiers of a request for."""
    return f"data_request:{uuid}"
