"""Handovers: what one shift leaves to the next, as each reader may see it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.marking import Tlp
from zvon.store import handover
from zvon.store.handover import Handover, Note
from zvon.store.handover_list import KINDS, Item
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Login = Annotated[str, Meta(min_length=1, max_length=200)]


class ItemOut(Struct, frozen=True, kw_only=True):
    """One thing of the list; `section` groups the kinds, `state` is its state now."""

    section: str
    kind: str
    ref: str
    at: datetime | None
    label: str
    state: str
    incident: UUID | None
    number: str | None
    title: str | None
    params: dict[str, Any] | None


class NoteOut(Struct, frozen=True, kw_only=True):
    """What somebody wrote, with its marking."""

    id: UUID
    kind: str
    ref: str
    incident: UUID | None
    number: str | None
    tlp: str
    text: str
    by: str
    at: datetime
    edited_at: datetime | None


class HandoverOut(Struct, frozen=True, kw_only=True):
    """A handover: `draft`, `given` or `taken`. `version` goes back with giving and taking."""

    id: UUID
    state: str
    since: datetime
    begun_by: str
    given_by: str | None
    given_at: datetime | None
    to: str | None
    taken_by: str | None
    taken_at: datetime | None
    remark: str
    late: bool
    version: int
    notes: list[NoteOut]
    items: list[ItemOut]


class Handovers(Struct, frozen=True, kw_only=True):
    """The draft, those that wait for somebody, and those before, newest first."""

    draft: UUID | None
    waiting: list[HandoverOut]
    before: list[HandoverOut]


class NoteIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note: `kind` and `ref` of a thing of the list, or an incident, or neither."""

    text: Annotated[str, Meta(min_length=1, max_length=handover.MAX_TEXT)]
    kind: Annotated[str, Meta(max_length=30)] = ""
    ref: Annotated[str, Meta(max_length=200)] = ""
    incident: UUID | None = None
    tlp: Annotated[int, Meta(ge=0, le=3)] = int(Tlp.AMBER)


class NoteTextIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The note as it should read; empty takes it away."""

    text: Annotated[str, Meta(max_length=handover.MAX_TEXT)]


class GiveIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom; null is whoever comes."""

    version: Version
    to: Login | None = None


class TakeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That it was taken, and what is to be said to it."""

    version: Version
    remark: Annotated[str, Meta(max_length=handover.MAX_TEXT)] = ""


def item_out(i: Item) -> ItemOut:
    """What the API shows of one thing."""
    return ItemOut(
        section=KINDS[i.kind].section, kind=i.kind, ref=i.ref, at=i.at, label=i.label, state=i.word,
        incident=i.incident, number=i.number, title=i.title, params=i.title_params,
    )  # fmt: skip


def _note_out(n: Note) -> NoteOut:
    return NoteOut(
        id=n.uuid, kind=n.kind, ref=n.ref, incident=n.incident, number=n.number,
        tlp=Tlp(n.tlp).label, text=n.text, by=n.by, at=n.at, edited_at=n.edited_at,
    )  # fmt: skip


def handover_out(h: Handover, items: list[Item]) -> HandoverOut:
    """What the API shows of a handover."""
    return HandoverOut(
        id=h.uuid, state=h.state, since=h.since, begun_by=h.begun_by, given_by=h.given_by,
        given_at=h.given_at, to=h.to, taken_by=h.taken_by, taken_at=h.taken_at, remark=h.remark,
        late=h.told_at is not None and h.state == "given", version=h.version,
        notes=[_note_out(n) for n in h.notes], items=[item_out(i) for i in items],
    )  # fmt: skip


async def _one(context: In, who: Who, id: UUID) -> HandoverOut:
    async with read(context.pool, who) as db:
        found = await handover.get(db, who, id)
        return handover_out(found, await handover.items(db, who, found, context.clock()))


@get("/handovers", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED, 422))
async def list_handovers(
    context: In, who: Who, until: datetime | None = None,
    limit: Annotated[int, Parameter(ge=1, le=100)] = handover.PAGE,
) -> Handovers:  # fmt: skip
    """The draft, what waits to be taken, and what was given before `until`."""
    async with read(context.pool, who) as db:
        draft = await handover.current(db, who)
        return Handovers(
            draft=None if draft is None else draft.uuid,
            waiting=[handover_out(h, []) for h in await handover.waiting(db, who)],
            before=[handover_out(h, [])
                    for h in await handover.before(db, who, until=until, limit=limit)],
        )  # fmt: skip


@get("/handovers/{id:uuid}", opt={"permission": Permission.INCIDENT_READ},
     responses=problems(*SIGNED, 404))  # fmt: skip
async def get_handover(context: In, who: Who, id: UUID) -> HandoverOut:
    """One handover with its list, as far as the caller may see it."""
    return await _one(context, who, id)


@post("/handovers", opt={"permission": Permission.HANDOVER_WRITE}, responses=problems(*SIGNED))
async def begin(context: In, who: Who) -> HandoverOut:
    """Begin to write a handover, or go on with the one that was begun."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await handover.begin(tx, who, now, random=context.random)
    return await _one(context, who, made)


@post("/handovers/{id:uuid}/notes", opt={"permission": Permission.HANDOVER_WRITE},
      responses=problems(*SIGNED, 404, 409, 422))  # fmt: skip
async def add_note(context: In, who: Who, id: UUID, data: NoteIn) -> HandoverOut:
    """Write something for the next shift."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await handover.put_note(
            tx, who, id, data.text, now, kind=data.kind, ref=data.ref, incident=data.incident,
            tlp=Tlp(data.tlp), random=context.random,
        )  # fmt: skip
    return await _one(context, who, id)


@post("/handovers/{id:uuid}/notes/{note:uuid}", opt={"permission": Permission.HANDOVER_WRITE},
      responses=problems(*SIGNED, 404, 409, 422))  # fmt: skip
async def edit_note(context: In, who: Who, id: UUID, note: UUID, data: NoteTextIn) -> HandoverOut:
    """Word a note anew, or take it away."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await handover.edit_note(tx, who, id, note, data.text, now)
    return await _one(context, who, id)


@post("/handovers/{id:uuid}/giving", opt={"permission": Permission.HANDOVER_WRITE},
      responses=problems(*SIGNED, 404, 409, 422))  # fmt: skip
async def give(context: In, who: Who, id: UUID, data: GiveIn) -> HandoverOut:
    """Give it over; from now on it stays as it is."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await handover.give(tx, who, id, version=data.version, to=data.to, now=now)
    return await _one(context, who, id)


@post("/handovers/{id:uuid}/taking", opt={"permission": Permission.HANDOVER_WRITE},
      responses=problems(*SIGNED, 404, 409, 422))  # fmt: skip
async def take(context: In, who: Who, id: UUID, data: TakeIn) -> HandoverOut:
    """Take a handover that another person gave."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await handover.take(tx, who, id, version=data.version, remark=data.remark, now=now)
    return await _one(context, who, id)


router = Router(
    "/", route_handlers=[list_handovers, get_handover, begin, add_note, edit_note, give, take],
    tags=["handovers"],
)  # fmt: skip
