"""Looking at an incident, putting it off, and taking it up a level."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, post, put
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.store import claim, incident_rank, snooze
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Line = Annotated[
    str, Meta(min_length=3, max_length=500, pattern=r"^[^\x00-\x1f\x7f\ud800-\udfff]*$")
]


class ClaimOut(Struct, frozen=True, kw_only=True):
    """Somebody has an incident open; it keeps nobody else from it."""

    incident: UUID
    number: str
    login: str
    until: datetime


class Claims(Struct, frozen=True, kw_only=True):
    """Who looks at what."""

    claims: list[ClaimOut]


class Held(Struct, frozen=True, kw_only=True):
    """Until when the lease runs."""

    until: datetime


class SnoozeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Until when, and why."""

    until: Annotated[datetime, Meta(tz=True)]
    reason: Line
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class EscalationIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it goes up a level."""

    reason: Line


class Level(Struct, frozen=True, kw_only=True):
    """The level that it is at now, of 3."""

    level: int


@get("/claims", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED))
async def list_claims(context: In, who: Who) -> Claims:
    """Who looks at what, as far as the caller sees it."""
    async with read(context.pool, who) as db:
        found = await claim.list_all(db, who, context.clock())
    return Claims(claims=[ClaimOut(incident=c.incident, number=c.number, login=c.login,
                                   until=c.until) for c in found])  # fmt: skip


@put(
    "/incidents/{id:uuid}/claim", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def hold(context: In, who: Who, id: UUID) -> Held:
    """Say that one looks at it, for the next 15 minutes."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return Held(until=await claim.hold(tx, who, id, now))


@delete(
    "/incidents/{id:uuid}/claim", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def let_go(context: In, who: Who, id: UUID) -> None:
    """Look elsewhere."""
    async with transaction(context.pool, context.clock(), viewer=viewer_setting(who)) as tx:
        await claim.let_go(tx, who, id)


@post(
    "/incidents/{id:uuid}/snooze", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422), status_code=204,
)  # fmt: skip
async def put_off(context: In, who: Who, id: UUID, data: SnoozeIn) -> None:
    """Out of the queue until then; it comes back by itself, earlier when it gets worse."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await snooze.snooze(tx, who, id, data.until, data.reason, version=data.version, now=now)


@delete(
    "/incidents/{id:uuid}/snooze", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def bring_back(context: In, who: Who, id: UUID) -> None:
    """Back into the queue now."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await snooze.wake(tx, who, id, now=now)


@post(
    "/incidents/{id:uuid}/escalation", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def escalate(context: In, who: Who, id: UUID, data: EscalationIn) -> Level:
    """One level up: it ranks higher, and everybody sees why."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return Level(level=await incident_rank.escalate(tx, who, id, data.reason, now))


router = Router(
    "/",
    route_handlers=[list_claims, hold, let_go, put_off, bring_back, escalate],
    tags=["queue"],
)
