"""Observables: each canonical value stored once, however many records name it."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from zvon.model.observable import CODE, TYPE, Observable, ObservableType
from zvon.store.party import Db
from zvon.store.transaction import Tx

# Values that more records share than this are "common": shown as such, never correlated on.
COMMON = 200
# By plain text: the hash of an enum member is computed in Python each time, a text's only once.
_BY_TEXT = {kind.value: code for kind, code in CODE.items()}
_PERSON = {code: code.to_bytes(2, "big") for code in CODE.values()}

STAGE = """
create temporary table if not exists stage_value
  (n integer, digest bytea, type smallint, value text) on commit delete rows;
create temporary table if not exists stage_known
  (n integer, digest bytea, type smallint, value text, id bigint, is_new boolean)
  on commit delete rows;
truncate stage_value, stage_known
"""
# `lateral … limit 1` keeps the plan a walk of the index: the stage has no statistics.
# Identifiers are given in the order of `digest`, so that new occurrences go to the index's end.
RESOLVE = """
insert into stage_known
select s.n, s.digest, s.type, s.value, coalesce(o.id, nextval('observable_id_seq')), o.id is null
from (select * from stage_value order by digest) s
left join lateral (select id from observable where digest = s.digest limit 1) o on true
"""
# Sorted by the key, so that two batches never wait for each other in a circle. Without `on
# conflict` it is 1.7 times as fast; with it, it is what to do when another transaction was first.
ADD = """
insert into observable (id, type, digest, value) overriding system value
select id, type, digest, value from stage_known where is_new order by digest
"""
ADD_MISSING = ADD + "on conflict do nothing"
# The ids of rows that another transaction made since RESOLVE ran: it has ended, so they show.
SETTLE = """
update stage_known k set id = o.id from observable o
where k.is_new and o.digest = k.digest
"""


class BadText(ValueError):
    """Text that the database cannot hold; `field` says where it stood."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class Related(Struct, frozen=True, kw_only=True):
    """A record that shares a value."""

    uuid: UUID
    kind: str
    type: ObservableType
    value: str
    seen_at: datetime


def code_of(value: Observable) -> int:
    """The type's number in the database."""
    return _BY_TEXT[value.type._value_]


def digest(code: int, value: bytes) -> bytes:
    """BLAKE2b-128 over type and value, by which the store knows an observable."""
    return hashlib.blake2b(value, digest_size=16, person=_PERSON[code]).digest()


async def intern(tx: Tx, rows: Sequence[tuple[int, bytes, int, str]]) -> int:
    """Leave the id of each `(n, digest, type, value)` in the temporary table `stage_known`.

    `rows` are distinct values. Safe beside other transactions that intern the same values. Returns
    how many of them are new here.
    """
    await tx.execute(STAGE)
    async with tx.db.cursor().copy("copy stage_value from stdin (format binary)") as copy:
        copy.set_types(["int4", "bytea", "int2", "text"])
        for row in rows:
            await copy.write_row(row)
    await tx.execute(RESOLVE)
    try:
        async with tx.db.transaction():
            added = await tx.execute(ADD)
    except UniqueViolation:
        added = await tx.execute(ADD_MISSING)
        await tx.execute(SETTLE)
    return added.rowcount


async def known_ids(tx: Tx, rows: Sequence[tuple[bytes, int, str]]) -> Mapping[bytes, int]:
    """The ids of `(digest, type, value)`, made where they are new, by digest.

    Like `intern`, without temporary tables: what a few reports need costs two round trips.
    """
    return (await known_and_new(tx, rows))[0]


async def known_and_new(
    tx: Tx, rows: Sequence[tuple[bytes, int, str]]
) -> tuple[Mapping[bytes, int], int]:
    """Like `known_ids`, and how many of them are new here."""
    found = await _by_digest(tx.db, [digest for digest, _, _ in rows])
    missing, fresh = sorted(row for row in rows if row[0] not in found), 0
    if missing:
        digests, types, values = zip(*missing, strict=True)
        made = await tx.execute(
            """
            insert into observable (digest, type, value)
            select d, t, v from unnest(%s::bytea[], %s::smallint[], %s::text[]) x(d, t, v)
            order by d on conflict do nothing returning digest, id
            """,
            (list(digests), list(types), list(values)),
        )
        mine = {bytes(key): number for key, number in await made.fetchall()}
        found, fresh = found | mine, len(mine)
        late = [each for each in digests if each not in found]
        if late:  # made by a transaction that has ended by now
            found |= await _by_digest(tx.db, late)
    return found, fresh


async def _by_digest(db: Db, digests: Sequence[bytes]) -> dict[bytes, int]:
    rows = await db.execute("select digest, id from observable where digest = any (%s)", (digests,))
    return {bytes(key): number for key, number in await rows.fetchall()}


async def of_record(db: Db, record_id: int) -> list[tuple[Observable, int]]:
    """Every value of a record with its role, by type and value."""
    rows = await (
        await db.execute(
            """
            select o.type, o.value, c.role from occurrence c
            join observable o on o.id = c.observable_id
            where c.record_id = %s order by o.type, o.value, c.role
            """,
            (record_id,),
        )
    ).fetchall()
    return [(Observable(TYPE[kind], value), role) for kind, value, role in rows]


async def ids(db: Db, values: Sequence[Observable]) -> Mapping[Observable, int]:
    """The ids of those of `values` that are known."""
    rows = await (
        await db.execute(
            "select type, value, id from observable where digest = any (%s)",
            ([digest(code_of(v), v.value.encode()) for v in values],),
        )
    ).fetchall()
    return {Observable(TYPE[kind], value): found for kind, value, found in rows}


async def related(db: Db, record_id: int, *, limit: int = 200) -> list[Related]:
    """Other records that the viewer may see and that share a value, newest first.

    Values that more than `COMMON` records share are left out.
    """
    async with db.cursor(row_factory=class_row(_RelatedRow)) as cursor:
        await cursor.execute(
            """
            select r.uuid, r.kind, o.type, o.value, c.seen_at
            from occurrence mine
            join observable o on o.id = mine.observable_id
            join lateral (select record_id, seen_at from occurrence
                          where observable_id = mine.observable_id
                          limit %(common)s + 1) c on c.record_id <> mine.record_id
            join record r on r.id = c.record_id
            where mine.record_id = %(record)s and not r.deleted
              and (select count(*) from (select from occurrence x
                   where x.observable_id = mine.observable_id limit %(common)s + 1) n) <= %(common)s
            order by c.seen_at desc, r.id desc limit %(limit)s
            """,
            {"record": record_id, "common": COMMON, "limit": limit},
        )
        rows = await cursor.fetchall()
    return [
        Related(uuid=r.uuid, kind=r.kind, type=TYPE[r.type], value=r.value, seen_at=r.seen_at)
        for r in rows
    ]


class _RelatedRow(Struct, frozen=True):
    uuid: UUID
    kind: str
    type: int
    value: str
    seen_at: datetime
