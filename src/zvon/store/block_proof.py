"""What `dns` writes of blocks: proof, enforcement, failure and expiry. It publishes nothing new."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from zvon.model.lifecycle import BlockState
from zvon.model.zone import Grade
from zvon.store.block_publish import unpublish
from zvon.store.block_row import BlockRow, Db, read
from zvon.store.block_step import move
from zvon.store.transaction import Change, Op, Tx

ACTOR = "system"
_PUBLISHED = (BlockState.PUBLISHED, BlockState.ENFORCED, BlockState.FAILED, BlockState.DISPUTED,
              BlockState.EXPIRING)  # fmt: skip
_WAITING = (BlockState.PROPOSED, BlockState.VALIDATED, BlockState.HELD)


class ReceiptRow(Struct, frozen=True, kw_only=True):
    """A signed statement that one subscriber answered as ordered."""

    block_id: int
    subscriber_id: int
    kind: str
    grade: Grade
    zone_serial: int
    approved_at: datetime | None
    published_at: datetime
    blocked_at: datetime
    answer: bytes
    signature: bytes


async def unproved(db: Db, since: datetime) -> list[BlockRow]:
    """Published blocks that are not enforced yet, and blocks lifted after `since`."""
    return await read(
        db,
        "b.state in ('published', 'failed') or (b.lifted_at > %(since)s"
        " and b.published_at is not null)",
        {"since": since},
    )


async def proved(db: Db, rows: Sequence[BlockRow]) -> set[tuple[int, int, str]]:
    """(block, subscriber, kind) of the receipts that are there, of grade A."""
    found = await (
        await db.execute(
            "select block_id, subscriber_id, kind from receipt where grade = 'A'"
            " and block_id = any(%s)",
            ([row.id for row in rows],),
        )
    ).fetchall()
    return {(row[0], row[1], row[2]) for row in found}


async def put_receipt(tx: Tx, block: BlockRow, receipt: ReceiptRow, now: datetime) -> None:
    """Keep a receipt; the first one of its kind stays. Enforces the block when it was the last."""
    await tx.execute(
        """
        insert into receipt (block_id, subscriber_id, kind, grade, zone_serial, approved_at,
                             published_at, blocked_at, answer, signature, at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (block_id, subscriber_id, kind, grade) do nothing
        """,
        (receipt.block_id, receipt.subscriber_id, receipt.kind, receipt.grade,
         receipt.zone_serial, receipt.approved_at, receipt.published_at, receipt.blocked_at,
         receipt.answer, receipt.signature, now),
    )  # fmt: skip
    tx.note(Change(kind="receipt", subject=block.uuid, op=Op.ADD))
    if receipt.kind == "block":
        await enforce(tx, block.id, now)


async def enforce(tx: Tx, block_id: int, now: datetime) -> bool:
    """Mark a block as enforced once every mandatory subscriber is proved; false when not yet.

    A subscriber that only logs blocks nothing and is not waited for; with nobody to prove, a
    block stays published.
    """
    rows = await read(
        tx.db, "b.id = %(id)s and b.state in ('published', 'failed')", {"id": block_id}, lock=True
    )
    if not rows:
        return False
    counts = await (
        await tx.execute(
            """
            select count(*), count(r.id) from subscriber s
            left join receipt r on r.subscriber_id = s.id and r.block_id = %s
              and r.kind = 'block' and r.grade = 'A'
            where s.feed_id = %s and s.mandatory and s.mode = 'enforce' and s.removed_at is null
            """,
            (block_id, rows[0].feed_id),
        )
    ).fetchone()
    assert counts is not None
    if not counts[0] or counts[0] != counts[1]:
        return False
    await move(tx, rows, BlockState.ENFORCED, actor=ACTOR, action="block:enforce",
               reason="proved at every mandatory subscriber", now=now,
               also=", enforced_at = %s", params=[now])  # fmt: skip
    return True


async def fail(tx: Tx, block_id: int, subscribers: Sequence[str], now: datetime) -> None:
    """Say that some mandatory subscribers were not proved in time; a later proof still counts."""
    rows = await read(tx.db, "b.id = %(id)s and b.state = 'published'", {"id": block_id}, lock=True)
    if rows:
        await move(tx, rows, BlockState.FAILED, actor=ACTOR, action="block:fail",
                   reason="not proved in time at " + ", ".join(subscribers), now=now)  # fmt: skip


async def expire(tx: Tx, now: datetime, *, limit: int = 500) -> list[BlockRow]:
    """Take the rules of blocks past their end out of the zones; return those blocks.

    What was never published is withdrawn, so that its name can be proposed again.
    """
    due = await read(
        tx.db,
        "b.id in (select id from block where expires_at <= %(now)s and state = any(%(states)s)"
        " order by expires_at limit %(limit)s)",
        {"now": now, "states": [*_PUBLISHED, *_WAITING], "limit": limit},
        lock=True,
    )
    stale = [row for row in due if row.state in _WAITING]
    if stale:
        await move(tx, stale, BlockState.WITHDRAWN, actor=ACTOR, action="block:withdraw",
                   reason="expired before it was published", now=now)  # fmt: skip
    live = [row for row in due if row.state in _PUBLISHED]
    going = [row for row in live if row.state not in {BlockState.DISPUTED, BlockState.EXPIRING}]
    if going:
        await move(tx, going, BlockState.EXPIRING, actor=ACTOR, action="block:expire",
                   reason="expired", now=now)  # fmt: skip
        live = await read(tx.db, "b.id = any(%(ids)s)", {"ids": [row.id for row in live]})
    if live:
        await unpublish(tx, live, actor=ACTOR, reason="expired", now=now)
    return due
