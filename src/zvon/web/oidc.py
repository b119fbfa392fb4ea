"""The node's OpenID provider as its application knows it, and the cookie of a sign-in that was begun."""

import logging

from litestar.datastructures import Cookie

from zvon.access.oidc import ATTEMPT
from zvon.access.oidc_provider import BadProvider, Provider
from zvon.jobs import Context
from zvon.web.api.inject import AnyRequest

log = logging.getLogger("zvon.web")

COOKIE = "zvon_oidc"
SECURE_COOKIE = "__Host-zvon_oidc"
BACK = "/signin/oidc/back"


def provider_of(request: AnyRequest) -> Provider | None:
    """The provider of the settings, `None` without one; its keys are kept between requests."""
    context: Context = request.app.state.context
    if not context.settings.oidc_issuer:
        return None
    found: Provider | None = getattr(request.app.state, "oidc", None)
    if found is None:
        try:
            found = request.app.state.oidc = Provider(context.settings)
        except BadProvider as problem:
            log.warning("sign-in with OpenID is off: %s", problem)
            return None
    return found


def back_address(request: AnyRequest) -> str:
    """Where the provider sends the browser back to; it has to know this address."""
    context: Context = request.app.state.context
    return context.settings.console_url.rstrip("/") + BACK


def attempt_cookie(request: AnyRequest, value: str) -> Cookie:
    """The attempt, for the browser that began it; empty ends it."""
    secure = _secure(request)
    return Cookie(
        key=SECURE_COOKIE if secure else COOKIE, value=value, path="/", httponly=True,
        secure=secure, samesite="lax", max_age=int(ATTEMPT.total_seconds()) if value else 0,
    )  # fmt: skip


def attempt_of(request: AnyRequest) -> str:
    """What the browser kept of its attempt; empty without one."""
    return request.cookies.get(SECURE_COOKIE if _secure(request) else COOKIE, "")


def _secure(request: AnyRequest) -> bool:
    context: Context = request.app.state.context
    return (context.settings.public_url or str(request.url)).startswith("https:")
