"""Who is at the door: sessions and keys become a `Viewer`, and every route names its permission."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec.structs import replace

from zvon.access import key as keys
from zvon.access import session as sessions
from zvon.access.permission import Permission, StepUpNeeded, denied_text
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.store import role
from zvon.store.transaction import AuditEntry, transaction
from zvon.web.problem import BadCsrf, SignInNeeded

COOKIE = "zvon_session"
SECURE_COOKIE = "__Host-zvon_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LISTS = "/api/v1/feeds/"
PUBLIC = "public"
SIGNED_IN = "signed in"
"""For what everybody may do for themselves once signed in: sign out, language, theme."""


class NotPermitted(Refused):
    """The caller lacks a permission; says which, and which roles have it."""

    def __init__(self, wanted: Permission, roles: Sequence[str], entry: AuditEntry) -> None:
        super().__init__(denied_text(wanted, roles), entry)
        self.errors = [{"rule": "permission", "name": wanted.value, "roles": ", ".join(roles)}]


class NoPermissionNamed(RuntimeError):
    """A route was registered without saying who may use it; the application does not start."""


class Doorkeeper:
    """Middleware: looks the caller up and leaves the `Viewer`, or nobody, in the scope."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate an HTTP request; a wrong key or session is nobody."""
        if scope["type"] == ScopeType.HTTP:
            who, how = await self._who(scope)
            if who is not None and who.withheld and scope["method"] not in SAFE:
                who = replace(who, permissions=who.permissions - who.withheld)
            scope["user"], scope["auth"] = who, how
        await self.app(scope, receive, send)

    async def _who(self, scope: Scope) -> tuple[Viewer | None, str | None]:
        headers = dict(scope["headers"])
        bearer = _bearer(headers.get(b"authorization", b""))
        token = session_token(headers.get(b"cookie", b""))
        in_url = _key_in_url(scope) if bearer is None else None
        if bearer is None and token is None and in_url is None:
            return None, None
        context: Context = scope["litestar_app"].state.context
        now = context.clock()
        async with context.pool.connection() as db:
            if bearer is not None:
                return await keys.viewer(db, bearer, now), "key"
            if in_url is not None:
                return _only_lists(await keys.viewer(db, in_url, now)), "key"
            assert token is not None
            return await sessions.viewer(db, token, now), "session"


def _bearer(value: bytes) -> str | None:
    """The key in an `Authorization` header: `Bearer`, or the password of `Basic` (RFC 7617)."""
    word, _, rest = value.decode("latin-1").partition(" ")
    rest = rest.strip()
    if word.lower() == "basic":
        try:
            rest = base64.b64decode(rest, validate=True).decode("latin-1").partition(":")[2]
        except binascii.Error:
            return None
        return rest or None
    return rest if word.lower() == "bearer" and rest else None


def _key_in_url(scope: Scope) -> str | None:
    """The key in `?token=` of a list, for appliances that cannot send a header."""
    if not scope["path"].startswith(LISTS):
        return None
    found = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token")
    return found[0] if found else None


def _only_lists(viewer: Viewer | None) -> Viewer | None:
    """Addresses end up in logs and histories, so a key that can do more opens nothing there."""
    if viewer is None or viewer.permissions - {Permission.EXPORT_READ}:
        return None
    return viewer


def session_token(cookie: bytes) -> str | None:
    """The session's token in a `Cookie` header, if there is one."""
    try:
        jar = SimpleCookie(cookie.decode("latin-1"))
    except CookieError:
        return None
    for name in (SECURE_COOKIE, COOKIE):
        if name in jar and jar[name].value:
            return jar[name].value
    return None


async def permitted(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """The guard of every route: signed in, sent by our own page, and allowed.

    Raises `SignInNeeded`, `BadCsrf` or `Denied`; a refusal is written to the audit.
    """
    # Only the schema and automatic OPTIONS answers name none; `check_routes` saw to the rest.
    wanted = handler.opt.get("permission", PUBLIC)
    viewer: Viewer | None = connection.scope.get("user")
    if wanted == PUBLIC:
        return
    if viewer is None:
        raise SignInNeeded
    if connection.scope.get("auth") == "session" and connection.scope.get("method") not in SAFE:
        check_origin(connection)
        if connection.headers.get("x-csrf-token", "") != viewer.csrf or not viewer.csrf:
            raise BadCsrf
    if wanted != SIGNED_IN and not viewer.may(Permission(wanted)):
        await _refuse(connection, viewer, Permission(wanted))


def check_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Raise `BadCsrf` when a browser says that the request comes from another site."""
    site = connection.headers.get("sec-fetch-site", "same-origin")
    origin = connection.headers.get("origin")
    host = connection.headers.get("host", "")
    if site not in {"same-origin", "none"} or (
        origin not in {None, "null"} and (origin or "").partition("://")[2] != host
    ):
        raise BadCsrf


async def _refuse(
    connection: ASGIConnection[Any, Any, Any, Any], viewer: Viewer, wanted: Permission
) -> None:
    context: Context = connection.app.state.context
    entry = AuditEntry(
        actor=viewer.login,
        action=wanted.value,
        object=connection.scope["path"][:200],
        outcome="refused",
        rule="permission",
    )
    async with transaction(context.pool, context.clock()) as tx:
        if wanted in viewer.withheld:
            raise StepUpNeeded(wanted, replace(entry, rule="step_up"))
        roles = await role.that_may(tx.db, wanted)
        raise NotPermitted(wanted, roles, entry)


def check_routes(handlers: Iterable[BaseRouteHandler]) -> None:
    """Raise `NoPermissionNamed` for a route that names none, so that none is forgotten."""
    for handler in handlers:
        if handler.handler_name == "options_handler" or "openapi" in handler.fn.__module__:
            continue
        wanted = handler.opt.get("permission")
        if wanted not in {PUBLIC, SIGNED_IN} and wanted not in set(Permission):
            raise NoPermissionNamed(f"{handler}: {sorted(handler.paths)}")
