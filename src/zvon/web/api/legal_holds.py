"""Legal holds: what is kept past its time, who asked, who confirmed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.ids import RANDOM_BYTES
from zvon.store import legal_hold
from zvon.store.legal_hold import Hold
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Moment = Annotated[datetime, Meta(tz=True)]


class NewHold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep rows of a class past their time until `until`; of one record, or of all without it."""

    country: Country
    of_class: Annotated[str, Meta(min_length=1, max_length=100)]
    record: UUID | None = None
    reason: Reason
    until: Moment


class HoldOut(Struct, frozen=True, kw_only=True):
    """A legal hold; `holds` is true while it keeps rows from a purge."""

    id: UUID
    country: str
    of_class: str
    record: UUID | None
    reason: str
    until: datetime
    proposed_by: str
    approved_by: str | None
    at: datetime
    ended_at: datetime | None
    holds: bool


class Holds(Struct, frozen=True):
    """Legal holds, newest first."""

    legal_holds: list[HoldOut]


@get("/legal-holds", opt={"permission": Permission.DATA_POLICY_READ}, responses=problems(*SIGNED))
async def list_holds(context: In, who: Who, over: bool = False) -> Holds:
    """Holds that stand or wait for approval; with `over` also those that ended."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        return Holds([_out(one, now) for one in await legal_hold.list_all(db, who, over=over)])


@post(
    "/legal-holds",
    opt={"permission": Permission.HOLD_APPROVE},
    responses=problems(*SIGNED, 404, 422),
)
async def propose_hold(context: In, who: Who, data: NewHold) -> HoldOut:
    """Ask for a hold; it holds once another person approved it."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await legal_hold.propose(
            tx, who, country=data.country, of_class=data.of_class, record=data.record,
            reason=data.reason, until=data.until, now=now, random=context.random(RANDOM_BYTES),
        )  # fmt: skip
    return _out(made, now)


@post(
    "/legal-holds/{id:uuid}/approval", opt={"permission": Permission.HOLD_APPROVE}, status_code=200,
    responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def approve_hold(context: In, who: Who, id: UUID) -> HoldOut:
    """Confirm a hold of somebody else; whoever proposed it cannot (403)."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await legal_hold.approve(tx, who, id, now), now)


@post(
    "/legal-holds/{id:uuid}/end", opt={"permission": Permission.HOLD_APPROVE}, status_code=200,
    responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def end_hold(context: In, who: Who, id: UUID) -> HoldOut:
    """Let go what is held; the next purge takes what had its time."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await legal_hold.end(tx, who, id, now), now)


def _out(one: Hold, now: datetime) -> HoldOut:
    return HoldOut(
        id=one.uuid, country=one.country, of_class=one.of_class, record=one.record,
        reason=one.reason, until=one.until, proposed_by=one.proposed_by,
        approved_by=one.approved_by, at=one.at, ended_at=one.ended_at, holds=one.holds(now),
    )  # fmt: skip


router = Router(
    "/", route_handlers=[list_holds, propose_hold, approve_hold, end_hold], tags=["legal-holds"]
)
