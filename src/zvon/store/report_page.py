"""Reports for people: the list, newest first, and everything about one."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.observable import TYPE, ObservableType
from zvon.model.report import Message
from zvon.model.verdict import Verdict
from zvon.store import verdict as verdicts
from zvon.store.data_policy import require_reader
from zvon.store.party import Db


class ReportRow(Struct, frozen=True, kw_only=True):
    """A report in a list."""

    id: int
    uuid: UUID
    number: str
    channel: str
    lang: str
    status: str
    answer: str | None
    tlp: int
    received_at: datetime


class ReportPage(Struct, frozen=True):
    """Rows, newest first, and the cursor of the next page."""

    rows: list[ReportRow]
    next: str | None


class SeenValue(Struct, frozen=True):
    """A value of the report; role 1 said by the sender, 2 shown only, 3 near, 4 reporter's side."""

    type: ObservableType
    value: str
    role: int


class ReportDetail(ReportRow, frozen=True, kw_only=True):
    """A report with its message, values, newest verdict and place."""

    decoded_at: datetime | None
    answered_at: datetime | None
    message: Message | None
    observables: tuple[SeenValue, ...]
    verdict: Verdict | None
    incident_uuid: UUID | None
    incident_number: str | None
    campaign_number: str | None
    quarantine: str | None
    raw_sha256: bytes


class NoReport(LookupError):
    """There is no such report, or the viewer may not see it."""


class BadCursor(ValueError):
    """The cursor is none of ours."""


class _Found(ReportRow, frozen=True, kw_only=True):
    made_in: str
    decoded_at: datetime | None
    answered_at: datetime | None
    payload: dict[str, object]
    incident_uuid: UUID | None
    incident_number: str | None
    campaign_number: str | None
    quarantine: str | None
    raw_sha256: bytes


async def page(db: Db, viewer: Viewer, *, after: str | None = None, limit: int = 100) -> ReportPage:
    """Reports that `viewer` may see, newest first. Raises `Denied`, and `BadCursor`."""
    viewer.require(Permission.REPORT_READ)
    async with db.cursor(row_factory=class_row(ReportRow)) as cursor:
        await cursor.execute(
            """
            select c.id, c.uuid, r.number, r.channel, r.lang, r.status, r.answer, c.tlp,
                   r.received_at
            from report r join record c on c.id = r.record_id
            where (%(after)s::bigint is null or r.record_id < %(after)s) and not c.deleted
            order by r.record_id desc limit %(limit)s
            """,
            {"after": None if after is None else _id(after), "limit": limit + 1},
        )
        rows = await cursor.fetchall()
    more = len(rows) > limit
    return ReportPage(rows[:limit], _cursor(rows[limit - 1].id) if more else None)


async def get(db: Db, viewer: Viewer, uuid: UUID) -> ReportDetail:
    """One report. Raises `Denied`, `Refused` for one that the data policy keeps from the viewer,
    and `NoReport` also for one that they may not see.
    """
    viewer.require(Permission.REPORT_READ)
    async with db.cursor(row_factory=class_row(_Found)) as cursor:
        await cursor.execute(
            """
            select c.id, c.uuid, r.number, r.channel, r.lang, r.status, r.answer, c.tlp,
                   r.received_at, r.decoded_at, r.answered_at, c.payload, c.raw_sha256,
                   (select y.country from party y where y.id = c.orgc_id) as made_in,
                   i.uuid as incident_uuid, i.number as incident_number,
                   g.number as campaign_number,
                   (select q.position || ': ' || q.reason from quarantine q
                    where q.record_id = c.id and q.replayed_at is null
                    order by q.id desc limit 1) as quarantine
            from report r join record c on c.id = r.record_id
            left join incident i on i.id = r.incident_id
            left join campaign g on g.id = r.campaign_id
            where c.uuid = %s and not c.deleted
            """,
            (uuid,),
        )
        found = await cursor.fetchone()
    if found is None:
        raise NoReport(f"there is no report {uuid}")
    await require_reader(db, viewer, "report.text", found.made_in)
    newest = await verdicts.latest(db, found.id)
    ours = {"payload", "made_in"}
    fields = {name: getattr(found, name) for name in found.__struct_fields__ if name not in ours}
    return ReportDetail(
        **fields,
        message=msgspec.convert(found.payload, Message) if found.payload else None,
        observables=await _values(db, found.id),
        verdict=newest[0] if newest else None,
    )


async def _values(db: Db, record_id: int) -> tuple[SeenValue, ...]:
    rows = await (
        await db.execute(
            """
            select o.type, o.value, c.role from occurrence c
            join observable o on o.id = c.observable_id
            where c.record_id = %s order by c.role, o.type, o.value
            """,
            (record_id,),
        )
    ).fetchall()
    return tuple(SeenValue(TYPE[kind], value, role) for kind, value, role in rows)


def _cursor(record_id: int) -> str:
    return urlsafe_b64encode(str(record_id).encode()).decode().rstrip("=")


def _id(cursor: str) -> int:
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (Base64Error, ValueError):
        raise BadCursor("the cursor is none of ours") from None
    if not text.isdigit() or len(text) > 18:
        raise BadCursor("the cursor is none of ours")
    return int(text)
