"""What a run's step learns of the release that was prepared for it."""

from uuid import UUID

from psycopg.types.json import Jsonb

from zvon.store import run_lease
from zvon.store.transaction import Tx


async def wanted(tx: Tx, step: UUID) -> bool:
    """True while the step waits for a release that was not prepared yet; its wait is locked."""
    row = await (
        await tx.execute(
            """
            select 1 from run_wait w join step_run s on s.id = w.step_run_id
            where s.uuid = %s and s.state = 'waiting' and w.kind = 'share' and w.ended_at is null
              and w.about is null and w.result is null
            for update of w
            """,
            (step,),
        )
    ).fetchone()
    return row is not None


async def tell(tx: Tx, step: UUID, share: UUID | None, error: str) -> None:
    """Say which release it waits for from now on, or why there is none."""
    result = Jsonb({"error": error}) if error else None
    row = await (
        await tx.execute(
            "update run_wait w set about = %s, result = %s from step_run s"
            " where s.id = w.step_run_id and s.uuid = %s returning s.id",
            (share, result, step),
        )
    ).fetchone()
    if row is not None:
        await run_lease.wake(tx, [row[0]])
