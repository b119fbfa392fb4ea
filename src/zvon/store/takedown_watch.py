"""Pages that letters were written about: which are watched, what looks found, and since when gone."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture
from zvon.model.url import defang
from zvon.store import capture
from zvon.store.incident_row import timeline
from zvon.store.observable import code_of, digest
from zvon.store.transaction import Change, Op, Tx

MOST = 500
MOST_LOOKS = 50
MAX_SHOWN = 200


class Watched(Struct, frozen=True, kw_only=True):
    """A page with letters on their way. `record_id` is of a report that named it."""

    id: int
    uuid: UUID
    url: str
    incident_id: int
    number: str
    report_record_id: int | None
    record_id: int | None
    sent_at: datetime
    asked_at: datetime | None
    gone_at: datetime | None


async def watched(tx: Tx, since: datetime) -> list[Watched]:
    """Packages whose first letter went out after `since`, locked, the longest unseen first."""
    rows = await (
        await tx.execute(
            """
            select k.id, k.uuid, k.url, k.incident_id, i.number, null::bigint, k.record_id,
                   m.sent_at, k.look_asked_at, k.gone_at
            from takedown k join incident i on i.id = k.incident_id
            join lateral (select min(m.sent_at) as sent_at from message m
                          where m.takedown_id = k.id and m.state in ('sent', 'delivered')) m on true
            where m.sent_at > %s
            order by k.look_asked_at nulls first, k.id limit %s for update of k skip locked
            """,
            (since, MOST),
        )
    ).fetchall()
    found = []
    for row in rows:
        fields = dict(zip(Watched.__struct_fields__, row, strict=True))
        fields["report_record_id"] = await report_of(tx, row[3], row[2])
        found.append(Watched(**fields))
    return found


async def report_of(tx: Tx, incident_id: int, url: str) -> int | None:
    """The first report of the incident that named the page: looks are taken for a report."""
    code = code_of(Observable(ObservableType.URL, url))
    row = await (
        await tx.execute(
            """
            select min(c.record_id) from observable o join occurrence c on c.observable_id = o.id
            join report r on r.record_id = c.record_id
            where o.digest = %s and r.incident_id = %s
            """,
            (digest(code, url.encode()), incident_id),
        )
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


async def looks(tx: Tx, one: Watched) -> list[Capture]:
    """The looks at the page since the first letter, newest first."""
    found = await capture.of_url(tx.db, one.url, MOST_LOOKS)
    return [each for each in found if each.at >= one.sent_at]


async def judged(tx: Tx, one: Watched, gone_at: datetime | None, now: datetime) -> None:
    """Write down whether the page is gone; the incident tells when that changed."""
    if (gone_at is None) == (one.gone_at is None):
        return
    await tx.execute("update takedown set gone_at = %s where id = %s", (gone_at, one.id))
    code = "TAKEDOWN_BACK" if gone_at is None else "TAKEDOWN_GONE"
    await timeline(
        tx, one.incident_id, "takedown", "system", code, {"url": defang(one.url)[:MAX_SHOWN]}, now
    )
    tx.note(Change(kind="takedown", subject=one.uuid, op=Op.EDIT, record_id=one.record_id))


async def asked(tx: Tx, one: Watched, now: datetime) -> None:
    """A look at the page was asked for."""
    await tx.execute("update takedown set look_asked_at = %s where id = %s", (now, one.id))
