"""Views of the queue that people keep."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, post, put
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import saved_view
from zvon.store.saved_view import QueueView
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class QueueViewIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A view: its name, what stands after `/queue?`, and whether the party may use it."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    query: Annotated[str, Meta(max_length=1000)]
    shared: bool = False


class QueueViewOut(Struct, frozen=True, kw_only=True):
    """A kept view; `link` opens it, `first` says that the queue opens with it."""

    id: UUID
    name: str
    query: str
    link: str
    shared: bool
    own: bool
    first: bool
    by: str
    made_at: datetime


class QueueViews(Struct, frozen=True, kw_only=True):
    """The caller's own, then those of the party."""

    views: list[QueueViewOut]


class FirstIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the queue opens with this view."""

    first: bool = True


def view_out(view: QueueView) -> QueueViewOut:
    """A kept view as the API shows it."""
    return QueueViewOut(
        id=view.uuid, name=view.name, query=view.query, link=f"/queue?{view.query}",
        shared=view.shared, own=view.own, first=view.first, by=view.by, made_at=view.made_at,
    )  # fmt: skip


@get("/views", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED))
async def list_views(context: In, who: Who) -> QueueViews:
    """Views that the caller may use."""
    async with read(context.pool, who) as db:
        return QueueViews(views=[view_out(v) for v in await saved_view.list_all(db, who)])


@post("/views", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED, 409, 422))
async def keep_view(context: In, who: Who, data: QueueViewIn) -> QueueViewOut:
    """Keep a view under a name."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await saved_view.create(
            tx, who, uuid=uuid7(now, context.random(RANDOM_BYTES)), name=data.name,
            query=data.query, shared=data.shared, now=now,
        )  # fmt: skip
    return view_out(made)


@get(
    "/views/{id:uuid}", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_view(context: In, who: Who, id: UUID) -> QueueViewOut:
    """One kept view."""
    async with read(context.pool, who) as db:
        return view_out(await saved_view.get(db, who, id))


@put(
    "/views/{id:uuid}", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def change_view(context: In, who: Who, id: UUID, data: QueueViewIn) -> QueueViewOut:
    """Put another name, query or reach to one's own."""
    async with transaction(context.pool, context.clock(), viewer=viewer_setting(who)) as tx:
        return view_out(
            await saved_view.edit(tx, who, id, name=data.name, query=data.query, shared=data.shared)
        )


@delete(
    "/views/{id:uuid}", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def forget_view(context: In, who: Who, id: UUID) -> None:
    """Forget one's own."""
    async with transaction(context.pool, context.clock(), viewer=viewer_setting(who)) as tx:
        await saved_view.remove(tx, who, id)


@put(
    "/views/{id:uuid}/first", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def open_with(context: In, who: Who, id: UUID, data: FirstIn) -> QueueViewOut:
    """Let the queue open with this view, or no more."""
    async with transaction(context.pool, context.clock(), viewer=viewer_setting(who)) as tx:
        return view_out(await saved_view.make_first(tx, who, id, first=data.first))


router = Router(
    "/",
    route_handlers=[list_views, keep_view, get_view, change_view, forget_view, open_with],
    tags=["queue"],
)
