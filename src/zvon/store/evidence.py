"""Evidence: facts with origin and time, appended and never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import TYPE, Observable
from zvon.store import observable
from zvon.store.party import Db
from zvon.store.transaction import Tx


async def put(tx: Tx, record_id: int | None, rows: Sequence[Evidence]) -> None:
    """Add `rows` to what is known, as facts that `record_id` rests on.

    Their observables must be stored. Raises `LookupError` for one that is not.
    """
    await put_all(tx, [(record_id, row) for row in rows])


async def put_all(tx: Tx, rows: Sequence[tuple[int | None, Evidence]]) -> None:
    """Add facts, each with the record that rests on it. Raises `LookupError`, like `put`."""
    if not rows:
        return
    known = await observable.ids(tx.db, list({row.observable for _, row in rows}))
    missing = {row.observable.value for _, row in rows} - {value.value for value in known}
    if missing:
        raise LookupError(f"evidence about values that are not stored: {sorted(missing)[:3]}")
    await tx.execute(
        """
        insert into evidence (record_id, observable_id, stage, code, value, params, source,
                              seen_at, expires_at)
        select r, o, stage, code, value, params, source, seen_at, expires_at
        from unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::text[], %s::text[],
                    %s::jsonb[], %s::text[], %s::timestamptz[], %s::timestamptz[])
          with ordinality x(r, o, stage, code, value, params, source, seen_at, expires_at, n)
        order by n
        """,
        (
            [record_id for record_id, _ in rows],
            [known[r.observable] for _, r in rows],
            [r.stage for _, r in rows],
            [r.code.value for _, r in rows],
            [r.value for _, r in rows],
            [Jsonb(r.params) for _, r in rows],
            [r.source for _, r in rows],
            [r.seen_at for _, r in rows],
            [r.expires_at for _, r in rows],
        ),
    )


async def of_record(db: Db, record_id: int) -> list[Evidence]:
    """The facts that a record rests on, oldest first."""
    return (await of_records(db, [record_id]))[record_id]


async def of_records(db: Db, record_ids: Sequence[int]) -> dict[int, list[Evidence]]:
    """The facts that each record rests on, oldest first."""
    cursor = await db.execute(
        """
        select e.record_id, o.type, o.value, e.stage, e.code, e.value, e.params, e.source,
               e.seen_at, e.expires_at
        from evidence e join observable o on o.id = e.observable_id
        where e.record_id = any(%s) order by e.id
        """,
        (list(record_ids),),
    )
    found: dict[int, list[Evidence]] = {each: [] for each in record_ids}
    for row in await cursor.fetchall():
        found[row[0]].append(_row(row[1:]))
    return found


async def fresh(db: Db, about: Sequence[Observable], now: datetime) -> list[Evidence]:
    """The newest facts about these values that have not expired, one per value and code."""
    return await _newest(db, about, now)


async def newest(db: Db, about: Sequence[Observable]) -> list[Evidence]:
    """The newest facts about these values, expired or not, one per value and code."""
    return await _newest(db, about, None)


async def _newest(db: Db, about: Sequence[Observable], after: datetime | None) -> list[Evidence]:
    known = await observable.ids(db, about)
    cursor = await db.execute(
        """
        select distinct on (e.observable_id, e.code)
               o.type, o.value, e.stage, e.code, e.value, e.params, e.source, e.seen_at,
               e.expires_at
        from evidence e join observable o on o.id = e.observable_id
        where e.observable_id = any(%(known)s)
          and (%(after)s::timestamptz is null or e.expires_at > %(after)s)
        order by e.observable_id, e.code, e.seen_at desc, e.id desc
        """,
        {"known": list(known.values()), "after": after},
    )
    return [_row(row) for row in await cursor.fetchall()]


def _row(row: Sequence[Any]) -> Evidence:
    kind, about, stage, code, value, params, source, seen_at, expires_at = row
    return Evidence(
        observable=Observable(TYPE[kind], about),
        stage=stage,
        code=EvidenceCode(code),
        value=value,
        params=params,
        source=source,
        seen_at=seen_at,
        expires_at=expires_at,
    )
