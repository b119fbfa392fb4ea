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
    known = await observable.ids(tx.db, [row.observable for row in rows])
    missing = {row.observable.value for row in rows} - {value.value for value in known}
    if missing:
        raise LookupError(f"evidence about values that are not stored: {sorted(missing)[:3]}")
    if rows:
        await tx.execute(
            """
            insert into evidence (record_id, observable_id, stage, code, value, params, source,
                                  seen_at, expires_at)
            select %s, o, stage, code, value, params, source, seen_at, expires_at
            from unnest(%s::bigint[], %s::smallint[], %s::text[], %s::text[], %s::jsonb[],
                        %s::text[], %s::timestamptz[], %s::timestamptz[])
              with ordinality x(o, stage, code, value, params, source, seen_at, expires_at, n)
            order by n
            """,
            (
                record_id,
                [known[r.observable] for r in rows],
                [r.stage for r in rows],
                [r.code.value for r in rows],
                [r.value for r in rows],
                [Jsonb(r.params) for r in rows],
                [r.source for r in rows],
                [r.seen_at for r in rows],
                [r.expires_at for r in rows],
            ),
        )


async def of_record(db: Db, record_id: int) -> list[Evidence]:
    """The facts that a record rests on, oldest first."""
    cursor = await db.execute(
        """
        select o.type, o.value, e.stage, e.code, e.value, e.params, e.source, e.seen_at,
               e.expires_at
        from evidence e join observable o on o.id = e.observable_id
        where e.record_id = %s order by e.id
        """,
        (record_id,),
    )
    return [_row(row) for row in await cursor.fetchall()]


async def fresh(db: Db, about: Sequence[Observable], now: datetime) -> list[Evidence]:
    """The newest facts about these values that have not expired, one per value and code."""
    known = await observable.ids(db, about)
    cursor = await db.execute(
        """
        select distinct on (e.observable_id, e.code)
               o.type, o.value, e.stage, e.code, e.value, e.params, e.source, e.seen_at,
               e.expires_at
        from evidence e join observable o on o.id = e.observable_id
        where e.observable_id = any(%s) and e.expires_at > %s
        order by e.observable_id, e.code, e.seen_at desc, e.id desc
        """,
        (list(known.values()), now),
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
