"""Playbooks that stop themselves, because one run after the other failed."""

from datetime import datetime

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx


class Brake(Struct, frozen=True, kw_only=True):
    """How often in a row the runs of a playbook failed, and since when it starts none."""

    playbook_id: int
    failures: int
    stopped_at: datetime | None
    reason: str


async def note(
    tx: Tx, playbook_id: int, *, failed: bool, most: int, reason: str, now: datetime
) -> bool:
    """Count a run that ended; true when the playbook stops itself with this one."""
    if not failed:
        await tx.execute(
            "update run_brake set failures = 0 where playbook_id = %s and failures > 0"
            " and stopped_at is null",
            (playbook_id,),
        )
        return False
    row = await (
        await tx.execute(
            """
            insert into run_brake as b (playbook_id, failures, reason) values (%s, 1, %s)
            on conflict (playbook_id) do update set failures = b.failures + 1,
              reason = excluded.reason
            returning failures, stopped_at
            """,
            (playbook_id, reason),
        )
    ).fetchone()
    assert row is not None
    if row[0] < most or row[1] is not None:
        return False
    await tx.execute(
        "update run_brake set stopped_at = %s where playbook_id = %s", (now, playbook_id)
    )
    return True


async def stopped(db: Db) -> dict[int, Brake]:
    """The playbooks that start no run now."""
    async with db.cursor(row_factory=class_row(Brake)) as cursor:
        await cursor.execute(
            "select playbook_id, failures, stopped_at, reason from run_brake"
            " where stopped_at is not null"
        )
        return {row.playbook_id: row for row in await cursor.fetchall()}


async def let_go(tx: Tx, viewer: Viewer, playbook_id: int, now: datetime) -> bool:
    """Let a playbook start runs again; false when it was not stopped. Raises `Denied`."""
    viewer.require(Permission.RUN_MANAGE)
    cursor = await tx.execute(
        "update run_brake set stopped_at = null, failures = 0, reason = ''"
        " where playbook_id = %s and stopped_at is not null",
        (playbook_id,),
    )
    if cursor.rowcount:
        tx.audit(AuditEntry(actor=viewer.login, action="playbook:let_go",
                            object=f"playbook:{playbook_id}",
                            detail={"at": now.isoformat()}))  # fmt: skip
    return cursor.rowcount > 0
