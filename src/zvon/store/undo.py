"""Ending in one action all that a source or a person caused, or all since a moment.

More than one person may end alone waits for another one, who lets go exactly the blocks that the
first one saw.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.lifecycle import BlockState
from zvon.store import block_gate as gate
from zvon.store.block import end
from zvon.store.block_eyes import check_text
from zvon.store.block_gate import HeldBack
from zvon.store.block_row import BlockRow, Db, by_uuid, read
from zvon.store.block_step import move
from zvon.store.transaction import AuditEntry, Tx

ACTION = "block:undo"
HOLDS = timedelta(hours=1)
_WAITING = (BlockState.PROPOSED, BlockState.VALIDATED, BlockState.HELD)
_LIVE = (BlockState.PUBLISHED, BlockState.ENFORCED, BlockState.EXPIRING, BlockState.FAILED,
         BlockState.DISPUTED)  # fmt: skip


class BadUndo(ValueError):
    """The question does not say what to end, or it is too late to let it go."""


class NothingCaused(LookupError):
    """No block that lives or waits fits."""


class OwnUndo(Refused):
    """The second person is another one."""


class Caused(Struct, frozen=True, kw_only=True):
    """Which blocks: all that is given has to fit, and something has to be given.

    `source` is a block's source, whole; the person, by identifier or login, proposed or approved;
    `since` is when the block was proposed.
    """

    source: str | None = None
    person_uuid: UUID | None = None
    login: str | None = None
    since: datetime | None = None


class Undone(Struct, frozen=True, kw_only=True):
    """What was ended. With `waits_for` nothing was, until another person releases that request."""

    blocks: tuple[BlockRow, ...]
    lifted: int
    rejected: int
    waits_for: UUID | None = None
    waits_until: datetime | None = None


class Waiting(Struct, frozen=True, kw_only=True):
    """An undo that waits for a second person."""

    uuid: UUID
    asked: dict[str, Any]
    blocks: int
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime


async def caused_by(
    db: Db,
    *,
    source: str | None = None,
    person_uuid: UUID | None = None,
    login: str | None = None,
    since: datetime | None = None,
    lock: bool = False,
) -> list[BlockRow]:
    """The blocks that live or wait and that this source or person caused. Raises `BadUndo`."""
    if source is None and person_uuid is None and login is None and since is None:
        raise BadUndo("say whose blocks: a source, a person, or a moment since which")
    return await read(
        db,
        """
        b.state = any(%(states)s)
        and (%(source)s::text is null or b.source = %(source)s)
        and (%(since)s::timestamptz is null or b.proposed_at >= %(since)s)
        and (%(person)s::uuid is null or p.uuid = %(person)s
             or exists (select from approval y join person q on q.id = y.person_id
                        where y.block_id = b.id and y.approves and q.uuid = %(person)s))
        and (%(login)s::text is null or p.login = %(login)s
             or exists (select from approval y join person q on q.id = y.person_id
                        where y.block_id = b.id and y.approves and q.login = %(login)s))
        """,
        {
            "states": [*_WAITING, BlockState.APPROVED, *_LIVE],
            "source": source, "person": person_uuid, "login": login, "since": since,
        },
        lock=lock,
    )  # fmt: skip


async def preview(db: Db, viewer: Viewer, caused: Caused) -> Undone:
    """What `lift_all` would end, without ending it."""
    viewer.require(Permission.BLOCK_LIFT)
    return _counted(await _find(db, caused))


async def lift_all(
    tx: Tx, viewer: Viewer, caused: Caused, reason: str, now: datetime,
    random: Callable[[int], bytes],
) -> Undone:  # fmt: skip
    """End all of it: live blocks are lifted, waiting ones rejected; or ask for a second person.

    Over the lift brake nothing happens until another person releases it. Raises `NothingCaused`.
    """
    viewer.require(Permission.BLOCK_LIFT)
    check_text("reason", reason)
    rows = await _find(tx.db, caused, lock=True)
    try:
        await gate.lift_brake(tx, viewer, [row for row in rows if row.state in _LIVE])
    except HeldBack:
        return await _ask(tx, viewer, caused, rows, reason, now, random)
    return await _end(tx, viewer, rows, reason, now)


async def release(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> Undone:
    """The second person: end what the first one asked for, as far as it still lives or waits.

    Raises `OwnUndo` for the person who asked, `BadUndo` when it was released or is too old, and
    `LookupError`.
    """
    viewer.require(Permission.BLOCK_LIFT)
    row = await (
        await tx.execute(
            "select u.blocks, u.reason, u.asked_by, p.login, u.expires_at, u.released_at"
            " from undo_request u join person p on p.id = u.asked_by where u.uuid = %s for update of u",
            (uuid,),
        )
    ).fetchone()
    if row is None:
        raise LookupError(f"there is no request {uuid}")
    blocks, reason, asked_by, login, expires, released = row
    if asked_by == viewer.person_id:
        raise OwnUndo(
            "you asked for it; another person has to release it",
            AuditEntry(actor=viewer.login, action=ACTION, object=f"undo:{uuid}", outcome="refused",
                       rule="four_eyes", detail={"blocks": len(blocks)}),
        )  # fmt: skip
    if released is not None:
        raise BadUndo("it was released already")
    if expires <= now:
        raise BadUndo("it waited too long; ask again, so that the list is of now")
    await tx.execute(
        "update undo_request set released_by = %s, released_at = %s where uuid = %s",
        (viewer.person_id, now, uuid),
    )
    tx.audit(AuditEntry(actor=viewer.login, action="block:undo_release", object=f"undo:{uuid}",
                        detail={"asked_by": login, "blocks": len(blocks), "reason": reason}))  # fmt: skip
    rows = [
        one for one in await by_uuid(tx.db, blocks, lock=True)
        if one.state in {*_WAITING, BlockState.APPROVED, *_LIVE}
    ]  # fmt: skip
    return await _end(tx, viewer, rows, f"{reason} ({login})", now)


async def waiting(db: Db, viewer: Viewer, now: datetime) -> list[Waiting]:
    """Undo requests that wait for a second person, oldest first."""
    viewer.require(Permission.BLOCK_READ)
    rows = await (
        await db.execute(
            "select u.uuid, u.asked, cardinality(u.blocks), u.reason, p.login, u.asked_at,"
            " u.expires_at from undo_request u join person p on p.id = u.asked_by"
            " where u.released_at is null and u.expires_at > %s order by u.id",
            (now,),
        )
    ).fetchall()
    return [Waiting(**dict(zip(Waiting.__struct_fields__, row, strict=True))) for row in rows]


async def _find(db: Db, caused: Caused, *, lock: bool = False) -> list[BlockRow]:
    rows = await caused_by(
        db, source=caused.source, person_uuid=caused.person_uuid, login=caused.login,
        since=caused.since, lock=lock,
    )  # fmt: skip
    if not rows:
        raise NothingCaused("no block that lives or waits was caused so")
    return rows


async def _ask(
    tx: Tx, viewer: Viewer, caused: Caused, rows: Sequence[BlockRow], reason: str, now: datetime,
    random: Callable[[int], bytes],
) -> Undone:  # fmt: skip
    uuid = uuid7(now, random(RANDOM_BYTES))
    asked = _said(caused)
    await tx.execute(
        "insert into undo_request (uuid, asked, blocks, reason, asked_by, asked_at, expires_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (uuid, Jsonb(asked), [row.uuid for row in rows], reason, viewer.person_id, now,
         now + HOLDS),
    )  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action=ACTION, object=f"undo:{uuid}", rule="brake_lift",
                        detail={**asked, "blocks": len(rows), "reason": reason}))  # fmt: skip
    counted = _counted(rows)
    return Undone(blocks=counted.blocks, lifted=counted.lifted, rejected=counted.rejected,
                  waits_for=uuid, waits_until=now + HOLDS)  # fmt: skip


async def _end(
    tx: Tx, viewer: Viewer, rows: Sequence[BlockRow], reason: str, now: datetime
) -> Undone:
    for state, old in (
        (BlockState.REJECTED, _WAITING),
        (BlockState.WITHDRAWN, (BlockState.APPROVED,)),
    ):
        some = [row for row in rows if row.state in old]
        if some:
            await move(tx, some, state, actor=viewer.login, action=ACTION, reason=reason, now=now)
    unpublished = [row for row in rows if row.state is BlockState.DISPUTED and not row.published_at]
    if unpublished:
        await move(tx, unpublished, BlockState.REJECTED, actor=viewer.login, action=ACTION,
                   reason=reason, now=now)  # fmt: skip
    live = [row for row in rows if row.state in _LIVE and row.published_at]
    if live:
        await end(tx, live, viewer.login, reason, now)
    done = await by_uuid(tx.db, [row.uuid for row in rows]) if rows else []
    return _counted(done, live=len(live))


def _counted(rows: Sequence[BlockRow], *, live: int | None = None) -> Undone:
    if live is None:
        live = sum(row.state in _LIVE and row.published_at is not None for row in rows)
    return Undone(blocks=tuple(rows), lifted=live, rejected=len(rows) - live)


def _said(caused: Caused) -> dict[str, Any]:
    return {
        "source": caused.source,
        "person": None if caused.person_uuid is None else str(caused.person_uuid),
        "login": caused.login,
        "since": None if caused.since is None else caused.since.isoformat(),
    }
