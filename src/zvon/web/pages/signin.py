"""Signing in and out in a browser."""

from typing import Annotated

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter
from litestar.response import Redirect
from msgspec import Struct

from zvon.access import passkey
from zvon.access import session as sessions
from zvon.access.passkey import NoPasskeysHere
from zvon.access.session import BadLogin, TooManyAttempts
from zvon.jobs import Context
from zvon.store.transaction import transaction
from zvon.web.api.inject import AnyRequest, In
from zvon.web.api.session import origin, session_cookie
from zvon.web.doorkeeper import PUBLIC, SIGNED_IN, check_origin, session_token
from zvon.web.oidc import provider_of
from zvon.web.pages.assets import own_path
from zvon.web.pages.page import render


class Form(Struct):
    """Login, password, and where to go on."""

    login: str = ""
    password: str = ""
    next: str = "/queue"


class LinkForm(Struct):
    """The token of a one-time link."""

    token: str = ""


def sign_in_page(
    request: AnyRequest,
    problem: str | None,
    go_on: str,
    *,
    login: str = "",
    status: int = 200,
    cookies: list[Cookie] | None = None,
) -> Response[str]:
    """The sign-in page with every way in that this node has; `problem` is a msgid."""
    context: Context = request.app.state.context
    try:
        passkeys = bool(passkey.site(context.settings))
    except NoPasskeysHere:
        passkeys = False
    provider = context.settings.oidc_name if provider_of(request) is not None else None
    values = {"problem": problem, "login": login, "next": own_path(go_on), "passkeys": passkeys,
              "provider": provider}  # fmt: skip
    return render(request, "signin.html", values, status=status, cookies=cookies)


@get("/signin", opt={"permission": PUBLIC}, include_in_schema=False)
async def form(
    request: AnyRequest,
    go_on: Annotated[str, Parameter(query="next", max_length=500)] = "/queue",
) -> Response[str]:
    """The sign-in form."""
    return sign_in_page(request, None, go_on)


@post("/signin", opt={"permission": PUBLIC}, include_in_schema=False)
async def sign_in(
    request: AnyRequest,
    context: In,
    data: Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[str] | Redirect:
    """Sign in, or say that it did not work; never which of the two was wrong."""
    check_origin(request)
    now = context.clock()
    try:
        async with transaction(context.pool, now) as tx:
            token, _ = await sessions.sign_in(
                tx, data.login[:200], data.password[:1000], now, context.random, origin(request)
            )
    except (BadLogin, TooManyAttempts) as error:
        late = isinstance(error, TooManyAttempts)
        problem = (
            "Too many attempts; wait a few minutes." if late else "Login or password is not right."
        )
        return sign_in_page(
            request, problem, data.next, login=data.login[:200], status=429 if late else 401
        )
    return Redirect(own_path(data.next), status_code=303, cookies=[session_cookie(request, token)])


@get("/link/{token:str}", opt={"permission": PUBLIC}, include_in_schema=False)
async def link(
    request: AnyRequest, token: Annotated[str, Parameter(max_length=100)]
) -> Response[str]:
    """A button, not the deed: a scanner that opens the link must not use it up."""
    return render(request, "link.html", {"token": token, "problem": None})


@post("/link", opt={"permission": PUBLIC}, include_in_schema=False)
async def use_link(
    request: AnyRequest,
    context: In,
    data: Annotated[LinkForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[str] | Redirect:
    """Sign in once."""
    check_origin(request)
    now = context.clock()
    try:
        async with transaction(context.pool, now) as tx:
            token, _ = await sessions.by_link(
                tx, data.token[:100], now, context.random, origin(request)
            )
    except (BadLogin, TooManyAttempts):
        problem = "The link was used or is too old. Ask for a new one."
        return render(request, "link.html", {"token": "", "problem": problem}, status=401)
    return Redirect("/queue", status_code=303, cookies=[session_cookie(request, token)])


@post("/signout", opt={"permission": SIGNED_IN}, include_in_schema=False)
async def sign_out(request: AnyRequest, context: In) -> Redirect:
    """End the session."""
    token = session_token(request.headers.get("cookie", "").encode("latin-1"))
    if token:
        async with transaction(context.pool, context.clock()) as tx:
            await sessions.sign_out(tx, token)
    return Redirect("/signin", status_code=303, cookies=[session_cookie(request, "")])


HANDLERS = (form, sign_in, link, use_link, sign_out)
