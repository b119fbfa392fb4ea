"""What follows from an incident ends with it: its blocks, its rules for addresses."""

from datetime import datetime

from zvon.access.viewer import Viewer
from zvon.model.lifecycle import BlockState
from zvon.store import block, block_row, block_step, url_rule
from zvon.store.transaction import Tx

WAITING = (BlockState.PROPOSED, BlockState.VALIDATED, BlockState.HELD)
LIVE = (BlockState.PUBLISHED, BlockState.ENFORCED, BlockState.EXPIRING, BlockState.FAILED,
        BlockState.DISPUTED)  # fmt: skip


async def blocks(tx: Tx, viewer: Viewer, incident_id: int, reason: str, now: datetime) -> None:
    """Withdraw the waiting proposals of an incident and lift its live blocks.

    Lifting needs `block:lift`; raises `Denied` without it, and nothing of the transaction stays.
    """
    rows = await (
        await tx.execute(
            "select uuid, state from block where incident_id = %s and state = any (%s) order by id",
            (incident_id, [*WAITING, *LIVE]),
        )
    ).fetchall()
    waiting = [uuid for uuid, state in rows if state in WAITING]
    if waiting:
        locked = await block_row.by_uuid(tx.db, waiting, lock=True)
        await block_step.move(tx, locked, BlockState.WITHDRAWN, actor=viewer.login,
                              action="block:withdraw", reason=reason, now=now)  # fmt: skip
    live = [uuid for uuid, state in rows if state in LIVE]
    if live:
        await block.lift(tx, viewer, live, reason, now)
    await url_rule.end_of_incident(tx, viewer, incident_id, reason, now)
