"""Shares: what would leave, what left, and taking it back."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.share import approval, export, release, review
from zvon.share.shown import Share
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.api.peers import Why
from zvon.web.problem import SIGNED, problems


class ShareOut(Struct, frozen=True, kw_only=True):
    """A release: before and after side by side, and what was decided about each span.

    `risk` is how many values of victims are expected among what stays; above `max_risk` a second
    person must approve (`approver_needed`, `approvals`). `spans` in order are what `overrides` of a release number; `preview` marks the open ones.
    """

    id: UUID
    incident: UUID
    incident_number: str
    group: UUID
    group_name: str
    state: str
    reason: str
    policy: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any] | None
    preview: dict[str, str]
    spans: list[dict[str, Any]]
    residue: dict[str, Any]
    risk: float
    max_risk: float
    approver_needed: bool
    approvals: list[dict[str, Any]]
    prepared_by: str | None
    prepared_at: datetime
    released_by: str | None
    released_at: datetime | None
    revoked_at: datetime | None
    revoke_reason: str | None


class Shares(Struct, frozen=True):
    """Releases, newest first."""

    shares: list[ShareOut]


class ShareIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The group to prepare a release for."""

    group: UUID


class ReleaseIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person decided about spans: number in `spans` to `keep` or `hide`."""

    overrides: dict[Annotated[str, Meta(pattern="^[0-9]{1,6}$")],
                    Annotated[str, Meta(pattern="^(keep|hide)$")]] = {}  # fmt: skip


class ReviewIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Decisions about spans; with `everywhere` also in all other releases that wait."""

    overrides: dict[Annotated[str, Meta(pattern="^[0-9]{1,6}$")],
                    Annotated[str, Meta(pattern="^(keep|hide)$")]]  # fmt: skip
    everywhere: bool = False


class WordIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A second person's word, with the reason for it."""

    word: approval.Word
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


def share_out(s: Share) -> ShareOut:
    """What the API shows of a release, to those of the node."""
    return ShareOut(
        id=s.uuid, incident=s.incident_uuid, incident_number=s.incident_number,
        group=s.group_uuid, group_name=s.group_name, state=s.state, reason=s.reason,
        policy=s.policy, before=s.before, after=s.after, preview=s.preview, spans=s.spans,
        residue=s.residue, risk=s.risk, max_risk=s.max_risk, approver_needed=s.approver_needed,
        approvals=s.approvals, prepared_by=s.prepared_by, prepared_at=s.prepared_at, released_by=s.released_by,
        released_at=s.released_at, revoked_at=s.revoked_at, revoke_reason=s.revoke_reason,
    )  # fmt: skip


@get("/shares", opt={"permission": Permission.SHARE_READ}, responses=problems(*SIGNED))
async def list_shares(
    context: In, who: Who, limit: Annotated[int, Parameter(ge=1, le=100)] = 100
) -> Shares:
    """Releases, newest first."""
    async with read(context.pool, who) as db:
        return Shares([share_out(s) for s in await release.list_all(db, who, limit=limit)])


@get(
    "/shares/{id:uuid}", opt={"permission": Permission.SHARE_READ}, responses=problems(*SIGNED, 404)
)
async def get_share(context: In, who: Who, id: UUID) -> ShareOut:
    """One release, before and after."""
    async with read(context.pool, who) as db:
        return share_out(await release.get(db, who, id))


@post(
    "/incidents/{id:uuid}/shares", opt={"permission": Permission.SHARE_PREPARE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def prepare(context: In, who: Who, id: UUID, data: ShareIn) -> ShareOut:
    """Run the incident through the sharing gate for a group; nothing leaves yet."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await release.prepare(
            tx, who, id, data.group, now, context.node, random=context.random
        )
    return share_out(made)


@post(
    "/shares/{id:uuid}/release", opt={"permission": Permission.SHARE_RELEASE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def let_go(context: In, who: Who, id: UUID, data: ReleaseIn) -> ShareOut:
    """Let it leave. What is still open must be decided first (409)."""
    now = context.clock()
    overrides = {int(n): word for n, word in data.overrides.items()}
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await release.release(tx, who, id, overrides, now, context.node, random=context.random)
        found = await release.get(tx.db, who, id)
    return share_out(found)


@post(
    "/shares/{id:uuid}/review", opt={"permission": Permission.SHARE_PREPARE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def decide(context: In, who: Who, id: UUID, data: ReviewIn) -> ShareOut:
    """Keep or hide single spans; nothing leaves by this."""
    now = context.clock()
    overrides = {int(n): word for n, word in data.overrides.items()}
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        found = await review.decide(
            tx, who, id, overrides, now, context.node,
            everywhere=data.everywhere, random=context.random,
        )  # fmt: skip
    return share_out(found)


@post(
    "/shares/{id:uuid}/approval", opt={"permission": Permission.SHARE_APPROVE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def approve(context: In, who: Who, id: UUID, data: WordIn) -> ShareOut:
    """Approve or refuse a release whose risk is above what one person may let go."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        found = await approval.say(tx, who, id, data.word, data.reason, now)
    return share_out(found)


@post(
    "/shares/{id:uuid}/revocation", opt={"permission": Permission.SHARE_REVOKE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def revoke(context: In, who: Who, id: UUID, data: Why) -> ShareOut:
    """Take it back: partners lift, erase and acknowledge."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        found = await release.revoke(tx, who, id, data.reason, now, context.node)
    return share_out(found)


@get(
    "/events/{id:uuid}/misp", opt={"permission": Permission.SHARE_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def misp(context: In, who: Who, id: UUID) -> Response[bytes]:
    """The event as MISP core JSON."""
    async with read(context.pool, who) as db:
        body = await export.misp(db, who, id)
    return Response(body, media_type="application/json")


router = Router(
    "/",
    route_handlers=[list_shares, get_share, prepare, let_go, decide, approve, revoke, misp],
    tags=["shares"],
)
