"""What enrichers that ask somebody said of values, for as long as it holds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.fact import Fact
from zvon.model.observable import TYPE, Observable
from zvon.store import observable
from zvon.store.observable import code_of, digest
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

OUTSIDE = "asked outside"


async def kept(
    db: Db, viewer: Viewer, values: Sequence[Observable], now: datetime
) -> Mapping[tuple[Observable, str], tuple[Fact, ...]]:
    """What is still good, by value and enricher. Raises `Denied` without `search:read`."""
    viewer.require(Permission.SEARCH_READ)
    rows = await (
        await db.execute(
            """
            select o.type, o.value, e.enricher, e.facts from enrichment e
            join observable o on o.id = e.observable_id
            where o.digest = any (%s) and e.until > %s
            """,
            ([digest(code_of(v), v.value.encode()) for v in values], now),
        )
    ).fetchall()
    return {
        (Observable(TYPE[kind], value), enricher): msgspec.convert(facts, tuple[Fact, ...])
        for kind, value, enricher, facts in rows
    }


async def keep(
    tx: Tx,
    viewer: Viewer,
    value: Observable,
    enricher: str,
    facts: Sequence[Fact],
    now: datetime,
    until: datetime,
) -> None:
    """Keep an answer, and in the audit who asked; a value that is in no record is not kept."""
    viewer.require(Permission.SEARCH_READ)
    tx.audit(AuditEntry(actor=viewer.login, action=Permission.SEARCH_READ.value,
                        object=value.type.value, rule=OUTSIDE, detail={"enricher": enricher}))  # fmt: skip
    known = (await observable.ids(tx.db, [value])).get(value)
    if known is None:
        return
    said: list[dict[str, Any]] = msgspec.to_builtins(list(facts))
    await tx.execute(
        """
        insert into enrichment (observable_id, enricher, at, until, facts)
        values (%s, %s, %s, %s, %s)
        on conflict (observable_id, enricher)
          do update set at = excluded.at, until = excluded.until, facts = excluded.facts
        """,
        (known, enricher, now, until, Jsonb(said)),
    )
