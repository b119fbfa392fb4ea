"""The times of an incident, each with who said so; what was said before stays."""

from datetime import datetime

from msgspec import Struct
from psycopg.rows import class_row

from zvon.model.incident_life import Precision, TimeOf
from zvon.store.party import Db
from zvon.store.transaction import Tx


class TimeRow(Struct, frozen=True, kw_only=True):
    """One statement of a time. `source` is what said it: person, state, report, alert, run, …"""

    id: int
    what: str
    at: datetime
    precision: str
    source: str
    reason: str
    person: str | None
    set_at: datetime


async def put(
    tx: Tx,
    incident_id: int,
    what: TimeOf | str,
    at: datetime,
    source: str,
    now: datetime,
    *,
    precision: Precision | str = Precision.EXACT,
    reason: str = "",
    person_id: int | None = None,
) -> None:
    """State a time anew; the newest statement counts. Later awareness is refused by the database
    unless a second person agreed.
    """
    await tx.execute(
        """
        insert into incident_time (incident_id, what, at, precision, source, reason, by_person, set_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (incident_id, TimeOf(what).value, at, Precision(precision).value, source, reason,
         person_id, now),
    )  # fmt: skip


async def first(
    tx: Tx, incident_id: int, what: TimeOf | str, at: datetime, source: str, now: datetime
) -> None:
    """State a time if nobody did yet; idempotent."""
    await tx.execute(
        """
        insert into incident_time (incident_id, what, at, source, set_at)
        select %(id)s, %(what)s, %(at)s, %(source)s, %(now)s
        where not exists (select from incident_time where incident_id = %(id)s and what = %(what)s)
        """,
        {"id": incident_id, "what": TimeOf(what).value, "at": at, "source": source, "now": now},
    )


_SELECT = """
select t.id, t.what, t.at, t.precision, t.source, t.reason, p.login as person, t.set_at
from incident_time t left join person p on p.id = t.by_person
where t.incident_id = %s order by t.id desc limit 500
"""


async def past(db: Db, incident_id: int) -> list[TimeRow]:
    """Every statement, newest first."""
    async with db.cursor(row_factory=class_row(TimeRow)) as cursor:
        await cursor.execute(_SELECT, (incident_id,))
        return await cursor.fetchall()


async def current(db: Db, incident_id: int) -> dict[str, TimeRow]:
    """The statement that counts of each time that is known, in the order of `TimeOf`."""
    newest = {row.what: row for row in reversed(await past(db, incident_id))}
    return {what.value: newest[what.value] for what in TimeOf if what.value in newest}
