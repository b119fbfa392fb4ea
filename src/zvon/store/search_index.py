"""Filling the projections that searches read, behind the ingest path, and how far behind."""

from datetime import datetime, timedelta

from msgspec import Struct

from zvon.store.party import Db
from zvon.store.transaction import Tx

VALUES_AT_ONCE = 20_000
RECORDS_AT_ONCE = 5_000
# Longer than any transaction of ours that makes values.
REST = timedelta(minutes=10)

ADD_VALUES = """
with todo as materialized (
  select id, type, value from observable where id > %(after)s order by id limit %(most)s),
written as (
  insert into search_value (observable_id, type, value, address)
  select id, type, value, case when type = any (%(addresses)s) then zvon_inet(value) end
  from todo on conflict do nothing)
select max(id), count(*) from todo
"""
ADD_MISSED = """
insert into search_value (observable_id, type, value, address)
select id, type, value, case when type = any (%(addresses)s) then zvon_inet(value) end
from observable o where id > %(after)s and id <= %(upto)s
  and not exists (select from search_value v where v.observable_id = o.id)
on conflict do nothing
"""
ADD_RECORDS = """
with todo as materialized (
  select seq, record_id from change where seq > %(after)s order by seq limit %(most)s),
written as (
  insert into search_record (record_id, source_id, kind, words)
  select r.id, r.source_id, r.kind, zvon_words(r.payload)
  from record r where r.id in (select record_id from todo)
  on conflict (record_id) do update set source_id = excluded.source_id, kind = excluded.kind,
    words = excluded.words
  where (search_record.source_id, search_record.kind, search_record.words)
        is distinct from (excluded.source_id, excluded.kind, excluded.words))
select max(seq), count(*) from todo
"""
IPV4, IPV6, CIDR = 3, 4, 15  # `model.observable.CODE`; a test compares them


class Lag(Struct, frozen=True, kw_only=True):
    """What is stored and cannot be searched yet: values (at most) and changes of records."""

    values: int
    changes: int


async def step(tx: Tx, now: datetime) -> bool:
    """Take the next values and records into the projections; False when nothing was left.

    Works as `system`. Two at once wait for each other; a step that fails is done again.
    """
    row = await (
        await tx.execute(
            "select values_to, swept_to, mark_to, mark_at, changes_to from search_progress"
            " for update"
        )
    ).fetchone()
    assert row is not None
    values_to, swept_to, mark_to, mark_at, changes_to = row
    addresses = [IPV4, IPV6, CIDR]
    values = await _next(
        tx, ADD_VALUES, {"after": values_to, "most": VALUES_AT_ONCE, "addresses": addresses}
    )
    changes = await _next(tx, ADD_RECORDS, {"after": changes_to, "most": RECORDS_AT_ONCE})
    values_to, changes_to = max(values_to, values[0]), max(changes_to, changes[0])
    if now - mark_at >= REST:
        if mark_to > swept_to:
            await tx.execute(
                ADD_MISSED, {"after": swept_to, "upto": mark_to, "addresses": addresses}
            )
        swept_to, mark_to, mark_at = mark_to, values_to, now
    if (values_to, swept_to, mark_to, mark_at, changes_to) != tuple(row):
        await tx.execute(
            "update search_progress set values_to = %s, swept_to = %s, mark_to = %s, mark_at = %s,"
            " changes_to = %s",
            (values_to, swept_to, mark_to, mark_at, changes_to),
        )
    return values[1] == VALUES_AT_ONCE or changes[1] == RECORDS_AT_ONCE


async def lag(db: Db) -> Lag:
    """How far the projections are behind."""
    row = await (
        await db.execute(
            "select (select coalesce(max(id), 0) from observable) - p.values_to,"
            " h.seq - p.changes_to from search_progress p, head h"
        )
    ).fetchone()
    assert row is not None
    return Lag(values=max(0, int(row[0])), changes=max(0, int(row[1])))


async def _next(tx: Tx, statement: str, params: dict[str, object]) -> tuple[int, int]:
    row = await (await tx.db.execute(statement.encode(), params)).fetchone()
    assert row is not None
    return int(row[0] or 0), int(row[1])
