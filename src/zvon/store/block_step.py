"""Moving blocks along their life: one edge, and every row that tells of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from msgspec import structs, to_builtins
from psycopg.types.json import Jsonb

from zvon.model.guard import Finding
from zvon.model.lifecycle import BlockState, check_block_move
from zvon.store.block_row import BlockRow
from zvon.store.incident import timeline
from zvon.store.transaction import AuditEntry, Change, Op, Tx

_OPS = {BlockState.PUBLISHED: Op.PUBLISH, BlockState.LIFTED: Op.REVOKE}


async def move(
    tx: Tx,
    rows: Sequence[BlockRow],
    new: BlockState,
    *,
    actor: str,
    action: str,
    reason: str,
    now: datetime,
    gates: Sequence[Finding] = (),
    also: LiteralString = "",
    params: Sequence[Any] = (),
) -> list[BlockRow]:
    """Take all `rows` to `new`, with step, timeline, change and audit rows; return them so.

    `also` sets further columns (`, lifted_at = %s`). Raises `IllegalMove` before anything is
    written when one of them may not go there.
    """
    for row in rows:
        check_block_move(row.state, new)
    ids = [row.id for row in rows]
    found = Jsonb(to_builtins(gates))
    await tx.execute(
        """
        insert into block_step (block_id, old, new, at, actor, reason, gates)
        select id, old, %s, %s, %s, %s, %s
        from unnest(%s::bigint[], %s::text[]) x(id, old) order by id
        """,
        (new, now, actor, reason, found, ids, [row.state for row in rows]),
    )
    await tx.execute(
        "update block set state = %s, version = version + 1" + also + " where id = any(%s)",  # noqa: S608
        (new, *params, ids),
    )
    for row in rows:
        tx.note(Change(kind="block", subject=row.uuid, op=_OPS.get(new, Op.EDIT)))
        tx.audit(
            AuditEntry(
                actor=actor,
                action=action,
                object=f"block:{row.number}",
                detail={"name": row.name, "from": row.state, "to": new, "reason": reason},
            )
        )
        if row.incident_id is not None:
            told = {"name": row.name, "number": row.number, "reason": reason}
            await timeline(tx, row.incident_id, "block", actor, f"BLOCK_{new.name}", told, now)
    return [structs.replace(row, state=new, version=row.version + 1) for row in rows]
