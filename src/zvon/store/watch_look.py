"""Looking at watched names again: which are due, what a look saw, and what followed from it.

For our own jobs; what people do with the names is `store.watch`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.model.verdict import Reason
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx
from zvon.store.watch import Item, select


class Looked(Struct, frozen=True, kw_only=True):
    """What a look at an item changes; `next_at` `None` ends it in the state given."""

    id: int
    score: float
    reasons: Sequence[Reason]
    state: str
    next_at: datetime | None


async def due(db: Db, now: datetime, limit: int) -> list[Item]:
    """Items that should be looked at, the likeliest first."""
    return await select(
        db,
        "w.state = 'watching' and w.next_at <= %(now)s order by w.score desc, w.id limit %(limit)s",
        {"now": now, "limit": limit},
    )


async def of_ids(db: Db, ids: Sequence[int]) -> list[Item]:
    """These items that are still watched."""
    return await select(
        db, "w.state = 'watching' and w.id = any(%(ids)s) order by w.id", {"ids": list(ids)}
    )


async def postpone(tx: Tx, ids: Sequence[int], until: datetime) -> None:
    """Somebody looks at these now; nobody else should before `until`."""
    await tx.execute(
        "update watch set next_at = %s where state = 'watching' and id = any(%s)",
        (until, list(ids)),
    )


async def saw(tx: Tx, looks: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Keep what a look found, beside what was known."""
    await tx.execute(
        """
        update watch w set seen = w.seen || x.seen::jsonb
        from unnest(%s::bigint[], %s::text[]) x(id, seen)
        where w.id = x.id and w.state = 'watching'
        """,
        ([each for each, _ in looks], [msgspec.json.encode(s).decode() for _, s in looks]),
    )


async def judged(tx: Tx, looked: Sequence[Looked], now: datetime) -> list[UUID]:
    """Write what follows from the last look at items; the identifiers of those now escalated."""
    rows = await (
        await tx.execute(
            """
            update watch w set score = x.score, reasons = x.reasons::jsonb, state = x.state,
              next_at = x.next_at, checks = w.checks + 1,
              ended_at = case when x.state = 'watching' then null else %s end
            from unnest(%s::bigint[], %s::float8[], %s::text[], %s::text[], %s::timestamptz[])
                 x(id, score, reasons, state, next_at)
            where w.id = x.id and w.state = 'watching'
            returning w.uuid, w.name, x.state
            """,
            (now, [e.id for e in looked], [e.score for e in looked],
             [msgspec.json.encode(e.reasons).decode() for e in looked],
             [e.state for e in looked], [e.next_at for e in looked]),
        )
    ).fetchall()  # fmt: skip
    for _, name, state in rows:
        if state == "escalated":
            tx.audit(AuditEntry(actor="system", action="watch:escalate", object=name))
    return [uuid for uuid, _, state in rows if state == "escalated"]


async def unreported(db: Db, uuids: Sequence[UUID]) -> list[Item]:
    """Of these, those that are escalated and have no report yet."""
    return await select(
        db,
        "w.state = 'escalated' and w.record_id is null and w.uuid = any(%(uuids)s) order by w.id",
        {"uuids": list(uuids)},
    )


async def reported(tx: Tx, uuid: UUID, record_uuid: UUID) -> None:
    """The item became this report; idempotent."""
    await tx.execute(
        "update watch set record_id = (select id from record where uuid = %s)"
        " where uuid = %s and record_id is null",
        (record_uuid, uuid),
    )
