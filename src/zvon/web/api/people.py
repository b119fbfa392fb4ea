"""People, their roles, keys and one-time links."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access import key as keys
from zvon.access import person as access
from zvon.access.permission import Permission
from zvon.store.person import Person
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.doorkeeper import SIGNED_IN
from zvon.web.problem import SIGNED, problems

KEY_DAYS = 365


class PersonOut(Struct, frozen=True, kw_only=True):
    """An account."""

    id: UUID
    login: str
    name: str
    roles: list[str]
    lang: str
    party: str
    country: str
    machine: bool
    disabled: bool
    created_at: datetime


class People(Struct, frozen=True):
    """All accounts of the node."""

    people: list[PersonOut]


class NewPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may sign in; without a password the person gets a one-time link.

    `party` is their organisation, the caller's own when not given.
    """

    login: Annotated[str, Meta(min_length=1, max_length=64)]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    roles: Annotated[list[str], Meta(min_length=1, max_length=10)]
    lang: Annotated[str, Meta(pattern="^(sl|hr|en)$")] = "en"
    password: Annotated[str, Meta(max_length=1000)] | None = None
    party: UUID | None = None


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name to tell the key from others; `permissions` narrows what the person may."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    days: Annotated[int, Meta(ge=1, le=730)] = KEY_DAYS
    permissions: list[Permission] | None = None


class KeyOut(Struct, frozen=True):
    """The key, shown once."""

    key: str


class LinkOut(Struct, frozen=True):
    """A link that signs the person in once."""

    link: str


class NewPassword(Struct, frozen=True, forbid_unknown_fields=True):
    """One's own new password; every session of the account ends."""

    password: Annotated[str, Meta(min_length=1, max_length=1000)]


def person_out(person: Person) -> PersonOut:
    """What the API shows of an account."""
    return PersonOut(
        id=person.uuid, login=person.login, name=person.name, roles=sorted(person.roles),
        lang=person.lang, party=person.party, country=person.country, machine=person.machine,
        disabled=person.disabled, created_at=person.created_at,
    )  # fmt: skip


@get("/people", opt={"permission": Permission.PERSON_READ}, responses=problems(*SIGNED))
async def list_people(context: In, who: Who) -> People:
    """All accounts."""
    async with read(context.pool, who) as db:
        return People([person_out(p) for p in await access.list_people(db, who)])


@post(
    "/people", opt={"permission": Permission.PERSON_MANAGE},
    responses=problems(*SIGNED, 409, 422),
)  # fmt: skip
async def create_person(context: In, who: Who, data: NewPerson) -> PersonOut:
    """Create an account."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made = await access.create(
            tx, who, data.login, data.name, data.roles, data.lang, data.password,
            data.party, now=now, random=context.random,
        )  # fmt: skip
    return person_out(made)


@post(
    "/people/{id:uuid}/keys", opt={"permission": Permission.KEY_OWN},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def create_key(context: In, who: Who, id: UUID, data: NewKey) -> KeyOut:
    """Make an API key, for oneself or, as one who manages people, for somebody else."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        key = await keys.create(
            tx, who, id, data.name, now, context.random, now + timedelta(days=data.days),
            data.permissions,
        )  # fmt: skip
    return KeyOut(key)


@post(
    "/people/{id:uuid}/link", opt={"permission": Permission.PERSON_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def create_link(context: In, who: Who, id: UUID) -> LinkOut:
    """Make a one-time sign-in link."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        token = await access.login_link(tx, id, now, context.random, viewer=who)
    settings = context.settings
    return LinkOut(f"{settings.public_url or f'http://{settings.http}'}/link/{token}")


@post("/password", opt={"permission": SIGNED_IN}, status_code=204, responses=problems(*SIGNED, 422))
async def set_password(context: In, who: Who, data: NewPassword) -> None:
    """Set one's own password; sign in again afterwards."""
    async with transaction(context.pool, context.clock()) as tx:
        await access.set_password(tx, who, data.password)


router = Router(
    "/",
    route_handlers=[list_people, create_person, create_key, create_link, set_password],
    tags=["people"],
)
