"""What every answer says to the browser, and what no request may hold."""

from http import HTTPStatus
from urllib.parse import unquote_to_bytes

import msgspec
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from zvon.locale import best, translator
from zvon.web.problem import PROBLEM, plain

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


async def secure(message: Message, scope: Scope) -> None:
    """Adds `HEADERS` to every answer, also where there is no route; pages are not kept by caches."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if not scope["path"].startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")


class Sanity:
    """Middleware: an address that is no text is refused before any view runs (400)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check path and query of a request."""
        if scope["type"] == ScopeType.HTTP and not _sane(scope):
            asked = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
            lang = best(asked)
            said = plain(HTTPStatus.BAD_REQUEST, "the address is not text", translator(lang))
            await send({
                "type": "http.response.start", "status": 400,
                "headers": [
                    (b"content-type", PROBLEM.encode()), (b"content-language", lang.encode()),
                ],
            })  # fmt: skip
            body = msgspec.json.encode(said)
            await send({"type": "http.response.body", "body": body, "more_body": False})
            return
        await self.app(scope, receive, send)


def _sane(scope: Scope) -> bool:
    raw = scope.get("raw_path") or b""
    try:
        text = unquote_to_bytes(raw + b"?" + scope.get("query_string", b"")).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\0" not in text and "\ufffd" not in scope["path"]
