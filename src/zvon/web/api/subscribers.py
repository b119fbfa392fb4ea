"""Subscribers: resolvers that take a feed, and the configuration that we write for them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.dns.kit import kit
from zvon.jobs import Context
from zvon.model.zone import test_name
from zvon.store import subscriber as subscribers
from zvon.store import zone as zones
from zvon.store.subscriber import Subscriber
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Address = Annotated[str, Meta(min_length=3, max_length=100)]


class FileOut(Struct, frozen=True):
    """A file of the kit: where it goes, its text, and what to know."""

    path: str
    text: str
    note: str


class SubscriberOut(Struct, frozen=True, kw_only=True):
    """A resolver that takes a feed."""

    id: UUID
    name: str
    party: str
    brand: str
    address: str
    known_by: str
    relay: bool
    mode: str
    mandatory: bool
    notify_address: str
    probe_address: str | None
    feed: str
    created_at: datetime


class Subscribers(Struct, frozen=True, kw_only=True):
    """All subscribers, with the name that each must find blocked and the hot zone's serial."""

    subscribers: list[SubscriberOut]
    test_name: str
    serial: int


class NewSubscriber(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What we must know of a resolver. `relay`: an Unbound behind the NSD relay of its kit."""

    name: Annotated[str, Meta(pattern="^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
    brand: Annotated[str, Meta(pattern="^(bind|unbound|pdns|proof)$")]
    address: Address
    notify_address: Address
    probe_address: Address | None = None
    relay: bool | None = None
    mode: Annotated[str, Meta(pattern="^(log-only|enforce)$")] = "log-only"
    mandatory: bool | None = None
    feed: Annotated[str, Meta(max_length=63)] | None = None


class Subscribed(SubscriberOut, frozen=True, kw_only=True):
    """A new subscriber; the secret and the kit with it are shown this once."""

    secret: str | None
    kit: list[FileOut]


class Mode(Struct, frozen=True, forbid_unknown_fields=True):
    """`log-only` or `enforce`."""

    mode: Annotated[str, Meta(pattern="^(log-only|enforce)$")]


class Kit(Struct, frozen=True):
    """The files of the subscriber; `@SECRET@` stands where its own secret goes."""

    kit: list[FileOut]


def subscriber_out(s: Subscriber) -> SubscriberOut:
    """What the API shows of a subscriber."""
    return SubscriberOut(
        id=s.uuid, name=s.name, party=s.party, brand=s.brand, address=s.address,
        known_by=s.known_by, relay=s.relay, mode=s.mode, mandatory=s.mandatory,
        notify_address=s.notify_address, probe_address=s.probe_address, feed=s.feed,
        created_at=s.created_at,
    )  # fmt: skip


def files(context: Context, s: Subscriber, secret: str | None) -> list[FileOut]:
    """The kit of a subscriber as the API shows it."""
    return [FileOut(f.path, f.text, f.note) for f in kit(s, context.settings.dns, secret)]


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
            feed=data.feed or context.settings.country.lower(),
            notify_address=data.notify_address, probe_address=data.probe_address,
            relay=data.relay, mode=data.mode, mandatory=data.mandatory, now=now,
            random=context.random, key=context.node.key,
        )  # fmt: skip
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
    route_handlers=[list_subscribers, add_subscriber, get_kit, set_mode, remove_subscriber],
    tags=["subscribers"],
)
