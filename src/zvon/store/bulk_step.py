"""The steps of a decision on many incidents, and what became of each item."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import Error
from psycopg.errors import IntegrityError
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.viewer import Viewer
from zvon.model.bulk import Action, BulkState, Outcome, encode
from zvon.store.bulk import Bulk
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx


class Open(Struct, frozen=True, kw_only=True):
    """An item that is due, locked until the end of the transaction."""

    n: int
    uuid: UUID
    version: int
    before: dict[str, Any] | None
    version_after: int | None


async def create(
    tx: Tx,
    viewer: Viewer,
    *,
    uuid: UUID,
    action: Action,
    items: Sequence[tuple[int, UUID, int]],
    reason: str,
    need: int,
    holds: timedelta,
    now: datetime,
) -> None:
    """Freeze the list. It does nothing yet."""
    plain = encode(action)
    sha = hashlib.sha256(
        msgspec.json.encode([plain, [[str(u), v] for _, u, v in items]], order="sorted")
    ).digest()
    row = await (
        await tx.execute(
            "insert into bulk (uuid, action, body_sha, reason, total, need, asked_by, asked_at,"
            " expires_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
            (uuid, Jsonb(plain), sha, reason, len(items), need, viewer.person_id, now, now + holds),
        )
    ).fetchone()
    assert row is not None
    await tx.execute(
        "insert into bulk_item (bulk_id, n, incident_id, version) select %s, x.n, x.id, x.version"
        " from unnest(%s::bigint[], %s::int[]) with ordinality x(id, version, n)",
        (row[0], [i for i, _, _ in items], [v for _, _, v in items]),
    )


async def step(
    tx: Tx, viewer: Viewer, bulk: Bulk, state: BulkState, now: datetime, *, confirms: bool = False,
    ends: bool = False,
) -> None:  # fmt: skip
    """Take the decision to another state, with its audit row."""
    await tx.execute(
        """
        update bulk set state = %(state)s,
          confirmed_by = case when %(confirms)s then %(me)s else confirmed_by end,
          confirmed_at = case when %(confirms)s then %(now)s else confirmed_at end,
          undone_by = case when %(state)s = 'undoing' then %(me)s else undone_by end,
          ended_at = case when %(ends)s then %(now)s else ended_at end
        where id = %(id)s
        """,
        {"state": state.value, "confirms": confirms, "me": viewer.person_id, "now": now,
         "ends": ends, "id": bulk.id},
    )  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action=f"bulk:{state.value}", object=f"bulk:{bulk.uuid}",
                        detail={"action": encode(bulk.action), "items": bulk.total,
                                "reason": bulk.reason, "body": bulk.body_sha}))  # fmt: skip


async def take(tx: Tx, bulk: Bulk, outcome: Outcome, most: int) -> list[Open]:
    """The next items of this outcome, locked; what another worker holds is left to it."""
    async with tx.db.cursor(row_factory=class_row(Open)) as cursor:
        await cursor.execute(
            """
            select b.n, i.uuid, b.version, b.before, b.version_after
            from bulk_item b join incident i on i.id = b.incident_id
            where b.bulk_id = %s and b.outcome = %s order by b.n limit %s
            for no key update of b skip locked
            """,
            (bulk.id, outcome.value, most),
        )
        return await cursor.fetchall()


async def put_outcome(
    tx: Tx, bulk: Bulk, n: int, outcome: Outcome, *, detail: str = "",
    before: dict[str, Any] | None = None, version_after: int | None = None,
) -> None:  # fmt: skip
    """Write what became of one item."""
    await tx.execute(
        "update bulk_item set outcome = %s, detail = %s, before = coalesce(%s, before),"
        " version_after = coalesce(%s, version_after) where bulk_id = %s and n = %s",
        (
            outcome.value,
            detail,
            None if before is None else Jsonb(before),
            version_after,
            bulk.id,
            n,
        ),
    )


async def left(tx: Tx, bulk: Bulk, outcome: Outcome) -> int:
    """How many items of this outcome there are, seen or not by whom the work is done for."""
    row = await (
        await tx.execute(
            "select count(*) from bulk_item where bulk_id = %s and outcome = %s",
            (bulk.id, outcome.value),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def worker(db: Db, uuid: UUID) -> tuple[BulkState, int] | None:
    """How it stands and as whom its work is done; `None` when nothing is to be done."""
    row = await (
        await db.execute(
            "select state, coalesce(undone_by, asked_by) from bulk where uuid = %s", (uuid,)
        )
    ).fetchone()
    if row is None or row[0] not in {BulkState.RUNNING, BulkState.UNDOING}:
        return None
    return BulkState(row[0]), int(row[1])


async def give_up(tx: Tx, uuid: UUID, now: datetime) -> None:
    """Who asked may no longer decide: what is left stays as it is, and says why."""
    await tx.execute(
        """
        update bulk_item i set detail = 'BULK_NO_LONGER',
          outcome = case b.state when 'running' then 'skipped' else 'kept' end
        from bulk b
        where b.uuid = %s and i.bulk_id = b.id
          and i.outcome = case b.state when 'running' then 'waiting' else 'done' end
        """,
        (uuid,),
    )
    await tx.execute(
        "update bulk set ended_at = %s,"
        " state = case state when 'running' then 'done' else 'undone' end"
        " where uuid = %s and state in ('running', 'undoing')",
        (now, uuid),
    )
    tx.audit(AuditEntry(actor="system", action="bulk:stopped", object=f"bulk:{uuid}",
                        outcome="refused", rule="permission"))  # fmt: skip


async def login_of(tx: Tx, person_id: int | None) -> str | None:
    """The login of an owner, for putting it back."""
    if person_id is None:
        return None
    row = await (
        await tx.execute("select login from person where id = %s", (person_id,))
    ).fetchone()
    return None if row is None else str(row[0])


def refused(error: Exception) -> bool:
    """True when the database refused one item by a rule; any other error of it ends the batch."""
    if isinstance(error, (ValueError, LookupError, PermissionError)):
        return True
    return isinstance(error, Error) and (
        isinstance(error, IntegrityError) or (error.sqlstate or "").startswith("ZV")
    )
