"""Which index leads a search: the part of a query that names the fewest values or records."""

from typing import LiteralString

from msgspec import Struct

from zvon.model.observable import CODE, ObservableType
from zvon.model.query import And, Field, Glob, Network, Or, Query, Term, Value
from zvon.store.party import Db
from zvon.store.search_condition import NEVER, Asked, Reading, Sql, joined, pattern_of, terms, words

BY_VALUE: LiteralString = "observable_id"
BY_RECORD: LiteralString = "record_id"


class Drive(Struct, frozen=True):
    """Candidates: rows of `search_value` or `search_record` (`key` says which) that fulfil `where`.

    Everything that the query finds is among them. `rank`: the lower, the fewer there usually are.
    `ids` are the candidates themselves where they are known, in place of `where`.
    """

    key: LiteralString
    where: Sql
    rank: int
    ids: tuple[int, ...] | None = None


async def drive(db: Db, asked: Asked, key: LiteralString | None = None) -> Drive:
    """The candidates to look through, newest first.

    Where both values and records could lead, the database is asked which are fewer: a common part
    from a small source is found by its source, a rare one by the part. `key` is what was chosen for
    an earlier page.
    """
    parts = asked.query.parts if isinstance(asked.query, And) else (asked.query,)
    found = [each for part in parts if (each := _lead(asked, part)) is not None]
    keys = (BY_VALUE, BY_RECORD) if key is None else (key,)
    leads = [each for one in keys if (each := _all(found, one)) is not None]
    if not leads:
        by_record = any(isinstance(leaf, Term) for leaf in terms(asked.query))
        return Drive(BY_RECORD if by_record else BY_VALUE, Sql("true"), 9)
    known = [each for each in leads if each.ids is not None]
    if known or len(leads) == 1:
        return (known or leads)[0]
    fewest = [await _estimate(db, each) for each in leads]
    return leads[fewest.index(min(fewest))]


async def candidates(db: Db, lead: Drive, below: int, most: int) -> list[int]:
    """The next candidates below an id, the newest first, at most `most`."""
    if lead.ids is not None:
        return sorted((one for one in lead.ids if one < below), reverse=True)[:most]
    table = _table(lead)
    statement: LiteralString = (
        f"select d.{lead.key} from {table} d where d.{lead.key} < %s and {lead.where.text}"  # noqa: S608 -- literals only
        f" order by d.{lead.key} desc limit %s"
    )
    # Never prepared: which index is best depends on the values.
    rows = await db.execute(statement, (below, *lead.where.params, most), prepare=False)
    return [int(row[0]) for row in await rows.fetchall()]


def _lead(asked: Asked, query: Query) -> Drive | None:
    match query:
        case And(parts):
            found = [each for part in parts if (each := _lead(asked, part)) is not None]
            both = [each for key in (BY_VALUE, BY_RECORD) if (each := _all(found, key)) is not None]
            return min(both, key=lambda each: each.rank, default=None)
        case Or(parts):
            return _any([_lead(asked, part) for part in parts])
        case Value(text):
            if asked.reading is Reading.WHOLE:
                known = tuple(asked.names.values[text])
                return Drive(BY_VALUE, _in(known), 0, ids=known)
            if asked.reading is Reading.PART:
                return _part(asked, query)
            return _words(text)
        case Glob():
            return _part(asked, query)
        case Network(cidr):
            return Drive(BY_VALUE, Sql("d.address <<= %s::inet", (cidr,)), 2)
        case Term():
            return _term(asked, query)
        case _:
            return None


def _term(asked: Asked, term: Term) -> Drive | None:
    match term.field:
        case Field.TYPE:
            return Drive(BY_VALUE, Sql("d.type = %s", (CODE[ObservableType(term.text)],)), 7)
        case Field.SOURCE:
            sources = asked.names.sources[term.text]
            return Drive(BY_RECORD, Sql("d.source_id = any (%s::bigint[])", (sources,)), 5)
        case Field.TAG:
            tags = asked.names.tags[term.text]
            where = Sql(
                "d.record_id in (select t.record_id from tag_use t where t.tag_id = any (%s::bigint[]))",
                (tags,),
            )
            return Drive(BY_RECORD, where, 4)
        case Field.LANG:
            where = Sql(
                "d.record_id in (select t.record_id from document t where t.lang = %s)",
                (term.text,),
            )
            return Drive(BY_RECORD, where, 5)
        case Field.KIND:
            return Drive(BY_RECORD, Sql("d.kind = %s", (term.text,)), 6)
        case Field.TEXT:
            return _words(term.text)
        case _:
            return None


def _all(found: list[Drive], key: LiteralString) -> Drive | None:
    """What leads by values, or by records, when all has to hold."""
    same = [each for each in found if each.key == key]
    if not same:
        return None
    best = min(same, key=lambda each: each.rank)
    if best.ids is not None:
        return best
    return Drive(key, joined(" and ", [each.where for each in same], Sql("true")), best.rank)


async def _estimate(db: Db, lead: Drive) -> float:
    """How many candidates the planner expects."""
    statement: LiteralString = (
        f"explain (format json) select from {_table(lead)} d where {lead.where.text}"
    )
    row = await (await db.execute(statement, lead.where.params, prepare=False)).fetchone()
    assert row is not None
    return float(row[0][0]["Plan"]["Plan Rows"])


def _table(lead: Drive) -> LiteralString:
    return "search_value" if lead.key == BY_VALUE else "search_record"


def _any(found: list[Drive | None]) -> Drive | None:
    """All candidates of all, when each has some and in the same table."""
    known = [each for each in found if each is not None]
    if len(known) < len(found) or len({each.key for each in known}) > 1:
        return None
    rank = max(each.rank for each in known)
    if all(each.ids is not None for each in known):
        ids = tuple(sorted({one for each in known for one in each.ids or ()}))
        return Drive(BY_VALUE, _in(ids), rank, ids=ids)
    return Drive(known[0].key, joined(" or ", [each.where for each in known], NEVER), rank)


def _in(known: tuple[int, ...]) -> Sql:
    return Sql("d.observable_id = any (%s::bigint[])", (list(known),))


def _part(asked: Asked, leaf: Value | Glob) -> Drive:
    return Drive(BY_VALUE, Sql("d.value ilike %s", (pattern_of(asked, leaf),)), 3)


def _words(text: str) -> Drive:
    wanted = words(text)
    if not wanted:
        return Drive(BY_RECORD, NEVER, 0, ids=())
    return Drive(BY_RECORD, Sql("d.words @@ to_tsquery('zvon_words', %s)", (wanted,)), 3)
