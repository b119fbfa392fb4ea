"""Why a feed may block and not only log: written by one person, agreed to by another."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct, structs

from zvon.access.permission import Permission
from zvon.model.justification import Justification
from zvon.store import justification
from zvon.store.justification import Row
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

CHANGES = problems(*SIGNED, 404, 409, 422)


class NewJustification(Justification, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A justification of the feed `feed`; every field says something."""

    feed: Annotated[str, Meta(min_length=1, max_length=64)]


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it holds no longer."""

    reason: Reason


class JustificationOut(Struct, frozen=True, kw_only=True):
    """A justification; `holds` while blocking may rest on it. `measured` are numbers of the node."""

    id: UUID
    feed: str
    body: dict[str, Any]
    measured: dict[str, Any]
    review_on: date
    review_due: bool
    proposer: str
    proposed_at: datetime
    approver: str | None
    approved_at: datetime | None
    ended_at: datetime | None
    holds: bool


class Justifications(Struct, frozen=True):
    """Those that hold or wait first."""

    justifications: list[JustificationOut]


@get("/justifications", opt={"permission": Permission.BLOCK_READ}, responses=problems(*SIGNED))
async def list_justifications(context: In, who: Who) -> Justifications:
    """Justifications of all feeds."""
    now = context.clock()
    async with read(context.pool, who) as db:
        return Justifications([_out(e, now) for e in await justification.list_all(db, who)])


@post(
    "/justifications", opt={"permission": Permission.FEED_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def propose_justification(context: In, who: Who, data: NewJustification) -> JustificationOut:
    """Write the justification of a feed."""
    now = context.clock()
    said = structs.asdict(data)
    feed = str(said.pop("feed"))
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await justification.propose(
            tx, who, feed, Justification(**said), now, context.random
        )
    return _out(made, now)


@post(
    "/justifications/{id:uuid}/approval", opt={"permission": Permission.BLOCK_APPROVE},
    status_code=200, responses=CHANGES,
)  # fmt: skip
async def approve_justification(context: In, who: Who, id: UUID) -> JustificationOut:
    """Agree to another person's justification; from now on the feed may block."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await justification.approve(tx, who, id, now), now)


@post(
    "/justifications/{id:uuid}/end", opt={"permission": Permission.FEED_MANAGE}, status_code=200,
    responses=CHANGES,
)  # fmt: skip
async def end_justification(context: In, who: Who, id: UUID, data: Why) -> JustificationOut:
    """It holds no longer: no further subscriber may begin to block."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await justification.end(tx, who, id, data.reason, now), now)


def _out(one: Row, now: datetime) -> JustificationOut:
    return JustificationOut(
        id=one.uuid, feed=one.feed, body=one.body, measured=one.measured, review_on=one.review_on,
        review_due=one.holds and one.review_on <= now.date(), proposer=one.proposer,
        proposed_at=one.proposed_at, approver=one.approver, approved_at=one.approved_at,
        ended_at=one.ended_at, holds=one.holds,
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[list_justifications, propose_justification, approve_justification,
                    end_justification],
    tags=["feeds"],
)  # fmt: skip
