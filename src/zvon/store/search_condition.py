"""A query as a condition in SQL on one occurrence: a value `v` in a record `r`, joined by `c`."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString

from msgspec import Struct

from zvon.formats.defang import refang
from zvon.formats.pasted import readings
from zvon.model.observable import CODE, ObservableType
from zvon.model.query import (
    PAPS,
    TLPS,
    And,
    Field,
    Glob,
    Network,
    Not,
    Or,
    Query,
    Role,
    Term,
    Value,
    ago,
    moment,
)
from zvon.store.observable import ids
from zvon.store.party import Db


class Reading(StrEnum):
    """How a bare value is understood: whole, else as a part of a value, else as words."""

    WHOLE = "whole"
    PART = "part"
    WORDS = "words"


class Sql(Struct, frozen=True):
    """A piece of a statement with its parameters, in order."""

    text: LiteralString
    params: tuple[Any, ...] = ()


class Names(Struct, frozen=True):
    """What the names in a query stand for: ids, by the name as it stands there."""

    values: dict[str, list[int]]
    sources: dict[str, list[int]]
    tags: dict[str, list[int]]


class Asked(Struct, frozen=True):
    """A query with all that its condition depends on."""

    query: Query
    names: Names
    reading: Reading
    now: datetime


NEVER = Sql("false")
ROLES = {role.value: n for n, role in enumerate(Role, start=1)}


def terms(query: Query) -> list[Value | Glob | Network | Term]:
    """The leaves of a query."""
    match query:
        case And(parts) | Or(parts):
            return [leaf for part in parts for leaf in terms(part)]
        case Not(part):
            return terms(part)
        case _:
            return [query]


async def names(db: Db, query: Query) -> Names:
    """Look up the names that stand in `query`; an unknown one stands for nothing."""
    leaves = terms(query)
    texts = {leaf.text: readings(leaf.text) for leaf in leaves if isinstance(leaf, Value)}
    known = await ids(db, sorted({value for found in texts.values() for value in found}))
    return Names(
        values={text: [known[v] for v in found if v in known] for text, found in texts.items()},
        sources=await _named(db, "select id from source where name ilike %s", leaves, Field.SOURCE),
        tags=await _named(db, "select id from tag where name ilike %s", leaves, Field.TAG),
    )


async def _named(
    db: Db, statement: LiteralString, leaves: Sequence[Query], field: Field
) -> dict[str, list[int]]:
    found = {}
    for leaf in leaves:
        if isinstance(leaf, Term) and leaf.field is field and leaf.text not in found:
            rows = await (await db.execute(statement, (like(leaf.text),))).fetchall()
            found[leaf.text] = [int(row[0]) for row in rows]
    return found


def like(pattern: str) -> str:
    """A pattern with `*` as `like` reads it; what is special there is meant as it stands."""
    for char in "\\%_":
        pattern = pattern.replace(char, "\\" + char)
    return pattern.replace("*", "%")


def pattern_of(asked: Asked, leaf: Value | Glob) -> str:
    """The pattern of a part, defanged or not."""
    if isinstance(leaf, Glob):
        return like("*".join(_live(piece) for piece in leaf.pattern.split("*")))
    return "%" + like(_live(leaf.text).replace("*", "")) + "%"


def words(text: str) -> str:
    """The words of a text for `to_tsquery`: all of them; `begin*` is the beginning of one."""
    found = []
    for word in text.split():
        bare = "".join(c if c.isalnum() else " " for c in word).split()
        if bare:
            found += [f"'{piece}'" for piece in bare]
            if word.endswith("*"):
                found[-1] += ":*"
    return " & ".join(found)


def condition(asked: Asked, query: Query | None = None) -> Sql:
    """The condition on `v`, `c` and `r`."""
    node = asked.query if query is None else query
    match node:
        case And(parts):
            return joined(" and ", [condition(asked, each) for each in parts], Sql("true"))
        case Or(parts):
            return joined(" or ", [condition(asked, each) for each in parts], NEVER)
        case Not(part):
            inner = condition(asked, part)
            return Sql("(not coalesce(" + inner.text + ", false))", inner.params)
        case Value():
            return _value(asked, node)
        case Glob():
            return Sql("v.value ilike %s", (pattern_of(asked, node),))
        case Network(cidr):
            return Sql(
                "(case when v.type in (3, 4, 15) then zvon_inet(v.value) <<= %s::inet"
                " else false end)",
                (cidr,),
            )
        case Term():
            return _term(asked, node)


def of_values(query: Query) -> bool:
    """True when something in the query is about the value and not only about its record."""
    return any(
        not isinstance(leaf, Term) or leaf.field in {Field.TYPE, Field.ROLE}
        for leaf in terms(query)
    )


def joined(word: LiteralString, parts: Sequence[Sql], empty: Sql) -> Sql:
    """Several conditions with `word` between them."""
    if not parts:
        return empty
    return Sql(
        "(" + word.join([each.text for each in parts]) + ")",
        tuple(p for each in parts for p in each.params),
    )


def _value(asked: Asked, leaf: Value) -> Sql:
    if asked.reading is Reading.WORDS:
        return _said(leaf.text)
    if asked.reading is Reading.PART:
        return Sql("v.value ilike %s", (pattern_of(asked, leaf),))
    return Sql("v.id = any (%s::bigint[])", (asked.names.values[leaf.text],))


def _said(text: str) -> Sql:
    wanted = words(text)
    if not wanted:
        return NEVER
    # Whoever may not read a report may not find out its words by asking for them either. The array
    # is made once for a statement, not for a row.
    return Sql(
        "exists (select from search_record w where w.record_id = r.id"
        " and w.words @@ to_tsquery('zvon_words', %s)"
        " and (w.kind <> 'report' or r.orgc_id = any (array("
        "select y.id from party y where zvon_may_read('report.text', y.country)))))",
        (wanted,),
    )


def _term(asked: Asked, term: Term) -> Sql:
    text = term.text
    match term.field:
        case Field.TYPE:
            return Sql("v.type = %s", (CODE[ObservableType(text)],))
        case Field.ROLE:
            return Sql("c.role = %s", (ROLES[text],))
        case Field.AFTER:
            return Sql("c.seen_at >= %s", (moment(text),))
        case Field.BEFORE:
            return Sql("c.seen_at < %s", (moment(text),))
        case Field.SEEN:
            return Sql("c.seen_at >= %s", (asked.now - ago(text),))
        case Field.SOURCE:
            return Sql("r.source_id = any (%s::bigint[])", (asked.names.sources[text],))
        case Field.KIND:
            return Sql("r.kind = %s", (text,))
        case Field.TLP:
            return Sql("r.tlp = %s", (TLPS.index(text),))
        case Field.PAP:
            return Sql("r.pap = %s", (PAPS.index(text),))
        case Field.TAG:
            return Sql(
                "exists (select from tag_use t where t.record_id = r.id"
                " and t.tag_id = any (%s::bigint[]))",
                (asked.names.tags[text],),
            )
        case Field.LANG:
            return Sql(
                "exists (select from document d where d.record_id = r.id and d.lang = %s)", (text,)
            )
        case Field.TEXT:
            return _said(text)


def _live(text: str) -> str:
    return refang(text) if "[" in text or "(" in text or "hxx" in text.lower() else text
