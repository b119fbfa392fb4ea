"""The end of pseudonyms: keys go when the agreement says so, or when a person decides it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.jobs import Context, enqueue
from zvon.model.duration import Duration
from zvon.model.epoch import BadEpoch, ends
from zvon.share.keys import agreement_of
from zvon.store import data_policy, party, pseudonym
from zvon.store.peer import NoSuchGroup
from zvon.store.pool import dsn_of
from zvon.store.pseudonym import Destroyed
from zvon.store.rewrite import rewrite
from zvon.store.transaction import AuditEntry, Tx, transaction

log = structlog.get_logger("zvon.share")

SCHEDULE = "schedule"
MIN_REASON = 3
TABLES = ("pseudonym", "pseudonym_key", "share")
"""What held keys and originals; written anew, so that no dead row of them stays on the disk."""
WAIT_MS = 5_000
MOST_BYTES = 4 << 30


class NoEpoch(LookupError):
    """The group has no key of this epoch, or it was destroyed before."""

    def __init__(self, epoch: str) -> None:
        super().__init__(f"there is no pseudonym key of epoch {epoch} to destroy")


class NoReason(ValueError):
    """Destroying a key is for ever and needs a reason that stays in the audit."""

    def __init__(self) -> None:
        super().__init__(f"give a reason of at least {MIN_REASON} characters")


async def destroy(
    tx: Tx, viewer: Viewer, *, group_uuid: UUID, epoch: str, reason: str, now: datetime
) -> Destroyed:
    """Destroy the key and the vault of an epoch before its time; nothing brings them back.

    Raises `Refused` (with its audit row), `NoReason`, `NoEpoch`.
    """
    if not viewer.may(Permission.PSEUDONYM_MANAGE):
        rule = Permission.PSEUDONYM_MANAGE.value
        raise Refused(f"needs {rule}", AuditEntry(
            actor=viewer.login, action="pseudonym:destroy", object=str(group_uuid),
            outcome="refused", rule=rule, detail={"epoch": epoch[:40]}))  # fmt: skip
    if len(reason.strip()) < MIN_REASON:
        raise NoReason
    done = await _destroy(tx, group_uuid, epoch, now, by=viewer.login, reason=reason)
    if done is None:
        raise NoEpoch(epoch)
    await enqueue(tx, "share.epochs", {})
    return done


async def _destroy(
    tx: Tx, group_uuid: UUID, epoch: str, now: datetime, *, by: str, reason: str
) -> Destroyed | None:
    done = await pseudonym.destroy_key(tx, group_uuid, epoch, now, by=by)
    if done is not None:
        tx.audit(AuditEntry(
            actor=by, action="pseudonym:destroy", object=str(group_uuid),
            detail={"epoch": epoch, "reason": reason, **msgspec.to_builtins(done)}))  # fmt: skip
    return done


async def turn(context: Context, payload: dict[str, Any]) -> None:
    """Job: destroy the keys whose time is over, and clean the disk.

    A key ends as the agreement of its group has it now, and never later than the data policy of
    the country lets it live. What cannot be written anew because it is in use is tried again.
    """
    del payload
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        longest = await _longest(tx)
        for group_uuid, epoch, made in await pseudonym.living(tx):
            ends_at = [] if longest is None else [longest.after(made)]
            try:
                agreed = await agreement_of(tx.db, group_uuid)
                ends_at.append(ends(epoch, agreed.keep_epochs))
            except (NoSuchGroup, BadEpoch):
                pass  # without an agreement its row keeps the date that it was made with
            if ends_at:
                await pseudonym.reschedule(tx, group_uuid, epoch, min(ends_at))
        for group_uuid, epoch in await pseudonym.due(tx, now):
            await _destroy(tx, group_uuid, epoch, now, by=SCHEDULE, reason="its time was over")
    await _clean(context)


async def _longest(tx: Tx) -> Duration | None:
    """How long a key may live by the data policy of this node's country; `None` without one."""
    own = await party.own(tx.db)
    policy = (await data_policy.newest(tx.db)).get(own.country or "")
    return None if policy is None else policy.rule("pseudonym").lasts


async def _clean(context: Context) -> None:
    async with context.pool.connection() as db:
        left = await pseudonym.unwritten(db)
    if not left:
        return
    done = await rewrite(dsn_of(context.pool), TABLES, wait_ms=WAIT_MS, most_bytes=MOST_BYTES)
    for table, why in done.left.items():
        log.warning("table_not_rewritten", table=table, why=why)
    if not done.left:
        async with transaction(context.pool, context.clock()) as tx:
            for group_uuid, epoch in left:
                await pseudonym.rewritten(tx, group_uuid, epoch, context.clock())
