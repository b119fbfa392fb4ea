"""Which account at the OpenID provider is whose: bound by oneself or by an administrator."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, post
from litestar.response import Response
from msgspec import Meta, Struct

from zvon.access import oidc
from zvon.access.oidc_provider import BadProvider, Provider
from zvon.access.passkey_use import require_fresh
from zvon.access.permission import Permission
from zvon.access.person import managed
from zvon.store import identity
from zvon.store import person as people
from zvon.store.identity import Identity
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.doorkeeper import SIGNED_IN
from zvon.web.oidc import attempt_cookie, back_address, provider_of
from zvon.web.problem import SIGNED, problems


class IdentityOut(Struct, frozen=True, kw_only=True):
    """An account at the provider; `managed`: its groups there say the roles here."""

    id: UUID
    person: UUID
    login: str
    issuer: str
    subject: str
    managed: bool
    made_at: datetime
    used_at: datetime | None


class Identities(Struct, frozen=True):
    """Accounts at the provider."""

    identities: list[IdentityOut]


class Subject(Struct, frozen=True, forbid_unknown_fields=True):
    """What the provider calls the person (`sub`); mail addresses bind nobody."""

    subject: Annotated[str, Meta(min_length=1, max_length=255)]


class GoTo(Struct, frozen=True):
    """Where the browser goes on."""

    url: str


def _out(one: Identity) -> IdentityOut:
    return IdentityOut(
        id=one.uuid, person=one.person, login=one.login, issuer=one.issuer, subject=one.subject,
        managed=one.managed, made_at=one.made_at, used_at=one.used_at,
    )  # fmt: skip


def _provider(request: AnyRequest) -> Provider:
    found = provider_of(request)
    if found is None:
        raise BadProvider("this node has no sign-in provider; set oidc_issuer and oidc_client_id")
    return found


@get("/identities", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED))
async def list_own(context: In, who: Who) -> Identities:
    """One's own accounts at the provider."""
    async with read(context.pool, who) as db:
        return Identities([_out(one) for one in await identity.of_person(db, who.person_id)])


@post("/identities/connect", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED, 422, 502))
async def connect(request: AnyRequest, context: In, who: Who) -> Response[GoTo]:
    """Begin binding one's own account at the provider; the browser goes to `url`."""
    now = context.clock()
    provider = _provider(request)
    async with transaction(context.pool, now) as tx:
        await require_fresh(tx, who, "identity:bind", now)
    attempt = oidc.begin(now, context.random, "/you", who)
    url = await provider.address(attempt, oidc.challenge(attempt), back_address(request), now)
    kept = oidc.sealed(attempt, context.node.key, context.random)
    return Response(GoTo(url), status_code=201, cookies=[attempt_cookie(request, kept)])


@get(
    "/people/{id:uuid}/identities", opt={"permission": Permission.PERSON_MANAGE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def list_of(context: In, who: Who, id: UUID) -> Identities:
    """A person's accounts at the provider."""
    async with transaction(context.pool, context.clock()) as tx:
        owner = await managed(tx, who, id, "identity:read")
        return Identities([_out(one) for one in await identity.of_person(tx.db, owner.id)])


@post(
    "/people/{id:uuid}/identities", opt={"permission": Permission.PERSON_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def bind(request: AnyRequest, context: In, who: Who, id: UUID, data: Subject) -> IdentityOut:
    """Say which account at the provider a person has."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await people.get(tx.db, id)
        issuer = _provider(request).issuer
        made = await oidc.bind_for(tx, who, id, issuer, data.subject, now, context.random)
    return _out(made)


@delete(
    "/identities/{id:uuid}", opt={"permission": SIGNED_IN}, status_code=204,
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def unbind(context: In, who: Who, id: UUID) -> None:
    """Free an account at the provider: an own one, or of somebody whom the caller manages."""
    async with transaction(context.pool, context.clock()) as tx:
        await oidc.unbind(tx, who, id)


router = Router("/", route_handlers=[list_own, connect, list_of, bind, unbind], tags=["people"])
