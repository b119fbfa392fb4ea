"""The talk about an incident: people, those who are called in it, and partners in their groups."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.mention import handle
from zvon.share import discussion as outward
from zvon.share.discussion import Preview
from zvon.store import comment_share, discussion, incident_brief
from zvon.store.discussion import MAX_TEXT, Comment, Wording
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Place = Annotated[str, Meta(pattern=r"^text:[0-9]{1,6}:[0-9]{1,6}$")]


class PartOut(Struct, frozen=True, kw_only=True):
    """What of a comment is for a group: `waiting`, `released`, `dropped` or `ended`."""

    id: UUID
    group: str
    state: str
    asked_for: list[str]
    released_by: str | None
    released_at: datetime | None
    said: str


class CommentOut(Struct, frozen=True, kw_only=True):
    """A comment. Of a partner: `origin`, with `entry`, its place in the feed that it signed.

    A tombstone has `gone_at` and no text. `version` goes back with a change.
    """

    id: UUID
    answers: UUID | None
    by: str | None
    name: str
    origin: str | None
    group: str | None
    entry: int | None
    text: str
    at: datetime
    edited_at: datetime | None
    gone_at: datetime | None
    earlier: int
    called: list[str]
    parts: list[PartOut]
    version: int


class Talk(Struct, frozen=True):
    """The comments of an incident, each thread behind its first one."""

    comments: list[CommentOut]


class SaidOut(Struct, frozen=True):
    """The comment as it stands, and the names in it that call nobody."""

    comment: CommentOut
    unmatched: list[str]


class CallableOut(Struct, frozen=True, kw_only=True):
    """Somebody who can be called with `@handle`; a partner reads it in `group` once that is let out."""

    handle: str
    name: str
    partner: bool
    group: str | None
    shared: bool


class Callables(Struct, frozen=True):
    """People who may see the incident, and partners."""

    names: list[CallableOut]


class CommentIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said, and which comment it answers."""

    text: Text
    answers: UUID | None = None


class RewordIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The comment as it should read."""

    text: Text
    version: Version


class GoneIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That it is taken back."""

    version: Version


class Wordings(Struct, frozen=True):
    """Earlier wordings, oldest first."""

    wordings: list[Wording]


class PlacesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person decided about places of the preview: `keep` or `hide`."""

    places: Annotated[dict[Place, Annotated[str, Meta(pattern="^(keep|hide)$")]],
                      Meta(max_length=500)] = {}  # fmt: skip


class CallOut(Struct, frozen=True, kw_only=True):
    """A comment that calls the caller."""

    comment: UUID
    incident: UUID
    number: str
    by: str
    text: str
    at: datetime
    seen_at: datetime | None


class Calls(Struct, frozen=True):
    """Comments that call the caller, newest first."""

    calls: list[CallOut]


class SeenIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which are seen."""

    comments: Annotated[list[UUID], Meta(min_length=1, max_length=500)]


class Seen(Struct, frozen=True):
    """How many were on the list."""

    seen: int


def comment_out(c: Comment) -> CommentOut:
    """What the API shows of a comment."""
    return CommentOut(
        id=c.uuid, answers=c.root, by=c.by, name=c.name, origin=c.origin, group=c.group_name,
        entry=c.entry, text=c.text, at=c.at, edited_at=c.edited_at, gone_at=c.gone_at,
        earlier=c.past, called=list(c.called), version=c.version,
        parts=[
            PartOut(id=UUID(s["id"]), group=s["group"], state=s["state"],
                    asked_for=list(s["asked_for"]), released_by=s["released_by"],
                    released_at=s["released_at"] and datetime.fromisoformat(s["released_at"]),
                    said=s["said"]) for s in c.shares
        ],
    )  # fmt: skip


async def _one(context: In, who: Who, id: UUID) -> CommentOut:
    async with read(context.pool, who) as db:
        return comment_out(await discussion.get(db, who, id))


@get("/incidents/{id:uuid}/discussion", opt={"permission": Permission.INCIDENT_READ},
     responses=problems(*SIGNED, 404))  # fmt: skip
async def list_talk(context: In, who: Who, id: UUID) -> Talk:
    """What people and partners say about an incident."""
    async with read(context.pool, who) as db:
        found = await incident_brief.get(db, who, id)
        return Talk([comment_out(c) for c in await discussion.of_incident(db, who, found.id)])


@get("/incidents/{id:uuid}/discussion/names", opt={"permission": Permission.INCIDENT_READ},
     responses=problems(*SIGNED, 404))  # fmt: skip
async def list_names(context: In, who: Who, id: UUID) -> Callables:
    """Who can be called: people who may see the incident, and for those who may share, partners."""
    async with read(context.pool, who) as db:
        people = await discussion.people(db, who, id)
        found = await incident_brief.get(db, who, id)
        partners = (
            await comment_share.partners(db, found.id) if who.may(Permission.PEER_READ) else []
        )
    return Callables(
        [CallableOut(handle=handle(p.login), name=p.name, partner=False, group=None, shared=True)
         for p in people]
        + [CallableOut(handle=handle(p.name), name=p.name, partner=True, group=p.group_name,
                       shared=p.shared) for p in partners]
    )  # fmt: skip


@post("/incidents/{id:uuid}/discussion", opt={"permission": Permission.INCIDENT_NOTE},
      responses=problems(*SIGNED, 404, 422))  # fmt: skip
async def say(context: In, who: Who, id: UUID, data: CommentIn) -> SaidOut:
    """Say something; nothing of it leaves before a person lets it out."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await discussion.say(tx, who, id, data.text, now, answers=data.answers,
                                    random=context.random)  # fmt: skip
    return SaidOut(await _one(context, who, made.uuid), list(made.unmatched))


@post("/comments/{id:uuid}/text", opt={"permission": Permission.INCIDENT_NOTE},
      responses=problems(*SIGNED, 404, 409, 422))  # fmt: skip
async def reword(context: In, who: Who, id: UUID, data: RewordIn) -> SaidOut:
    """Word one's own comment better, within ten minutes; the earlier wording stays."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await discussion.reword(tx, who, id, data.text, version=data.version, now=now,
                                       random=context.random)  # fmt: skip
    return SaidOut(await _one(context, who, id), list(made.unmatched))


@post("/comments/{id:uuid}/taking-back", opt={"permission": Permission.INCIDENT_NOTE},
      responses=problems(*SIGNED, 404, 409, 422))  # fmt: skip
async def take_back(context: In, who: Who, id: UUID, data: GoneIn) -> CommentOut:
    """Leave a tombstone in place of one's own comment, also at the partners who read it."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await outward.take_back(tx, who, id, version=data.version, now=now, node=context.node,
                                random=context.random)  # fmt: skip
    return await _one(context, who, id)


@get("/comments/{id:uuid}/wordings", opt={"permission": Permission.INCIDENT_READ},
     responses=problems(*SIGNED, 404))  # fmt: skip
async def wordings(context: In, who: Who, id: UUID) -> Wordings:
    """Earlier wordings of a comment; of a tombstone only for who may read the audit."""
    async with read(context.pool, who) as db:
        return Wordings(await discussion.past(db, who, id))


@post("/comment-parts/{id:uuid}/preview", opt={"permission": Permission.SHARE_PREPARE},
      responses=problems(*SIGNED, 404, 409, 422), status_code=HTTPStatus.OK)  # fmt: skip
async def preview(context: In, who: Who, id: UUID, data: PlacesIn) -> Preview:
    """Show what of a comment would leave to its group; nothing does."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return await outward.preview(tx, who, id, now, context.node, places=data.places,
                                     random=context.random)  # fmt: skip


@post("/comment-parts/{id:uuid}/release", opt={"permission": Permission.SHARE_RELEASE},
      responses=problems(*SIGNED, 404, 409, 422))  # fmt: skip
async def release(context: In, who: Who, id: UUID, data: PlacesIn) -> Seen:
    """Let it leave into the feed of the group; how many comments left."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await outward.release(tx, who, id, data.places, now, context.node, random=context.random)
    return Seen(1)


@post("/comment-parts/{id:uuid}/drop", opt={"permission": Permission.SHARE_PREPARE},
      responses=problems(*SIGNED, 404, 409))  # fmt: skip
async def drop(context: In, who: Who, id: UUID) -> Seen:
    """Leave it here: it is for nobody outside."""
    async with transaction(context.pool, context.clock(), viewer=viewer_setting(who)) as tx:
        await outward.drop(tx, who, id)
    return Seen(1)


@get("/mentions", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED, 422))
async def list_calls(
    context: In, who: Who, seen: bool = False, limit: Annotated[int, Parameter(ge=1, le=500)] = 100
) -> Calls:
    """Comments that call the caller and that they have not seen, or all."""
    async with read(context.pool, who) as db:
        found = await discussion.calls(db, who, seen=seen, limit=limit)
    return Calls([
        CallOut(comment=c.comment, incident=c.incident, number=c.number, by=c.by, text=c.text,
                at=c.at, seen_at=c.seen_at) for c in found
    ])  # fmt: skip


@post("/mentions/seen", opt={"permission": Permission.INCIDENT_READ},
      responses=problems(*SIGNED, 422), status_code=HTTPStatus.OK)  # fmt: skip
async def mark_seen(context: In, who: Who, data: SeenIn) -> Seen:
    """Take calls off the caller's list."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return Seen(await discussion.mark_seen(tx, who, data.comments, now))


router = Router(
    "/",
    route_handlers=[
        list_talk, list_names, say, reword, take_back, wordings, preview, release, drop, list_calls,
        mark_seen,
    ],
    tags=["discussion"],
)  # fmt: skip
