"""The timeline of an incident in two lanes, page by page, and what people enter into it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.viewer import Viewer
from zvon.model.incident_life import Lane, Precision
from zvon.store import incident_decision as decision
from zvon.store.incident_decision import Current
from zvon.store.party import Db
from zvon.store.transaction import Tx

PAGE = 100
MOST_EXPORTED = 20_000
ENTRY = "ENTRY"


class NoEntry(LookupError):
    """There is no such entry of a person in this timeline."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line. `code` is a message id; what a person wrote stands in `params.text`.

    `source_kind` and `source_uuid` name the row that says so. A struck entry is taken back.
    """

    id: int
    uuid: UUID | None
    lane: str
    at: datetime
    precision: str
    kind: str
    actor: str
    code: str
    params: dict[str, Any]
    source_kind: str | None
    source_uuid: UUID | None
    exported: bool
    entered_at: datetime | None
    struck_at: datetime | None
    struck_by: str | None


class Page(Struct, frozen=True, kw_only=True):
    """Lines of a lane, oldest first; `before` leads to the earlier ones."""

    entries: tuple[Entry, ...]
    before: str | None


class BadPlace(ValueError):
    """The place in the timeline is none."""


_COLUMNS: LiteralString = """
select t.id, t.uuid, t.lane, t.at, t.precision, t.kind, t.actor, t.code, t.params, t.source_kind,
       t.source_uuid, t.exported, t.entered_at, t.struck_at, p.login as struck_by
from timeline t left join person p on p.id = t.struck_by
"""


async def page(
    db: Db, incident_id: int, lane: Lane, *, before: str | None = None, limit: int = PAGE
) -> Page:
    """The last `limit` lines of a lane before a place. Raises `BadPlace`."""
    at, last = (None, None) if before is None else _place(before)
    async with db.cursor(row_factory=class_row(Entry)) as cursor:
        await cursor.execute(
            _COLUMNS
            + """
            where t.incident_id = %(id)s and t.lane = %(lane)s
              and (%(at)s::timestamptz is null or (t.at, t.id) < (%(at)s, %(last)s))
            order by t.at desc, t.id desc limit %(most)s
            """,
            {"id": incident_id, "lane": lane.value, "at": at, "last": last, "most": limit + 1},
        )
        rows = await cursor.fetchall()
    more = len(rows) > limit
    shown = tuple(reversed(rows[:limit]))
    earlier = f"{shown[0].at.isoformat()}_{shown[0].id}" if more else None
    return Page(entries=shown, before=earlier)


async def exported(db: Db, incident_id: int) -> list[Entry]:
    """Both lanes by time, without what a person kept out of files or took back."""
    async with db.cursor(row_factory=class_row(Entry)) as cursor:
        await cursor.execute(
            _COLUMNS
            + "where t.incident_id = %s and t.exported and t.struck_at is null"
            + " order by t.at, t.id limit %s",
            (incident_id, MOST_EXPORTED),
        )
        return await cursor.fetchall()


async def add(
    tx: Tx,
    viewer: Viewer,
    current: Current,
    *,
    uuid: UUID,
    lane: Lane,
    at: datetime,
    precision: Precision,
    text: str,
    exported: bool,
    source: tuple[str, UUID] | None,
    now: datetime,
) -> None:
    """Write what a person knows happened, into the lane and at the time that the person says."""
    kind, of = source or (None, None)
    await tx.execute(
        """
        insert into timeline (uuid, incident_id, lane, at, precision, kind, actor, code, params,
                              source_kind, source_uuid, exported, entered_at)
        values (%s, %s, %s, %s, %s, 'entry', %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, current.id, lane.value, at, precision.value, viewer.login, ENTRY,
         Jsonb({"text": text}), kind, of, exported, now),
    )  # fmt: skip
    decision.note(tx, viewer, current, "incident:entry", {"lane": lane.value, "at": at.isoformat()})


async def attack(
    tx: Tx,
    incident_id: int,
    at: datetime,
    code: str,
    params: Mapping[str, Any],
    *,
    source: tuple[str, UUID | None],
    now: datetime,
) -> None:
    """Write what a machine saw of the attack, with the row that says so, by the attack's time."""
    await tx.execute(
        """
        insert into timeline (incident_id, lane, at, kind, actor, code, params, source_kind,
                              source_uuid, entered_at)
        values (%s, 'attack', %s, %s, 'system', %s, %s, %s, %s, %s)
        """,
        (incident_id, at, source[0], code, Jsonb(dict(params)), source[0], source[1], now),
    )


async def strike(
    tx: Tx, viewer: Viewer, current: Current, entry: UUID, reason: str, now: datetime
) -> None:
    """Take a person's entry back; it stays readable, and leaves with no file. Raises `NoEntry`."""
    done = await tx.execute(
        "update timeline set struck_at = %s, struck_by = %s"
        " where incident_id = %s and uuid = %s and struck_at is null",
        (now, viewer.person_id, current.id, entry),
    )
    if done.rowcount == 0:
        raise NoEntry(f"no entry {entry} stands in the timeline of {current.number}")
    decision.note(tx, viewer, current, "incident:strike", {"entry": str(entry), "reason": reason})


async def set_exported(
    tx: Tx, viewer: Viewer, current: Current, line: int, *, exported: bool
) -> None:
    """Say whether a line leaves in files. Raises `NoEntry`."""
    done = await tx.execute(
        "update timeline set exported = %s where incident_id = %s and id = %s",
        (exported, current.id, line),
    )
    if done.rowcount == 0:
        raise NoEntry(f"no line {line} in the timeline of {current.number}")
    decision.note(tx, viewer, current, "incident:export_flag", {"line": line, "exported": exported})


def _place(text: str) -> tuple[datetime, int]:
    at, _, last = text.rpartition("_")
    try:
        when, number = datetime.fromisoformat(at), int(last)
    except ValueError:
        raise BadPlace("the place in the timeline is none") from None
    if when.tzinfo is None or not 0 <= number < 1 << 63:
        raise BadPlace("the place in the timeline is none")
    return when, number
