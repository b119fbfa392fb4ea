"""What a query finds: values with what is known of them, newest first, page by page.

A query is about one occurrence, a value in a record that the viewer may see; row security leaves
out the rest, in counts too. Each page looks through a bounded number of candidates, so that it
comes quickly whatever is asked; `next` goes on where it stopped.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from msgspec import Struct
from psycopg.errors import QueryCanceled

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import TYPE, Observable
from zvon.model.query import Query, Role, Value
from zvon.store.party import Db
from zvon.store.search_condition import Asked, Reading, condition, names, terms
from zvon.store.search_drive import BY_VALUE, Drive, candidates, drive
from zvon.store.search_place import Place, read_place, write_place

MAX_LIMIT = 500
COUNTED = 200  # records of a value that are counted; more are "at least"
LOOKED_AT = 2_000  # of a value in more records the newest so many are looked at
CANDIDATES = (64, 500, 4_000, 8_000)  # of a page: first few, then more
PAIRS = 1_000
TIMEOUT_MS = 5_000
_ROLES = dict(enumerate(Role, start=1))


class TooWide(ValueError):
    """The search takes too long; a narrower one is needed."""

    def __init__(self) -> None:
        super().__init__("this takes too long to find; add a source, a type, or a longer part")


class Found(Struct, frozen=True, kw_only=True):
    """A value with what the query finds of it: in how many records, of which sources, when.

    `more`: there are more records than were counted. `tlp` and `pap` are the strictest of them.
    """

    id: int
    observable: Observable
    records: int
    more: bool
    sources: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    tlp: Tlp
    pap: Pap
    roles: tuple[Role, ...]


class Page(Struct, frozen=True, kw_only=True):
    """A part of a result. `next` is given to `search` to go on; None: that was all.

    A page may be empty and have a `next`: nothing was found so far. `took` is in seconds.
    `reading` is how bare values were understood.
    """

    rows: tuple[Found, ...]
    next: str | None
    took: float
    reading: Reading


async def search(
    db: Db, viewer: Viewer, query: Query, now: datetime, *, after: str | None = None,
    limit: int = 50,
) -> Page:  # fmt: skip
    """Values that `query` finds. `db` reads as `viewer` (`store.visibility.read`).

    A bare value is looked for as a whole; where nothing is found as a part of a value; else as
    words of a record. Raises `Denied`, `BadCursor`, `TooWide`.
    """
    viewer.require(Permission.SEARCH_READ)
    limit = max(1, min(limit, MAX_LIMIT))
    place = None if after is None else read_place(after)
    began = await begin(db)
    try:
        reading, rows, going_on = await _first(db, query, now, place, limit)
    except QueryCanceled:
        raise TooWide from None
    return Page(
        rows=tuple(rows), reading=reading, took=await since(db, began),
        next=None if going_on is None else write_place(going_on),
    )  # fmt: skip


async def begin(db: Db) -> datetime:
    """Bound what the statements of this transaction may cost; the time by the database's clock."""
    row = await (
        await db.execute(
            "select clock_timestamp(), set_config('statement_timeout', %s, true),"
            " set_config('jit', 'off', true)",
            (str(TIMEOUT_MS),),
        )
    ).fetchone()
    assert row is not None
    at: datetime = row[0]
    return at


async def since(db: Db, began: datetime) -> float:
    """Seconds since `began`."""
    row = await (
        await db.execute("select extract(epoch from clock_timestamp() - %s)", (began,))
    ).fetchone()
    assert row is not None
    return float(row[0])


def readings_of(query: Query) -> tuple[Reading, ...]:
    """In which order bare values are understood; without any there is nothing to try."""
    bare = any(isinstance(leaf, Value) for leaf in terms(query))
    return tuple(Reading) if bare else (Reading.WHOLE,)


async def _first(
    db: Db, query: Query, now: datetime, place: Place | None, limit: int
) -> tuple[Reading, list[Found], Place | None]:
    """The page of the first reading that finds something."""
    known = await names(db, query)
    places = [Place(reading) for reading in readings_of(query)] if place is None else [place]
    for each in places:
        asked = Asked(query, known, each.reading, now)
        lead = await drive(db, asked, each.key)
        rows, going_on = await _page(db, asked, lead, each.at, limit)
        if rows or going_on is not None or each is places[-1]:
            on = None if going_on is None else Place(each.reading, lead.key, going_on)
            return each.reading, rows, on
    raise AssertionError("there is a reading")


async def _page(
    db: Db, asked: Asked, lead: Drive, at: tuple[int, int], limit: int
) -> tuple[list[Found], tuple[int, int] | None]:
    """Rows below a place, and the next place; none when everything was looked through."""
    rows: list[tuple[tuple[int, int], Found]] = []
    for most in CANDIDATES:
        if lead.key == BY_VALUE:
            ids = await candidates(db, lead, at[0], most)
            found = await values_of(db, asked, ids)
            rows += [((one.id, 0), one) for one, _ in found]
            at, done = ((ids[-1], 0), len(ids) < most) if ids else (at, True)
        else:
            below = at[0] + (1 if at[1] else 0)  # the record at the place may have more values
            ids = await candidates(db, lead, below, most)
            pairs = await _pairs(db, asked, ids, at)
            rows += await _newest(db, asked, pairs)
            if len(pairs) == PAIRS:
                at, done = pairs[-1], False
            else:
                at, done = ((ids[-1], 0), len(ids) < most) if ids else (at, True)
        if len(rows) > limit:
            return [one for _, one in rows[:limit]], rows[limit - 1][0]
        if done:
            return [one for _, one in rows], None
    return [one for _, one in rows], at


async def _pairs(
    db: Db, asked: Asked, records: Sequence[int], at: tuple[int, int]
) -> list[tuple[int, int]]:
    """Record and value of matching occurrences below a place, in falling order."""
    if not records:
        return []
    where = condition(asked)
    # What is asked of the record alone needs no look at each value.
    value: LiteralString = (
        "join observable v on v.id = c.observable_id" if "v." in where.text else ""
    )
    statement: LiteralString = f"""
        select distinct r.id, c.observable_id from unnest(%s::bigint[]) x(id)
        join record r on r.id = x.id and not r.deleted
        join occurrence c on c.record_id = r.id {value}
        where (r.id < %s or r.id = %s and c.observable_id < %s) and {where.text}
        order by r.id desc, c.observable_id desc limit %s
        """  # noqa: S608 -- literals only
    rows = await db.execute(
        statement, (list(records), at[0], at[0], at[1], *where.params, PAIRS), prepare=False
    )
    return [(int(record), int(value)) for record, value in await rows.fetchall()]


async def _newest(
    db: Db, asked: Asked, pairs: Sequence[tuple[int, int]]
) -> list[tuple[tuple[int, int], Found]]:
    """Each value where its newest matching record is, so that no page repeats another's."""
    found = {
        one.id: (one, newest) for one, newest in await values_of(db, asked, [v for _, v in pairs])
    }
    rows = []
    for record, value in pairs:
        if value in found and found[value][1] == record:
            rows.append(((record, value), found[value][0]))
    return rows


async def values_of(db: Db, asked: Asked, ids: Sequence[int]) -> list[tuple[Found, int]]:
    """What the query finds of each of these values, the newest value first."""
    if not ids:
        return []
    where = condition(asked)
    statement: LiteralString = f"""
        select v.id, v.type, v.value, s.n, s.sources, s.first_at, s.last_at, s.tlp, s.pap, s.roles,
               s.newest
        from unnest(%s::bigint[]) x(id) join observable v on v.id = x.id
        cross join lateral (
          select count(distinct m.id), array_agg(distinct m.source_id), min(m.seen_at),
                 max(m.seen_at), max(m.tlp), max(m.pap), array_agg(distinct m.role),
                 max(m.id)
          from (select r.id, r.source_id, r.tlp, r.pap, c.role, c.seen_at
                from (select record_id, role, seen_at from occurrence
                      where observable_id = v.id order by record_id desc limit %s) c
                join record r on r.id = c.record_id and not r.deleted
                where {where.text} order by r.id desc limit %s) m
        ) s (n, sources, first_at, last_at, tlp, pap, roles, newest)
        where s.n > 0 order by v.id desc
        """  # noqa: S608 -- literals only
    params: tuple[Any, ...] = (sorted(set(ids)), LOOKED_AT, *where.params, COUNTED + 1)
    rows = await (await db.execute(statement, params, prepare=False)).fetchall()
    named = await source_names(db, {s for row in rows for s in row[4] if s is not None})
    return [
        (
            Found(
                id=int(id_), observable=Observable(TYPE[kind], value), records=min(n, COUNTED),
                more=n > COUNTED, first_at=first, last_at=last, tlp=Tlp(tlp), pap=Pap(pap),
                roles=tuple(_ROLES[role] for role in roles),
                sources=tuple(sorted(named[s] for s in sources if s in named)),
            ),
            int(newest),
        )
        for id_, kind, value, n, sources, first, last, tlp, pap, roles, newest in rows
    ]  # fmt: skip


async def source_names(db: Db, ids: set[int]) -> dict[int, str]:
    """The names of sources, by id."""
    rows = await db.execute("select id, name from source where id = any (%s)", (sorted(ids),))
    return {int(id_): name for id_, name in await rows.fetchall()}
