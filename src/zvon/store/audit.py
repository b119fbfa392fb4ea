"""The audit chain: who did or was refused what; read page by page, and proved unbroken."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, audit_hash

BATCH = 5_000
MAX_SEQ = (1 << 63) - 1
MAX_PROBLEMS = 100


class AuditRow(Struct, frozen=True, kw_only=True):
    """One row as it is shown."""

    seq: int
    at: datetime
    actor: str
    action: str
    object: str
    outcome: str
    rule: str
    detail: dict[str, Any]


class Problem(Struct, frozen=True):
    """Row `seq` of the chain and what is wrong with it; `changed`, `missing`, `extra` or `head`."""

    seq: int
    kind: str
    text: str


class _Linked(AuditRow, frozen=True, kw_only=True):
    prev: bytes
    hash: bytes


async def page(
    db: Db,
    viewer: Viewer,
    after: int | None = None,
    limit: int = 200,
    *,
    actor: str | None = None,
    oldest: bool = False,
) -> list[AuditRow]:
    """Rows before `after`, newest first; with `oldest` those after it, oldest first.

    Raises `Denied` without `audit:read`.
    """
    viewer.require(Permission.AUDIT_READ)
    if oldest:
        async with db.cursor(row_factory=class_row(AuditRow)) as cursor:
            await cursor.execute(
                """
                select seq, at, actor, action, object, outcome, rule, detail from audit
                where seq > %(after)s and (%(actor)s::text is null or actor = %(actor)s)
                order by seq limit %(limit)s
                """,
                {"after": min(after or 0, MAX_SEQ), "limit": limit, "actor": actor},
            )
            return await cursor.fetchall()
    async with db.cursor(row_factory=class_row(AuditRow)) as cursor:
        await cursor.execute(
            """
            select seq, at, actor, action, object, outcome, rule, detail from audit
            where (%(after)s::bigint is null or seq < %(after)s)
              and (%(actor)s::text is null or actor = %(actor)s)
            order by seq desc limit %(limit)s
            """,
            {
                "after": None if after is None else min(after, MAX_SEQ),
                "limit": limit,
                "actor": actor,
            },
        )
        return await cursor.fetchall()


async def verify(db: Db) -> list[Problem]:
    """Every row that was changed, removed or added beside the chain, at most `MAX_PROBLEMS`.

    A removed last row shows because `head` keeps the end of the chain. Reads in batches; wants a
    transaction, so that the head belongs to the rows.
    """
    row = await (await db.execute("select audit_seq, audit_hash from head")).fetchone()
    assert row is not None
    end, end_hash = int(row[0]), bytes(row[1])
    problems: list[Problem] = []
    seq, prev = 0, b""
    async for linked in _rows(db, end):
        problems += _check(linked, seq, prev)
        seq, prev = linked.seq, linked.hash
        if len(problems) >= MAX_PROBLEMS:
            return problems[:MAX_PROBLEMS]
    if seq < end:
        problems.append(Problem(seq + 1, "missing", f"rows {seq + 1} to {end} are missing"))
    elif prev != end_hash:
        problems.append(Problem(end, "head", f"row {end} is not the one that the chain ended with"))
    return problems


async def length(db: Db) -> int:
    """How many rows the chain has."""
    row = await (await db.execute("select audit_seq from head")).fetchone()
    assert row is not None
    return int(row[0])


def _check(row: _Linked, before: int, prev: bytes) -> list[Problem]:
    found: list[Problem] = []
    if row.seq != before + 1:
        gone = f"rows {before + 1} to {row.seq - 1} are missing"
        found.append(Problem(before + 1, "missing", gone))
    elif row.prev != prev:
        found.append(Problem(row.seq, "changed", f"row {row.seq} does not follow row {before}"))
    entry = AuditEntry(actor=row.actor, action=row.action, object=row.object,
                       outcome="done" if row.outcome == "done" else "refused", rule=row.rule,
                       detail=row.detail)  # fmt: skip
    if audit_hash(row.seq, row.at, entry, row.prev) != row.hash:
        found.append(
            Problem(row.seq, "changed", f"row {row.seq} ({row.actor} {row.action}) was changed")
        )
    return found


async def _rows(db: Db, end: int) -> AsyncIterator[_Linked]:
    seq = 0
    while True:
        async with db.cursor(row_factory=class_row(_Linked)) as cursor:
            await cursor.execute(
                """
                select seq, at, actor, action, object, outcome, rule, detail, prev, hash
                from audit where seq > %s and seq <= %s order by seq limit %s
                """,
                (seq, end, BATCH),
            )
            rows = await cursor.fetchall()
        for row in rows:
            yield row
        if len(rows) < BATCH:
            return
        seq = rows[-1].seq
