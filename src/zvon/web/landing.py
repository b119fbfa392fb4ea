"""The page that a visitor of a blocked name sees, under whatever name the browser came with.

An application of its own on a listener of its own: no session, no cookie, no script, no second
request, and no row about the visitor. Every path and method is answered with status 451
(RFC 7725). Nothing of the request is repeated: what the page says of a name comes from the
published block, and a name without one gets the same neutral page as no name at all.
"""

import asyncio
import base64
import hashlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from markupsafe import Markup
from psycopg import Error
from psycopg_pool import PoolTimeout

from zvon.config import Settings
from zvon.locale import LANGS, best, translator
from zvon.model import name as names
from zvon.store import landing_hour
from zvon.store.public_block import PublicBlock
from zvon.store.transaction import Pool, transaction
from zvon.web.landing_help import read_help
from zvon.web.landing_names import Names, host_name
from zvon.web.pages import public_words as words
from zvon.web.pages.page import environment

RESERVED = "/.zvon/"
FLUSH_S = 60.0
FLUSH_PATIENCE_S = 2.0
MOST_COUNTED = 50_000
PAGES_KEPT = 4_000
# A picture, script or style of a blocked name: there is nobody to read a page.
PAGE_LIKE = frozenset({b"document", b"iframe", b"frame", b"object", b"embed", b"empty"})


class Landing:
    """The application. `seconds` never goes back; `clock` is aware time in UTC."""

    def __init__(
        self, pool: Pool, settings: Settings, *, clock: Callable[[], datetime],
        seconds: Callable[[], float],
    ) -> None:  # fmt: skip
        self._pool = pool
        self._settings = settings
        self._clock = clock
        self._names = Names(pool, seconds)
        self._banks = read_help(settings.landing_help)
        self._counted: Counter[tuple[datetime, str]] = Counter()
        self._css = (files("zvon.web") / "static/landing.css").read_text("utf-8")
        digest = base64.b64encode(hashlib.sha256(self._css.encode()).digest()).decode()
        console = settings.console_url
        self._headers = [
            (b"content-security-policy",
             f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none';"
             " form-action 'none'; frame-ancestors 'none'".encode()),
            (b"link", f'<{console}>; rel="blocked-by"'.encode()),  # RFC 7725, section 4
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
            (b"x-robots-tag", b"noindex"),
        ]  # fmt: skip
        self._page = lru_cache(maxsize=PAGES_KEPT)(self._render)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; the body of a request is never read."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        asked = [value for key, value in scope["headers"] if key == b"host"]
        name = host_name(asked[0]) if len(asked) == 1 else None
        block = await self._names.find(name) if name is not None else None
        headers = dict(scope["headers"])
        wants = headers.get(b"sec-fetch-dest", b"document")
        body, extra = b"", []
        if wants in PAGE_LIKE:
            lang = self._language(scope["path"], headers.get(b"accept-language", b""))
            body = self._page(lang, block)
            extra = [
                (b"content-type", b"text/html; charset=utf-8"),
                (b"content-language", lang.encode()),
                (b"vary", b"accept-language"),
            ]
            self._count(block)
        length = (b"content-length", str(len(body)).encode())
        await send({
            "type": "http.response.start",
            "status": HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS.value,
            "headers": [*self._headers, *extra, length],
        })  # fmt: skip
        shown = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": shown, "more_body": False})

    def _language(self, path: str, accepted: bytes) -> str:
        chosen = path.removeprefix(RESERVED)
        if chosen in LANGS and path.startswith(RESERVED):
            return chosen
        return best(accepted.decode("latin-1"), self._settings.lang)

    def _count(self, block: PublicBlock | None) -> None:
        hour = self._clock().replace(minute=0, second=0, microsecond=0)
        key = (hour, block.number if block is not None else "")
        if key in self._counted or len(self._counted) < MOST_COUNTED:
            self._counted[key] += 1

    def _render(self, lang: str, block: PublicBlock | None) -> bytes:
        speak = translator(lang)
        shown = None if block is None else names.defang(block.name)
        people = None if block is None else names.defang(names.display(block.name))
        page = environment().get_template("landing.html")
        return page.render(
            _=speak.text, speak=speak, lang=lang, langs=LANGS, reserved=RESERVED, block=block,
            shown=shown, people=people if people != shown else None, words=words,
            node=self._settings.name, console=self._settings.console_url, banks=self._banks,
            css=Markup(self._css),  # noqa: S704 -- a file of this package
            others=[(code, translator(code)) for code in LANGS if code != lang],
        ).encode()  # fmt: skip

    async def flush(self) -> None:
        """Write what was counted; with the database away it is counted on."""
        counted, self._counted = self._counted, Counter()
        if not counted:
            return
        try:
            async with (
                asyncio.timeout(FLUSH_PATIENCE_S),
                transaction(self._pool, self._clock()) as tx,
            ):
                await landing_hour.add(tx, counted)
        except (Error, PoolTimeout, OSError):
            old = self._clock() - timedelta(days=1)
            self._counted.update({key: n for key, n in counted.items() if key[0] > old})

    async def keep(self) -> None:
        """Write the counts every minute, and once more when cancelled."""
        try:
            while True:
                await asyncio.sleep(FLUSH_S)
                await self.flush()
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.flush(), 1.0)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
