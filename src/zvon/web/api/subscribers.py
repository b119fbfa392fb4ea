"""Subscribers: resolvers that take a feed, and the configuration that we write for them."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, delete, get, post, put
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.dns.kit import kit
from zvon.jobs import Context
from zvon.model.zone import test_name
from zvon.store import subscriber as subscribers
from zvon.store import usage
from zvon.store import zone as zones
from zvon.store.subscriber import Subscriber
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Address = Annotated[str, Meta(min_length=3, max_length=100)]
Brand = Literal["bind", "unbound", "pdns", "kresd", "knot", "nsd", "windows", "pfsense", "opnsense",
                "proof"]  # fmt: skip
Way = Literal["udp", "tcp", "dot", "doh"]
FeedName = Annotated[str, Meta(min_length=1, max_length=63)]
FeedNames = Annotated[list[FeedName], Meta(min_length=1, max_length=subscribers.MAX_FEEDS)]
Name = Annotated[str, Meta(min_length=1, max_length=300)]


class FileOut(Struct, frozen=True):
    """A file of the kit: where it goes, its text, and what to know."""

    path: str
    text: str
    note: str


class SubscriberOut(Struct, frozen=True, kw_only=True):
    """A resolver that takes feeds, in the order in which it looks at them.

    `known_by` `export`: nothing is transferred to it, it fetches lists.
    """

    id: UUID
    name: str
    party: str
    brand: str
    address: str
    known_by: str
    relay: bool
    mode: str
    mandatory: bool
    canary: bool
    notify_address: str
    probe_address: str | None
    probe_via: str
    feed: str
    feeds: list[str]
    created_at: datetime


class Subscribers(Struct, frozen=True, kw_only=True):
    """All subscribers, with the name that each must find blocked and the hot zone's serial."""

    subscribers: list[SubscriberOut]
    test_name: str
    serial: int


class NewSubscriber(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What we must know of a resolver. `relay`: an Unbound behind the NSD relay of its kit.

    `feeds` in the order in which it looks at them; without them the feed of the country.
    `exceptions` are names that this subscriber alone never wants blocked.
    """

    name: Annotated[str, Meta(pattern="^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
    brand: Brand
    address: Address
    notify_address: Address
    probe_address: Address | None = None
    probe_via: Way = "udp"
    relay: bool | None = None
    mode: Annotated[str, Meta(pattern="^(log-only|enforce)$")] = "log-only"
    mandatory: bool | None = None
    canary: bool = False
    feeds: FeedNames | None = None
    exceptions: Annotated[list[Name], Meta(max_length=1000)] = []


class Subscribed(SubscriberOut, frozen=True, kw_only=True):
    """A new subscriber; the secret and the kit with it are shown this once."""

    secret: str | None
    kit: list[FileOut]


class Mode(Struct, frozen=True, forbid_unknown_fields=True):
    """`log-only` or `enforce`."""

    mode: Annotated[str, Meta(pattern="^(log-only|enforce)$")]


class Feeds(Struct, frozen=True, forbid_unknown_fields=True):
    """Feeds, in the order in which the resolver looks at them."""

    feeds: FeedNames


class Exceptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Names that this subscriber never wants blocked, with all names below them."""

    exceptions: Annotated[list[Name], Meta(max_length=1000)]


class KeysEnded(Struct, frozen=True):
    """How many older keys work no more."""

    ended: int


class UsageOut(Struct, frozen=True, kw_only=True):
    """What a subscriber was sent on one day."""

    day: date
    full_transfers: int
    differences: int
    octets: int
    notifies: int
    exports: int


class UsageDays(Struct, frozen=True):
    """Days, the newest first; a day without use is missing."""

    usage: list[UsageOut]


class Kit(Struct, frozen=True):
    """The files of the subscriber; `@SECRET@` stands where its own secret goes."""

    kit: list[FileOut]


def subscriber_out(s: Subscriber) -> SubscriberOut:
    """What the API shows of a subscriber."""
    return SubscriberOut(
        id=s.uuid, name=s.name, party=s.party, brand=s.brand, address=s.address,
        known_by=s.known_by, relay=s.relay, mode=s.mode, mandatory=s.mandatory, canary=s.canary,
        notify_address=s.notify_address, probe_address=s.probe_address, probe_via=s.probe_via,
        feed=s.feed, feeds=list(s.feeds), created_at=s.created_at,
    )  # fmt: skip


def files(context: Context, s: Subscriber, secret: str | None) -> list[FileOut]:
    """The kit of a subscriber as the API shows it."""
    return [
        FileOut(f.path, f.text, f.note)
        for f in kit(s, context.settings.primary_address, secret, url=context.settings.console_url)
    ]


@get("/subscribers", opt={"permission": Permission.SUBSCRIBER_READ}, responses=problems(*SIGNED))
async def list_subscribers(context: In, who: Who) -> Subscribers:
    """All subscribers."""
    feed = context.settings.country.lower()
    async with read(context.pool, who) as db:
        rows = await subscribers.list_all(db)
        serials = {z.kind: z.serial for z in await zones.zones(db) if z.feed == feed}
    return Subscribers(
        subscribers=[subscriber_out(s) for s in rows], test_name=test_name(feed),
        serial=serials.get("hot", 0),
    )  # fmt: skip


@post(
    "/subscribers", opt={"permission": Permission.SUBSCRIBER_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def add_subscriber(context: In, who: Who, data: NewSubscriber) -> Subscribed:
    """Add a resolver; answers with its secret and its configuration, once."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made, secret = await subscribers.add(
            tx, who, name=data.name, brand=data.brand, address=data.address,
            feeds=data.feeds or [context.settings.country.lower()],
            notify_address=data.notify_address, probe_address=data.probe_address,
            probe_via=data.probe_via, relay=data.relay, mode=data.mode, mandatory=data.mandatory,
            canary=data.canary, allow=data.exceptions, now=now, random=context.random,
            key=context.node.key,
        )  # fmt: skip
    return _subscribed(context, made, secret)


def _subscribed(context: Context, made: Subscriber, secret: str | None) -> Subscribed:
    shown = subscriber_out(made)
    return Subscribed(
        **{name: getattr(shown, name) for name in SubscriberOut.__struct_fields__},
        secret=secret, kit=files(context, made, secret),
    )  # fmt: skip


@get(
    "/subscribers/{id:uuid}/kit", opt={"permission": Permission.SUBSCRIBER_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_kit(context: In, who: Who, id: UUID) -> Kit:
    """The configuration of a subscriber, without its secret."""
    async with read(context.pool, who) as db:
        return Kit(files(context, await subscribers.get(db, id), None))


@post(
    "/subscribers/{id:uuid}/mode", opt={"permission": Permission.SUBSCRIBER_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def set_mode(context: In, who: Who, id: UUID, data: Mode) -> Kit:
    """Switch between log-only and enforce; answers with the configuration to install."""
    async with transaction(context.pool, context.clock()) as tx:
        changed = await subscribers.set_mode(tx, who, id, data.mode)
    return Kit(files(context, changed, None))


@put(
    "/subscribers/{id:uuid}/feeds", opt={"permission": Permission.SUBSCRIBER_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def set_feeds(context: In, who: Who, id: UUID, data: Feeds) -> Kit:
    """Choose its feeds and their order; answers with the configuration to install."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        changed = await subscribers.set_feeds(tx, who, id, data.feeds, now)
    return Kit(files(context, changed, None))


@get(
    "/subscribers/{id:uuid}/exceptions", opt={"permission": Permission.SUBSCRIBER_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_exceptions(context: In, who: Who, id: UUID) -> Exceptions:
    """The names that this subscriber lets pass."""
    async with read(context.pool, who) as db:
        return Exceptions(await subscribers.exceptions(db, id))


@put(
    "/subscribers/{id:uuid}/exceptions", opt={"permission": Permission.SUBSCRIBER_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def set_exceptions(context: In, who: Who, id: UUID, data: Exceptions) -> Exceptions:
    """Replace the names that this subscriber lets pass; they are in force with the next notice."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        return Exceptions(await subscribers.set_exceptions(tx, who, id, data.exceptions, now))


@post(
    "/subscribers/{id:uuid}/key", opt={"permission": Permission.SUBSCRIBER_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def new_key(context: In, who: Who, id: UUID) -> Subscribed:
    """A second key, shown this once; the key before it works until it is ended."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made, secret = await subscribers.new_key(tx, who, id, now, context.random, context.node.key)
    return _subscribed(context, made, secret)


@delete(
    "/subscribers/{id:uuid}/key/old", opt={"permission": Permission.SUBSCRIBER_MANAGE},
    status_code=200, responses=problems(*SIGNED, 404),
)  # fmt: skip
async def end_old_keys(context: In, who: Who, id: UUID) -> KeysEnded:
    """End all keys but the newest, once the resolver uses that."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        return KeysEnded(await subscribers.revoke_old_keys(tx, who, id, now))


@get(
    "/subscribers/{id:uuid}/usage", opt={"permission": Permission.SUBSCRIBER_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_usage(
    context: In, who: Who, id: UUID, days: Annotated[int, Parameter(ge=1, le=400)] = 31
) -> UsageDays:
    """What it was sent, day by day in UTC."""
    since = context.clock().date() - timedelta(days=days - 1)
    async with read(context.pool, who) as db:
        known = await subscribers.get(db, id)
        rows = await usage.of(db, known.id, since)
    return UsageDays(
        [
            UsageOut(day=r.day, full_transfers=r.full_transfers, differences=r.differences,
                     octets=r.octets, notifies=r.notifies, exports=r.exports)
            for r in rows
        ]
    )  # fmt: skip


@delete(
    "/subscribers/{id:uuid}", opt={"permission": Permission.SUBSCRIBER_MANAGE}, status_code=204,
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def remove_subscriber(context: In, who: Who, id: UUID) -> None:
    """Stop serving a resolver; its keys end."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await subscribers.remove(tx, who, id, now)


router = Router(
    "/",
    route_handlers=[
        list_subscribers,
        add_subscriber,
        get_kit,
        set_mode,
        set_feeds,
        get_exceptions,
        set_exceptions,
        new_key,
        end_old_keys,
        get_usage,
        remove_subscriber,
    ],
    tags=["subscribers"],
)
