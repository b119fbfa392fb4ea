"""Signing in with the OpenID provider: to it, and back from it."""

from typing import Annotated

from litestar import Response, get
from litestar.params import Parameter
from litestar.response import Redirect

from zvon.access import oidc
from zvon.access.oidc import IdentityTaken, UnknownPerson
from zvon.access.oidc_provider import Provider, ProviderAway
from zvon.access.oidc_token import BadToken
from zvon.access.session import BadLogin, TooManyAttempts
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.store.transaction import transaction
from zvon.web.api.inject import AnyRequest, In, MaybeWho
from zvon.web.api.session import origin, session_cookie
from zvon.web.doorkeeper import PUBLIC
from zvon.web.oidc import attempt_cookie, attempt_of, back_address, provider_of
from zvon.web.pages.assets import own_path
from zvon.web.pages.signin import sign_in_page
from zvon.web.turns import SIGN_INS, turn

AWAY = "The sign-in provider does not answer. Try again, or sign in another way."
WRONG = "Signing in with the provider did not work. Begin again."
UNKNOWN = (
    "The provider knows you, this node does not yet. Ask an administrator to bind your account."
)
CLOSED = "This account is closed."
LATE = "Too many attempts; wait a few minutes."
TAKEN = "This account of the provider belongs to somebody here already."
OFF = "This node has no sign-in provider."


@get("/signin/oidc", opt={"permission": PUBLIC}, include_in_schema=False)
async def begin(
    request: AnyRequest,
    context: In,
    go_on: Annotated[str, Parameter(query="next", max_length=500)] = "/queue",
) -> Response[str] | Redirect:
    """Send the browser to the provider."""
    turn(request, SIGN_INS, context)
    provider = provider_of(request)
    if provider is None:
        return sign_in_page(request, OFF, go_on, status=404)
    now = context.clock()
    attempt = oidc.begin(now, context.random, own_path(go_on), None)
    try:
        to = await provider.address(attempt, oidc.challenge(attempt), back_address(request), now)
    except ProviderAway:
        return sign_in_page(request, AWAY, go_on, status=502)
    kept = oidc.sealed(attempt, context.node.key, context.random)
    return Redirect(to, status_code=303, cookies=[attempt_cookie(request, kept)])


@get("/signin/oidc/back", opt={"permission": PUBLIC}, include_in_schema=False)
async def back(
    request: AnyRequest,
    context: In,
    maybe_who: MaybeWho,
    code: Annotated[str, Parameter(max_length=4000)] = "",
    given: Annotated[str, Parameter(query="state", max_length=500)] = "",
    issuer: Annotated[str | None, Parameter(query="iss", max_length=500)] = None,
    error: Annotated[str, Parameter(max_length=500)] = "",
) -> Response[str] | Redirect:
    """Take the provider's answer: a session, or for who is signed in one more way to sign in."""
    turn(request, SIGN_INS, context)
    provider = provider_of(request)
    if provider is None:
        return sign_in_page(request, OFF, "/queue", status=404)
    try:
        return await _answer(request, context, maybe_who, provider, code, given, issuer, error)
    except ProviderAway:
        problem, status = AWAY, 502
    except TooManyAttempts:
        problem, status = LATE, 429
    except UnknownPerson:
        problem, status = UNKNOWN, 403
    except BadLogin:
        problem, status = CLOSED, 403
    except IdentityTaken:
        problem, status = TAKEN, 409
    except BadToken:
        problem, status = WRONG, 401
    return sign_in_page(
        request, problem, "/queue", status=status, cookies=[attempt_cookie(request, "")]
    )


async def _answer(
    request: AnyRequest, context: Context, viewer: Viewer | None, provider: Provider, code: str,
    state: str, issuer: str | None, error: str,
) -> Redirect:  # fmt: skip
    now = context.clock()
    # Each refusal leaves its row in the audit, so each step has a transaction of its own; the
    # attempt is used up before the provider is asked, whatever comes of it.
    async with transaction(context.pool, now) as tx:
        attempt = oidc.opened(attempt_of(request), context.node.key, state, now)
        await oidc.spend(tx, attempt, now)
    try:
        if error or not code:
            raise BadToken("it refused" if error else "it gave no code")
        if attempt.person is not None and (viewer is None or viewer.person_id != attempt.person):
            raise BadToken("somebody else is signed in now")
        claims = await provider.claims(code, attempt, back_address(request), issuer, now)
    except BadToken as refused:
        async with transaction(context.pool, now):
            raise refused from None
    async with transaction(context.pool, now) as tx:
        if attempt.person is not None and viewer is not None:
            await oidc.connect(tx, viewer, claims, now, context.random)
            return Redirect("/you", status_code=303, cookies=[attempt_cookie(request, "")])
        token, _ = await oidc.sign_in(tx, claims, now, context.random, origin(request))
    return Redirect(
        own_path(attempt.go_on), status_code=303,
        cookies=[attempt_cookie(request, ""), session_cookie(request, token)],
    )  # fmt: skip


HANDLERS = (begin, back)
