"""Who sits where: one's own sessions and, for administrators, those of others."""

from datetime import datetime
from uuid import UUID

from litestar import Router, delete, get, post
from litestar.response import Response
from msgspec import Struct

from zvon.access import session as sessions
from zvon.access import session_control as control
from zvon.access.oidc_provider import ProviderAway
from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.session import OpenSession
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.api.session import session_cookie
from zvon.web.doorkeeper import SIGNED_IN, session_token
from zvon.web.oidc import provider_of
from zvon.web.problem import SIGNED, problems


class SessionOut(Struct, frozen=True, kw_only=True):
    """An open session; `here` is the one that asks, `strong_at` when a passkey was last used in it."""

    id: UUID
    person: UUID
    login: str
    method: str
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime
    strong_at: datetime | None
    expires_at: datetime
    here: bool


class Sessions(Struct, frozen=True):
    """Open sessions, the last used first."""

    sessions: list[SessionOut]


class Ended(Struct, frozen=True):
    """How many sessions ended."""

    ended: int


class SignedOut(Struct, frozen=True):
    """Where to go on: our sign-in page, or the provider's place for signing out."""

    to: str


def session_out(one: OpenSession, viewer: Viewer) -> SessionOut:
    """What is shown of a session."""
    return SessionOut(
        id=one.uuid, person=one.person, login=one.login, method=one.method, address=one.address,
        agent=one.agent, created_at=one.created_at, seen_at=one.seen_at, strong_at=one.strong_at,
        expires_at=one.expires_at, here=one.uuid == viewer.session,
    )  # fmt: skip


@get("/sessions", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED))
async def list_own(context: In, who: Who) -> Sessions:
    """One's own sessions."""
    async with read(context.pool, who) as db:
        found = await control.own(db, who, context.clock())
    return Sessions([session_out(one, who) for one in found])


@get("/sessions/all", opt={"permission": Permission.PERSON_MANAGE}, responses=problems(*SIGNED))
async def list_everybody(context: In, who: Who) -> Sessions:
    """The sessions of everybody whom the caller manages."""
    async with read(context.pool, who) as db:
        found = await control.everybody(db, who, context.clock())
    return Sessions([session_out(one, who) for one in found])


@delete(
    "/sessions/{id:uuid}", opt={"permission": SIGNED_IN}, status_code=204,
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def end_one(context: In, who: Who, id: UUID) -> None:
    """End a session: an own one, or of somebody whom the caller manages."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await control.end(tx, who, id, now)


@post("/sessions/end", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED))
async def end_others(context: In, who: Who) -> Ended:
    """End every session of one's own but this one."""
    async with transaction(context.pool, context.clock()) as tx:
        return Ended(await control.end_others(tx, who))


@post(
    "/people/{id:uuid}/sessions/end", opt={"permission": Permission.PERSON_MANAGE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def end_of(context: In, who: Who, id: UUID) -> Ended:
    """End every session of a person."""
    async with transaction(context.pool, context.clock()) as tx:
        return Ended(await control.end_of(tx, who, id))


@post("/session/end", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED))
async def sign_out(request: AnyRequest, context: In, who: Who) -> Response[SignedOut]:
    """End this session; whoever came by the OpenID provider is told where to sign out there too."""
    now = context.clock()
    token = session_token(request.headers.get("cookie", "").encode("latin-1"))
    to = "/signin"
    if token:
        async with transaction(context.pool, now) as tx:
            open_now = await control.own(tx.db, who, now)
            await sessions.sign_out(tx, token)
        came = next((each.method for each in open_now if each.uuid == who.session), "")
        provider = provider_of(request) if came == "oidc" else None
        if provider is not None:
            try:
                back = f"{context.settings.console_url}/signin"
                to = await provider.sign_out_address(back, now) or to
            except ProviderAway:
                pass  # the session here has ended, which is what was asked for
    return Response(SignedOut(to), status_code=201, cookies=[session_cookie(request, "")])


router = Router(
    "/",
    route_handlers=[list_own, list_everybody, end_one, end_others, end_of, sign_out],
    tags=["session"],
)
