"""What a result is made of, by type, source, kind, marking, tag and day: how to narrow it.

Counted over the newest occurrences that the query finds, a bounded number; past it every count
is "at least". Like the result itself they are only of what the viewer may see.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, LiteralString

from msgspec import Struct
from psycopg.errors import QueryCanceled

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.model.observable import TYPE
from zvon.model.query import TLPS, Query
from zvon.store.party import Db
from zvon.store.search import TooWide, begin, readings_of, source_names
from zvon.store.search_condition import Asked, condition, names
from zvon.store.search_drive import BY_VALUE, candidates, drive

VALUES = 2_000
RECORDS = 2_000
EACH = 20  # occurrences of one value
MOST = 10_000
SHOWN = 25


class Count(Struct, frozen=True):
    """How many values have this; `text` is what stands behind the colon of a query."""

    text: str
    values: int


class Facets(Struct, frozen=True, kw_only=True):
    """Counts of values, most first; `day` in order of time.

    `at_least`: there is more than was counted.
    """

    type: tuple[Count, ...]
    source: tuple[Count, ...]
    kind: tuple[Count, ...]
    tlp: tuple[Count, ...]
    tag: tuple[Count, ...]
    day: tuple[Count, ...]
    values: int
    at_least: bool


Row = tuple[
    int, int, int | None, str, int, date, int
]  # value, type, source, kind, tlp, day, record


async def facets(db: Db, viewer: Viewer, query: Query, now: datetime) -> Facets:
    """What `query` finds, in counts. Raises `Denied`, `TooWide`."""
    viewer.require(Permission.SEARCH_READ)
    await begin(db)
    try:
        rows, more = await _occurrences(db, viewer, query, now)
        return await _counted(db, rows, more=more)
    except QueryCanceled:
        raise TooWide from None


async def _occurrences(
    db: Db, viewer: Viewer, query: Query, now: datetime
) -> tuple[list[Row], bool]:
    """The newest occurrences by the first reading that finds any, and whether there are more."""
    known = await names(db, query)
    rows: list[Row] = []
    more = False
    for reading in readings_of(query):
        asked = Asked(query, known, reading, now)
        lead = await drive(db, asked)
        most = VALUES if lead.key == BY_VALUE else RECORDS
        ids = await candidates(db, lead, 1 << 62, most)
        statement, params = (
            _by_value(asked, ids) if lead.key == BY_VALUE else _by_record(asked, ids)
        )
        rows = await (await db.execute(statement, params, prepare=False)).fetchall()
        # That candidates were left says to a guest who sees none that there are some.
        more = len(rows) == MOST or (len(ids) == most and (bool(rows) or viewer.party_own))
        if rows or more:
            break
    return rows, more


def _by_value(asked: Asked, ids: Sequence[int]) -> tuple[LiteralString, tuple[Any, ...]]:
    where = condition(asked)
    statement: LiteralString = f"""
        select m.* from unnest(%s::bigint[]) x(id) join observable v on v.id = x.id
        cross join lateral (
          select v.id, v.type, r.source_id, r.kind, r.tlp, (c.seen_at at time zone 'UTC')::date, r.id
          from occurrence c join record r on r.id = c.record_id and not r.deleted
          where c.observable_id = v.id and {where.text} order by c.record_id desc limit %s) m
        limit %s
        """  # noqa: S608 -- literals only
    return statement, (list(ids), *where.params, EACH, MOST)


def _by_record(asked: Asked, ids: Sequence[int]) -> tuple[LiteralString, tuple[Any, ...]]:
    where = condition(asked)
    statement: LiteralString = f"""
        select v.id, v.type, r.source_id, r.kind, r.tlp, (c.seen_at at time zone 'UTC')::date, r.id
        from unnest(%s::bigint[]) x(id) join record r on r.id = x.id and not r.deleted
        join occurrence c on c.record_id = r.id join observable v on v.id = c.observable_id
        where {where.text} limit %s
        """  # noqa: S608 -- literals only
    return statement, (list(ids), *where.params, MOST)


async def _counted(db: Db, rows: Sequence[Row], *, more: bool) -> Facets:
    kinds, sources, records, tlps, days = (defaultdict[Any, set[int]](set) for _ in range(5))
    by_record: dict[int, set[int]] = defaultdict(set)
    for value, kind, source, of, tlp, day, record in rows:
        kinds[kind].add(value)
        records[of].add(value)
        tlps[tlp].add(value)
        days[day].add(value)
        by_record[record].add(value)
        if source is not None:
            sources[source].add(value)
    named = await source_names(db, set(sources))
    return Facets(
        type=_top({TYPE[code].value: found for code, found in kinds.items()}),
        source=_top({named[id_]: found for id_, found in sources.items() if id_ in named}),
        kind=_top(records),
        tlp=_top({TLPS[Tlp(code)]: found for code, found in tlps.items()}),
        tag=_top(await _tags(db, by_record)),
        day=tuple(Count(day.isoformat(), len(days[day])) for day in sorted(days)),
        values=len({row[0] for row in rows}), at_least=more,
    )  # fmt: skip


async def _tags(db: Db, by_record: dict[int, set[int]]) -> dict[str, set[int]]:
    rows = await db.execute(
        "select t.name, u.record_id from tag_use u join tag t on t.id = u.tag_id"
        " where u.record_id = any (%s)",
        (list(by_record),),
    )
    found: dict[str, set[int]] = defaultdict(set)
    for name, record in await rows.fetchall():
        found[name] |= by_record[record]
    return found


def _top(found: dict[Any, set[int]]) -> tuple[Count, ...]:
    counts = [Count(str(text), len(values)) for text, values in found.items()]
    return tuple(sorted(counts, key=lambda each: (-each.values, each.text))[:SHOWN])
