"""Feeds: what each takes of the decisions, what it does with it, and who takes it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.verdict import Category
from zvon.model.view import View
from zvon.store import feed_view
from zvon.store.feed_view import Feed
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Action = Literal["given", "nxdomain", "nodata", "landing"]
Name = Annotated[str, Parameter(min_length=1, max_length=63)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Word = Annotated[str, Meta(min_length=1, max_length=200)]


class ViewIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which decisions a feed takes; an empty field takes all. `feeds` are home feeds."""

    countries: Annotated[list[Country], Meta(max_length=100)] = []
    categories: Annotated[list[Category], Meta(max_length=20)] = []
    sources: Annotated[list[Word], Meta(max_length=100)] = []
    min_confidence: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    triggers: Annotated[list[Literal["qname", "ip", "nsdname", "nsip"]], Meta(max_length=4)] = []
    feeds: Annotated[list[Word], Meta(max_length=100)] = []

    def view(self) -> View:
        """The same as the store takes it."""
        return msgspec.convert(msgspec.to_builtins(self), View)


class Held(Struct, frozen=True, kw_only=True):
    """A change that waits for a second person."""

    view: ViewIn
    action: str
    by: str | None


class FeedOut(Struct, frozen=True, kw_only=True):
    """A feed. Blocks are proposed for home feeds (`own`); the others are views over them.

    `action` `given` leaves each block its own. `serials` and `rules` are by the kind of zone;
    `filling`: a change of the view is being carried out.
    """

    name: str
    country: str
    own: bool
    view: ViewIn
    action: str
    frozen_at: datetime | None
    frozen_reason: str | None
    filling: bool
    held: Held | None
    blocks: int
    serials: dict[str, int]
    rules: dict[str, int]
    subscribers: list[str]


class Feeds(Struct, frozen=True):
    """All feeds, home feeds first."""

    feeds: list[FeedOut]


class NewFeed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A view feed. The name stands in the names of its zones: `hot.<name>.zvon`."""

    name: Annotated[str, Meta(pattern="^[a-z0-9]([a-z0-9-]{0,17}[a-z0-9])?$")]
    country: Country
    view: ViewIn | None = None
    action: Action = "given"


class FeedChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays."""

    view: ViewIn | None = None
    action: Action | None = None


def _view(view: View) -> ViewIn:
    return msgspec.convert(msgspec.to_builtins(view), ViewIn)


def feed_out(feed: Feed) -> FeedOut:
    """What the API shows of a feed."""
    held = None
    if feed.held is not None:
        held = Held(view=_view(feed.held.view), action=feed.held.action, by=feed.held_by)
    return FeedOut(
        name=feed.name, country=feed.country, own=feed.own, view=_view(feed.view),
        action=feed.action, frozen_at=feed.frozen_at, frozen_reason=feed.frozen_reason,
        filling=feed.filling, held=held, blocks=feed.blocks, serials=feed.serials,
        rules=feed.rules, subscribers=list(feed.subscribers),
    )  # fmt: skip


@get("/feeds", opt={"permission": Permission.SUBSCRIBER_READ}, responses=problems(*SIGNED))
async def list_feeds(context: In, who: Who) -> Feeds:
    """All feeds with their views, serials and subscribers."""
    async with read(context.pool, who) as db:
        return Feeds([feed_out(one) for one in await feed_view.list_all(db)])


@get(
    "/feeds/{feed:str}", opt={"permission": Permission.SUBSCRIBER_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_feed(context: In, who: Who, feed: Name) -> FeedOut:
    """One feed."""
    async with read(context.pool, who) as db:
        return feed_out(await feed_view.get(db, feed))


@post("/feeds", opt={"permission": Permission.FEED_MANAGE}, responses=problems(*SIGNED, 409, 422))
async def add_feed(context: In, who: Who, data: NewFeed) -> FeedOut:
    """Make a view feed; what lives now is put into it in the background (`filling`)."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return feed_out(
            await feed_view.create(
                tx, who, name=data.name, country=data.country, view=View() if data.view is None else data.view.view(),
                action=data.action, now=now,
            )
        )  # fmt: skip


@patch(
    "/feeds/{feed:str}", opt={"permission": Permission.FEED_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def change_feed(context: In, who: Who, feed: Name, data: FeedChange) -> FeedOut:
    """Change view or action. A large change of a feed in use comes back as `held`: a second person
    has to confirm it.
    """
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return feed_out(
            await feed_view.edit(
                tx, who, feed, view=None if data.view is None else data.view.view(),
                action=data.action, now=now,
            )
        )  # fmt: skip


@post(
    "/feeds/{feed:str}/confirmations", opt={"permission": Permission.FEED_MANAGE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def confirm_feed(context: In, who: Who, feed: Name) -> FeedOut:
    """Let a held change go on, as another person than the one who asked for it (else 403)."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return feed_out(await feed_view.confirm(tx, who, feed, now))


@delete(
    "/feeds/{feed:str}", opt={"permission": Permission.FEED_MANAGE}, status_code=204,
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def remove_feed(context: In, who: Who, feed: Name) -> None:
    """End a view feed that nobody takes; its name is not given again."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await feed_view.remove(tx, who, feed, now)


router = Router(
    "/",
    route_handlers=[list_feeds, get_feed, add_feed, change_feed, confirm_feed, remove_feed],
    tags=["feeds"],
)
