"""Turning a publication back, and stopping its feed until two people let it go on."""

from collections.abc import Collection, Sequence
from datetime import datetime

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.dns_alert import Cause
from zvon.store import dns_alert
from zvon.store.block_publish import unpublish
from zvon.store.block_row import BlockRow, Db, read
from zvon.store.dns_alert import About
from zvon.store.transaction import AuditEntry, Tx

ACTOR = "tripwire"


class NotFrozen(ValueError):
    """The feed is not stopped."""


async def freeze(tx: Tx, feed: str, reason: str, now: datetime, *, actor: str = ACTOR) -> bool:
    """Stop a feed: nothing new is published in it; lifts go on. False when it stood already."""
    row = await (
        await tx.execute(
            "update feed set frozen_at = %s, frozen_reason = %s"
            " where name = %s and frozen_at is null returning id",
            (now, reason, feed),
        )
    ).fetchone()
    if row is None:
        return False
    await tx.execute("delete from feed_thaw where feed_id = %s", (row[0],))
    tx.audit(AuditEntry(actor=actor, action="feed:freeze", object=f"feed:{feed}", rule="tripwire",
                        detail={"reason": reason}))  # fmt: skip
    return True


async def thaw(tx: Tx, viewer: Viewer, feed: str, reason: str, now: datetime) -> bool:
    """Say that a stopped feed may go on; true when it does, because a second person said so too.

    One of the two has to be allowed to approve. Views are compared anew with what was decided
    meanwhile. Raises `NotFrozen`, `LookupError`, and `Refused` for one person twice.
    """
    approver = Permission.NEVERBLOCK_APPROVE in viewer.permissions
    if not approver:
        viewer.require(Permission.NEVERBLOCK_PROPOSE)
    if len(reason.strip()) < 3:
        raise ValueError("reason: at least three characters")
    row = await (
        await tx.execute(
            "select id, frozen_at from feed where name = %s for no key update", (feed,)
        )
    ).fetchone()
    if row is None:
        raise LookupError(f"there is no feed {feed!r}")
    if row[1] is None:
        raise NotFrozen(f"the feed {feed} is not stopped")
    said = await (
        await tx.execute("select person_id, approver from feed_thaw where feed_id = %s", (row[0],))
    ).fetchall()
    if viewer.person_id in {person for person, _ in said}:
        raise Refused(
            f"you said already that {feed} may go on; another person has to",
            AuditEntry(actor=viewer.login, action="feed:thaw", object=f"feed:{feed}",
                       outcome="refused", rule="four_eyes"),
        )  # fmt: skip
    await tx.execute(
        "insert into feed_thaw (feed_id, person_id, approver, reason, at)"
        " values (%s, %s, %s, %s, %s)",
        (row[0], viewer.person_id, approver, reason.strip(), now),
    )
    goes_on = bool(said) and (approver or any(yes for _, yes in said))
    if goes_on:
        await tx.execute(
            "update feed set frozen_at = null, frozen_reason = null, filled_to = 0 where id = %s",
            (row[0],),
        )
        await tx.execute("delete from feed_thaw where feed_id = %s", (row[0],))
        await dns_alert.close(tx, _about(feed), now)
    tx.audit(AuditEntry(actor=viewer.login, action="feed:thaw", object=f"feed:{feed}",
                        detail={"reason": reason, "goes_on": goes_on}))  # fmt: skip
    return goes_on


async def zone_id(db: Db, name: str) -> int:
    """The id of a zone. Raises `LookupError`."""
    row = await (await db.execute("select id from zone where name = %s", (name,))).fetchone()
    if row is None:
        raise LookupError(f"there is no zone {name!r}")
    return int(row[0])


async def published_since(db: Db, zone_id: int, serial: int) -> list[int]:
    """The blocks whose rules came into a zone after `serial`, and stand there."""
    rows = await (
        await db.execute(
            """
            select distinct c.block_id from zone_change c
            join zone_rule r on r.zone_id = c.zone_id and r.owner = c.owner
             and r.block_id = c.block_id
            where c.zone_id = %(zone)s and c.op = 'add' and c.block_id is not null
              and c.serial <> %(serial)s
              and (c.serial - %(serial)s) & 4294967295 < 2147483648
            """,
            {"zone": zone_id, "serial": serial},
        )
    ).fetchall()
    return [row[0] for row in rows]


async def behind(db: Db, zone_id: int, owners: Collection[str]) -> list[int]:
    """The blocks behind these rules of a zone."""
    rows = await (
        await db.execute(
            "select distinct block_id from zone_rule where zone_id = %s and owner = any(%s)"
            " and block_id is not null",
            (zone_id, sorted(owners)),
        )
    ).fetchall()
    return [row[0] for row in rows]


async def roll_back(
    tx: Tx, feed: str, blocks: Sequence[int], reason: str, names: Sequence[str], now: datetime
) -> list[BlockRow]:
    """Take blocks out of every zone with a new, higher serial, and stop the feed.

    `names` are the control names that stopped resolving. Idempotent: what is lifted already stays
    so. The alert stands until two people let the feed go on.
    """
    rows = await read(
        tx.db, "b.id = any(%(ids)s) and b.published_at is not null and b.lifted_at is null",
        {"ids": list(blocks)}, lock=True,
    )  # fmt: skip
    if rows:
        await unpublish(tx, rows, actor=ACTOR, reason="rollback", now=now)
    await freeze(tx, feed, reason, now)
    await dns_alert.open_(
        tx, _about(feed),
        {"feed": feed, "reason": reason, "names": list(names)[:20],
         "blocks": [row.number for row in rows][:20]},
        now,
    )  # fmt: skip
    tx.audit(
        AuditEntry(
            actor=ACTOR, action="feed:rollback", object=f"feed:{feed}", rule=reason,
            detail={"blocks": [row.number for row in rows][:50], "names": list(names)[:20],
                    "count": len(rows)},
        )
    )  # fmt: skip
    return rows


def _about(feed: str) -> About:
    return About(Cause.FEED_FROZEN, zone=f"feed {feed}")
