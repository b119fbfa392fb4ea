"""Records that a query finds, newest first, page by page: what was said, by whom, about which values."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.errors import QueryCanceled

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import TYPE, Observable
from zvon.model.query import Query
from zvon.store.party import Db
from zvon.store.search import (
    CANDIDATES,
    MAX_LIMIT,
    TooWide,
    begin,
    readings_of,
    since,
)
from zvon.store.search_condition import Asked, Reading, Sql, condition, names, of_values
from zvon.store.search_drive import BY_RECORD, BY_VALUE, Drive, candidates, drive
from zvon.store.search_place import TOP, Place, read_place, write_place

VALUES_SHOWN = 5
VALUES_COUNTED = 1_000
NEWEST_VALUES = 5_000  # where values lead, the records of so many of them are looked through


class FoundRecord(Struct, frozen=True, kw_only=True):
    """A record: its title as it came, some of its values and how many (`more` than was counted)."""

    uuid: UUID
    kind: str
    title: str
    source: str | None
    at: datetime
    tlp: Tlp
    pap: Pap
    observables: tuple[Observable, ...]
    values: int
    more: bool


class RecordPage(Struct, frozen=True, kw_only=True):
    """A part of a result; the fields are those of `store.search.Page`."""

    rows: tuple[FoundRecord, ...]
    next: str | None
    took: float
    reading: Reading


async def records(
    db: Db, viewer: Viewer, query: Query, now: datetime, *, after: str | None = None,
    limit: int = 50,
) -> RecordPage:  # fmt: skip
    """Records of which at least one occurrence fulfils `query`; with no value asked for, all that do.

    Times are then those of the record. Raises `Denied`, `BadCursor`, `TooWide`.
    """
    viewer.require(Permission.SEARCH_READ)
    limit = max(1, min(limit, MAX_LIMIT))
    place = None if after is None else read_place(after)
    began = await begin(db)
    known = await names(db, query)
    order = readings_of(query) if place is None else (place.reading,)
    try:
        for reading in order:
            asked = Asked(query, known, reading, now)
            ids, going_on = await _page(db, asked, TOP[0] if place is None else place.at[0], limit)
            if ids or going_on is not None:
                break
        rows = await _shown(db, ids)
    except QueryCanceled:
        raise TooWide from None
    return RecordPage(
        rows=tuple(rows), reading=reading, took=await since(db, began),
        next=None if going_on is None else write_place(Place(reading, at=(going_on, 0))),
    )  # fmt: skip


async def _page(db: Db, asked: Asked, at: int, limit: int) -> tuple[list[int], int | None]:
    """Ids of records below a place, and the next place; none when everything was looked through."""
    lead = await drive(db, asked)
    if lead.key == BY_VALUE:
        if not lead.where.params and lead.ids is None:  # everything: records lead themselves
            lead = Drive(BY_RECORD, Sql("true"), 9)
        else:
            return await _of_values(db, asked, lead, at, limit)
    found: list[int] = []
    for most in CANDIDATES:
        ids = await candidates(db, lead, at, most)
        found += await _matching(db, asked, ids)
        if len(found) > limit:
            return found[:limit], found[limit - 1]
        if len(ids) < most:
            return found, None
        at = ids[-1]
    return found, at


async def _of_values(
    db: Db, asked: Asked, lead: Drive, at: int, limit: int
) -> tuple[list[int], int | None]:
    """Records of the newest values that lead."""
    ids = await candidates(db, lead, TOP[0], NEWEST_VALUES)
    where = condition(asked)
    statement: LiteralString = f"""
        select distinct r.id from unnest(%s::bigint[]) x(id)
        join observable v on v.id = x.id
        join occurrence c on c.observable_id = v.id and c.record_id < %s
        join record r on r.id = c.record_id and not r.deleted
        where {where.text} order by r.id desc limit %s
        """  # noqa: S608 -- literals only
    rows = await db.execute(statement, (ids, at, *where.params, limit + 1), prepare=False)
    found = [int(row[0]) for row in await rows.fetchall()]
    return found[:limit], found[limit - 1] if len(found) > limit else None


async def _matching(db: Db, asked: Asked, ids: Sequence[int]) -> list[int]:
    """Those of the records that fulfil the query, in falling order."""
    where = condition(asked)
    statement: LiteralString
    # Words of a record are no matter of its values, so a record without any has them too.
    if of_values(asked.query) and asked.reading is not Reading.WORDS:
        statement = f"""
            select r.id from unnest(%s::bigint[]) x(id) join record r on r.id = x.id
            where not r.deleted and exists (
              select from occurrence c join observable v on v.id = c.observable_id
              where c.record_id = r.id and {where.text})
            order by r.id desc
            """  # noqa: S608 -- literals only
    else:
        statement = f"""
            select r.id from unnest(%s::bigint[]) x(id) join record r on r.id = x.id
            cross join lateral (select r.created_at as seen_at, null::smallint as role) c
            cross join lateral (select null::bigint as id, null::smallint as type, null as value) v
            where not r.deleted and {where.text} order by r.id desc
            """  # noqa: S608 -- literals only
    rows = await db.execute(statement, (list(ids), *where.params), prepare=False)
    return [int(row[0]) for row in await rows.fetchall()]


async def _shown(db: Db, ids: Sequence[int]) -> list[FoundRecord]:
    rows = await db.execute(
        """
        select r.uuid, r.kind,
               left(coalesce(nullif(r.payload ->> 'title', ''), r.payload ->> 'info',
                             r.payload ->> 'text', ''), 300),
               s.name, r.created_at, r.tlp, r.pap, o.types, o.texts, o.n
        from record r left join source s on s.id = r.source_id
        cross join lateral (
          select array_agg(m.type) filter (where m.n <= %(shown)s),
                 array_agg(m.value) filter (where m.n <= %(shown)s), count(*)
          from (select v.type, v.value, row_number() over (order by v.id) as n
                from (select distinct observable_id from occurrence where record_id = r.id
                      limit %(most)s + 1) c
                join observable v on v.id = c.observable_id) m
        ) o (types, texts, n)
        where r.id = any (%(ids)s) order by r.id desc
        """,
        {"ids": list(ids), "shown": VALUES_SHOWN, "most": VALUES_COUNTED},
    )
    return [
        FoundRecord(
            uuid=uuid, kind=kind, title=title, source=source, at=at, tlp=Tlp(tlp), pap=Pap(pap),
            observables=tuple(
                Observable(TYPE[code], text)
                for code, text in zip(codes or (), texts or (), strict=True)
            ),
            values=min(n, VALUES_COUNTED), more=n > VALUES_COUNTED,
        )
        for uuid, kind, title, source, at, tlp, pap, codes, texts, n in await rows.fetchall()
    ]  # fmt: skip
