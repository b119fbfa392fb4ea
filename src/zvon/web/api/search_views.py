"""Searches that people keep, for themselves or for all who may search."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, post, put
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.query import MAX_QUERY
from zvon.store import search_view
from zvon.store.search_view import SavedView
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class ViewIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search to keep; `shared`: everybody who may search sees it, and finds what they may see."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    query: Annotated[str, Meta(max_length=MAX_QUERY)]
    shared: bool = False


class ViewOut(Struct, frozen=True, kw_only=True):
    """A kept search; `own`: the caller's."""

    id: UUID
    name: str
    query: str
    shared: bool
    own: bool
    by: str
    made_at: datetime


class Views(Struct, frozen=True, kw_only=True):
    """The caller's own, then the shared ones."""

    views: list[ViewOut]


def view_out(view: SavedView) -> ViewOut:
    """A kept search as the API shows it."""
    return ViewOut(id=view.uuid, name=view.name, query=view.query, shared=view.shared,
                   own=view.own, by=view.by, made_at=view.made_at)  # fmt: skip


@get("/search/views", opt={"permission": Permission.SEARCH_READ}, responses=problems(*SIGNED))
async def list_views(context: In, who: Who) -> Views:
    """Kept searches that the caller may use."""
    async with read(context.pool, who) as db:
        return Views(views=[view_out(view) for view in await search_view.list_all(db, who)])


@post(
    "/search/views", opt={"permission": Permission.SEARCH_READ},
    responses=problems(*SIGNED, 409, 422),
)  # fmt: skip
async def keep(context: In, who: Who, data: ViewIn) -> ViewOut:
    """Keep a search under a name."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await search_view.create(
            tx, who, uuid=uuid7(now, context.random(RANDOM_BYTES)), name=data.name,
            query=data.query, shared=data.shared, now=now,
        )  # fmt: skip
    return view_out(made)


@get(
    "/search/views/{id:uuid}", opt={"permission": Permission.SEARCH_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_view(context: In, who: Who, id: UUID) -> ViewOut:
    """One kept search."""
    async with read(context.pool, who) as db:
        return view_out(await search_view.get(db, who, id))


@put(
    "/search/views/{id:uuid}", opt={"permission": Permission.SEARCH_READ},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def change(context: In, who: Who, id: UUID, data: ViewIn) -> ViewOut:
    """Put another name, query or reach to one's own."""
    async with transaction(context.pool, context.clock(), viewer=viewer_setting(who)) as tx:
        return view_out(
            await search_view.edit(
                tx, who, id, name=data.name, query=data.query, shared=data.shared
            )
        )


@delete(
    "/search/views/{id:uuid}", opt={"permission": Permission.SEARCH_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def forget(context: In, who: Who, id: UUID) -> None:
    """Forget one's own."""
    async with transaction(context.pool, context.clock(), viewer=viewer_setting(who)) as tx:
        await search_view.remove(tx, who, id)


router = Router("/", route_handlers=[list_views, keep, get_view, change, forget], tags=["search"])
