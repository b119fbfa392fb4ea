"""Signing in and out."""

from typing import Annotated

from litestar import Router, delete, post
from litestar.datastructures import Cookie
from litestar.response import Response
from msgspec import Meta, Struct

from zvon.access import session as sessions
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.store import person as people
from zvon.store.person import Person
from zvon.store.session import Origin
from zvon.store.transaction import transaction
from zvon.web.api.inject import AnyRequest, In
from zvon.web.doorkeeper import (
    COOKIE,
    PUBLIC,
    SECURE_COOKIE,
    SIGNED_IN,
    check_origin,
    session_token,
)
from zvon.web.problem import BadInput, problems
from zvon.web.turns import shown_address


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Login and password, or the token of a one-time link."""

    login: Annotated[str, Meta(max_length=200)] = ""
    password: Annotated[str, Meta(max_length=1000)] = ""
    link: Annotated[str, Meta(max_length=200)] = ""


class SignedIn(Struct, frozen=True, kw_only=True):
    """Who signed in; `csrf` goes into `X-CSRF-Token` of every unsafe request of the session."""

    person: str
    login: str
    name: str
    roles: list[str]
    csrf: str


def session_cookie(request: AnyRequest, token: str) -> Cookie:
    """The session's cookie; over HTTPS it is bound to this host (`__Host-`)."""
    context: Context = request.app.state.context
    secure = (context.settings.public_url or str(request.url)).startswith("https:")
    return Cookie(
        key=SECURE_COOKIE if secure else COOKIE, value=token, path="/", httponly=True,
        secure=secure, samesite="lax", max_age=None if token else 0,
    )  # fmt: skip


def origin(request: AnyRequest) -> Origin:
    """Where a request comes from, as the list of sessions shows it."""
    client = request.client.host if request.client is not None else ""
    shown = shown_address(client, request.headers.get("x-forwarded-for", ""))
    agent = request.headers.get("user-agent", "")
    return Origin(shown, "".join(c for c in agent[:200] if c.isprintable()))


def signed_in(person: Person, viewer: Viewer) -> SignedIn:
    """What the API says of a session that was opened."""
    return SignedIn(
        person=str(person.uuid), login=viewer.login, name=viewer.name, roles=list(viewer.roles),
        csrf=viewer.csrf,
    )  # fmt: skip


@post(
    "/session", opt={"permission": PUBLIC}, status_code=201, responses=problems(401, 403, 422, 429)
)
async def sign_in(request: AnyRequest, context: In, data: SignIn) -> Response[SignedIn]:
    """Sign in with login and password, or once with a link. Sets the session cookie."""
    check_origin(request)
    now = context.clock()
    if data.link == "" and not (data.login and data.password):
        raise BadInput("give login and password, or link")
    async with transaction(context.pool, now) as tx:
        if data.link:
            token, _ = await sessions.by_link(tx, data.link, now, context.random, origin(request))
        else:
            token, _ = await sessions.sign_in(
                tx, data.login, data.password, now, context.random, origin(request)
            )
        viewer = await sessions.viewer(tx.db, token, now)
        assert viewer is not None
        person = await people.by_id(tx.db, viewer.person_id)
    return Response(
        signed_in(person, viewer), status_code=201, cookies=[session_cookie(request, token)]
    )


@delete("/session", opt={"permission": SIGNED_IN}, status_code=204, responses=problems(401, 403))
async def sign_out(request: AnyRequest, context: In) -> Response[None]:
    """End the session."""
    token = session_token(request.headers.get("cookie", "").encode("latin-1"))
    if token:
        async with transaction(context.pool, context.clock()) as tx:
            await sessions.sign_out(tx, token)
    return Response(None, status_code=204, cookies=[session_cookie(request, "")])


router = Router("/", route_handlers=[sign_in, sign_out], tags=["session"])
