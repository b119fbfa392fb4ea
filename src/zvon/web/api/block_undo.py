"""Ending in one action all that a source or a person caused."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.store import undo
from zvon.store.transaction import transaction
from zvon.store.undo import Caused, Undone
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

SHOWN = 1_000


class UndoIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose blocks: at least one of `source`, `person` (a login) and `since`.

    `preview` ends nothing.
    """

    reason: Reason
    source: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    person: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None
    preview: bool = False


class UndoneBlock(Struct, frozen=True, kw_only=True):
    """One of the blocks, and how it stands now."""

    id: UUID
    number: str
    name: str
    state: str


class UndoneOut(Struct, frozen=True, kw_only=True):
    """What was ended. With `waits_for` nothing was, until another person releases that request.

    The counts are of all blocks, `blocks` are the first thousand.
    """

    done: bool
    lifted: int
    rejected: int
    blocks: list[UndoneBlock]
    waits_for: UUID | None
    waits_until: datetime | None


class WaitingOut(Struct, frozen=True, kw_only=True):
    """A request that waits for a second person."""

    id: UUID
    asked: dict[str, Any]
    blocks: int
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime


class WaitingUndos(Struct, frozen=True):
    """All that wait, oldest first."""

    requests: list[WaitingOut]


def _out(found: Undone, *, done: bool) -> UndoneOut:
    return UndoneOut(
        done=done and found.waits_for is None, lifted=found.lifted, rejected=found.rejected,
        blocks=[
            UndoneBlock(id=row.uuid, number=row.number, name=row.name, state=row.state.value)
            for row in found.blocks[:SHOWN]
        ],
        waits_for=found.waits_for, waits_until=found.waits_until,
    )  # fmt: skip


@post(
    "/blocks/undo", opt={"permission": Permission.BLOCK_LIFT},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def undo_blocks(context: In, who: Who, data: UndoIn) -> UndoneOut:
    """Lift what lives and reject what waits; too much at once waits for a second person."""
    now = context.clock()
    caused = Caused(source=data.source, login=data.person, since=data.since)
    if data.preview:
        async with read(context.pool, who) as db:
            return _out(await undo.preview(db, who, caused), done=False)
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        done = await undo.lift_all(tx, who, caused, data.reason, now, context.random)
    return _out(done, done=True)


@get("/blocks/undo", opt={"permission": Permission.BLOCK_READ}, responses=problems(*SIGNED))
async def waiting_undos(context: In, who: Who) -> WaitingUndos:
    """Requests that wait for a second person."""
    async with read(context.pool, who) as db:
        found = await undo.waiting(db, who, context.clock())
    return WaitingUndos(
        requests=[
            WaitingOut(id=one.uuid, asked=one.asked, blocks=one.blocks, reason=one.reason,
                       asked_by=one.asked_by, asked_at=one.asked_at, expires_at=one.expires_at)
            for one in found
        ]
    )  # fmt: skip


@post(
    "/blocks/undo/{id:uuid}/release", opt={"permission": Permission.BLOCK_LIFT},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def release_undo(context: In, who: Who, id: UUID) -> UndoneOut:
    """The second person's yes. Whoever asked cannot give it (403)."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        done = await undo.release(tx, who, id, now)
    return _out(done, done=True)


router = Router("/", route_handlers=[undo_blocks, waiting_undos, release_undo], tags=["blocks"])
