"""What `dns` writes of blocks: proof, enforcement, failure and expiry. It publishes nothing new."""

from collections.abc import Sequence
from datetime import datetime

from zvon.model.lifecycle import BlockState
from zvon.store.block_publish import unpublish
from zvon.store.block_row import BlockRow, Db, read
from zvon.store.block_step import move
from zvon.store.transaction import Change, Op, Tx

ACTOR = "system"
_PUBLISHED = (BlockState.PUBLISHED, BlockState.ENFORCED, BlockState.FAILED, BlockState.DISPUTED,
              BlockState.EXPIRING)  # fmt: skip
_WAITING = (BlockState.PROPOSED, BlockState.VALIDATED, BlockState.HELD)


async def unproved(db: Db, since: datetime) -> list[BlockRow]:
    """Published blocks that are not enforced yet, and blocks lifted after `since`.

    Only blocks of names: there is nothing to ask for a rule on an address.
    """
    return await read(
        db,
        "b.trigger = 'qname' and (b.state in ('published', 'failed')"
        " or (b.lifted_at > %(since)s and b.published_at is not null))",
        {"since": since},
    )


async def enforce(tx: Tx, block_id: int, now: datetime) -> bool:
    """Mark a block as enforced once every mandatory subscriber is proved; false when not yet.

    A subscriber that only logs, and one that is an authoritative server, blocks nothing and is not
    waited for; with nobody to prove, a block stays published. A disputed block stays disputed, and
    its proof is noted.
    """
    rows = await read(
        tx.db,
        "b.id = %(id)s and (b.state in ('published', 'failed')"
        " or (b.state = 'disputed' and b.published_at is not null and b.enforced_at is null))",
        {"id": block_id},
        lock=True,
    )
    if not rows:
        return False
    counts = await (
        await tx.execute(
            """
            select count(*), count(r.id) from subscriber s
            left join receipt r on r.subscriber_id = s.id and r.block_id = %s
              and r.kind = 'block' and r.grade = 'A'
            where s.mandatory and s.mode = 'enforce' and s.removed_at is null
              and s.brand not in ('knot', 'nsd')
              and exists (select from subscription n join block_feed k on k.feed_id = n.feed_id
                          where n.subscriber_id = s.id and k.block_id = %s)
            """,
            (block_id, block_id),
        )
    ).fetchone()
    assert counts is not None
    if not counts[0] or counts[0] != counts[1]:
        return False
    if rows[0].state is BlockState.DISPUTED:
        await tx.execute("update block set enforced_at = %s where id = %s", (now, block_id))
        tx.note(Change(kind="block", subject=rows[0].uuid, op=Op.EDIT))
        return True
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

    What was never published is withdrawn, so that its name can be proposed again. What rests on
    the word of one trusted partner ends here too when nobody else confirmed it in time.
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
    for reason, rows in _by_reason(live).items():
        going = [row for row in rows if row.state not in {BlockState.DISPUTED, BlockState.EXPIRING}]
        staying = [row for row in rows if row not in going]
        if going:
            going = await move(tx, going, BlockState.EXPIRING, actor=ACTOR, action="block:expire",
                               reason=reason, now=now)  # fmt: skip
        await unpublish(tx, [*staying, *going], actor=ACTOR, reason=reason, now=now)
    return due


def _by_reason(rows: Sequence[BlockRow]) -> dict[str, list[BlockRow]]:
    grouped: dict[str, list[BlockRow]] = {}
    for row in rows:
        if row.confirm_by is not None:
            reason = "not confirmed by a second person in time"
        elif row.order_expires_at is not None and row.order_expires_at <= row.expires_at:
            reason = f"the order {row.order_number} ended"
        else:
            reason = "expired"
        grouped.setdefault(reason, []).append(row)
    return grouped
