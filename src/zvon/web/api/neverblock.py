"""Names that nobody can block: looking, changing for a day by two people, and stopped feeds."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.name import BadName, canonical
from zvon.store import neverblock, tripwire
from zvon.store import neverblock_change as changes
from zvon.store.neverblock_change import BadChange, Change
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Reason = Annotated[str, Meta(min_length=3, max_length=500)]


class NewChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name to protect (`add`), or to take out of the lists (`remove`), for a day."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]
    op: Literal["add", "remove"]
    reason: Reason


class Because(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why; kept in the audit."""

    reason: Reason


class ChangeOut(Struct, frozen=True, kw_only=True):
    """A change of the lists, and whether the gate goes by it now."""

    id: UUID
    name: str
    op: str
    reason: str
    works: bool
    proposer: str
    proposed_at: datetime
    approver: str | None
    approved_at: datetime | None
    expires_at: datetime
    ended_at: datetime | None
    ended_by: str | None


class Approved(ChangeOut, frozen=True, kw_only=True):
    """The change, and the names of blocks that ended because of it."""

    lifted: list[str]


class Changes(Struct, frozen=True, kw_only=True):
    """Changes, the newest first."""

    changes: list[ChangeOut]


class ListOut(Struct, frozen=True, kw_only=True):
    """One never-block list; with one that is not whole and fresh nothing is published."""

    list: str
    version: str
    sha256: str
    size: int
    loaded_at: datetime
    confirmed_at: datetime
    stale_at: datetime
    good: bool


class Protection(Struct, frozen=True, kw_only=True):
    """A name that is protected, near the one that was asked for."""

    name: str
    list: str
    reason: str


class Lists(Struct, frozen=True, kw_only=True):
    """All lists, and what protects the name that was asked for."""

    lists: list[ListOut]
    protection: list[Protection]


class Thaw(Struct, frozen=True, kw_only=True):
    """Whether the feed goes on; false while a second person has to say so."""

    feed: str
    goes_on: bool


def _out(change: Change, now: datetime) -> ChangeOut:
    return ChangeOut(**_fields(change, now))


def _fields(change: Change, now: datetime) -> dict[str, Any]:
    return {
        "id": change.uuid, "name": change.name, "op": change.op, "reason": change.reason,
        "works": change.works(now), "proposer": change.proposer,
        "proposed_at": change.proposed_at, "approver": change.approver,
        "approved_at": change.approved_at, "expires_at": change.expires_at,
        "ended_at": change.ended_at, "ended_by": change.ended_by,
    }  # fmt: skip


@get("/neverblock", opt={"permission": Permission.BLOCK_READ}, responses=problems(*SIGNED, 422))
async def list_lists(
    context: In,
    who: Who,
    name: Annotated[str | None, Parameter(min_length=1, max_length=300)] = None,
) -> Lists:
    """The never-block lists with their versions; with `name` also what protects it."""
    try:
        asked = None if name is None else canonical(name)
    except BadName as problem:
        raise BadChange(f"name: {problem}") from None
    async with read(context.pool, who) as db:
        found = await neverblock.lists(db, context.clock())
        near = [] if asked is None else await neverblock.near(db, asked)
    return Lists(
        lists=[
            ListOut(list=one.list, version=one.version, sha256=one.sha256.hex(), size=one.size,
                    loaded_at=one.loaded_at, confirmed_at=one.confirmed_at,
                    stale_at=one.stale_at, good=one.good)
            for one in found
        ],
        protection=[Protection(name=p.name, list=p.list, reason=p.reason) for p in near],
    )  # fmt: skip


@get("/neverblock/changes", opt={"permission": Permission.BLOCK_READ}, responses=problems(*SIGNED))
async def list_changes(context: In, who: Who) -> Changes:
    """Changes by people, the newest first."""
    now = context.clock()
    async with read(context.pool, who) as db:
        found = await changes.list_all(db, who)
    return Changes(changes=[_out(one, now) for one in found])


@post(
    "/neverblock/changes", opt={"permission": Permission.NEVERBLOCK_PROPOSE},
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def propose_change(context: In, who: Who, data: NewChange) -> ChangeOut:
    """Ask for a change; a person of another role has to approve it. What is official never goes."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await changes.propose(tx, who, data.name, data.op, data.reason, now, context.random)
    return _out(made, now)


@post(
    "/neverblock/changes/{id:uuid}/approval", opt={"permission": Permission.NEVERBLOCK_APPROVE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def approve_change(context: In, who: Who, id: UUID) -> Approved:
    """Agree to somebody else's change; it works for a day from now."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made, lifted = await changes.approve(tx, who, id, now)
    return Approved(**_fields(made, now), lifted=[row.name for row in lifted])


@post(
    "/neverblock/changes/{id:uuid}/end", opt={"permission": Permission.BLOCK_READ},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def end_change(context: In, who: Who, id: UUID, data: Because) -> ChangeOut:
    """Take a change back before its day is over."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await changes.end(tx, who, id, data.reason, now)
    return _out(made, now)


@post(
    "/feeds/{feed:str}/thaw", opt={"permission": Permission.BLOCK_READ},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def thaw_feed(
    context: In, who: Who, feed: Annotated[str, Parameter(max_length=63)], data: Because
) -> Thaw:
    """Say that a stopped feed may go on; it does when two people said so, one of them an approver."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        goes_on = await tripwire.thaw(tx, who, feed, data.reason, now)
    return Thaw(feed=feed, goes_on=goes_on)


router = Router(
    "/",
    route_handlers=[
        list_lists, list_changes, propose_change, approve_change, end_change, thaw_feed,
    ],
    tags=["neverblock"],
)  # fmt: skip
