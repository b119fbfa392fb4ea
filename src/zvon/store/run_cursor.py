"""How far the change log was read for runs: what they wait for, and what starts them."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store.transaction import Tx

WAITED_FOR = ("block", "share", "message", "task", "run")
AT_ONCE = 2000


class Happened(Struct, frozen=True, kw_only=True):
    """What changed since the last look: things that runs wait for, incidents made and changed."""

    subjects: Sequence[UUID]
    made: Sequence[UUID]
    edited: Sequence[UUID]
    full: bool


class Candidate(Struct, frozen=True, kw_only=True):
    """An incident as the rules of starts see it."""

    uuid: UUID
    category: str | None
    severity: int
    source_kind: str
    state: str


async def take(tx: Tx) -> Happened | None:
    """What happened since the last call; `None` while another worker is at it.

    The first call begins at the end of the log: what was there before starts nothing.
    """
    await tx.execute(
        "insert into run_cursor (seq) select seq from head on conflict (one) do nothing"
    )
    row = await (await tx.execute("select seq from run_cursor for update skip locked")).fetchone()
    if row is None:
        return None
    cursor = await tx.execute(
        "select seq, kind, subject, op from change where seq > %s order by seq limit %s",
        (row[0], AT_ONCE),
    )
    rows = await cursor.fetchall()
    if rows:
        await tx.execute("update run_cursor set seq = %s", (rows[-1][0],))
    incidents = [(subject, op) for _, kind, subject, op in rows if kind == "incident"]
    return Happened(
        subjects=list(dict.fromkeys(s for _, kind, s, _ in rows if kind in WAITED_FOR)),
        made=list(dict.fromkeys(s for s, op in incidents if op == "add")),
        edited=list(dict.fromkeys(s for s, op in incidents if op == "edit")),
        full=len(rows) == AT_ONCE,
    )


async def candidates(tx: Tx, incidents: Sequence[UUID]) -> dict[UUID, Candidate]:
    """What the rules ask about these incidents; closed ones are left out."""
    async with tx.db.cursor(row_factory=class_row(Candidate)) as cursor:
        await cursor.execute(
            "select uuid, category, severity, source_kind, state from incident"
            " where uuid = any(%s) and state in ('new', 'triage', 'open', 'contained')",
            (list(incidents),),
        )
        return {row.uuid: row for row in await cursor.fetchall()}
