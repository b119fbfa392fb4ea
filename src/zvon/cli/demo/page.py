"""The demo's page: the same lines and numbers as the terminal, from the same rows, live."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import resources

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, Response, get
from litestar.response import ServerSentEvent

from zvon.cli.demo.node import free_port
from zvon.cli.demo.show import Show
from zvon.locale import translator

GRACE_S = 2.0
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@asynccontextmanager
async def serve_page(show: Show, lang: str) -> AsyncIterator[str]:
    """Serve `/demo` on a free loopback port while the context lasts; yields its address."""
    text = translator(lang).text
    page = _own("page.html").format(
        lang=lang,
        title=text("Two countries, one bell"),
        intro=text("Each line is read back from the nodes and the resolvers as it happens."),
        step=text("Step"),
        seen=text("Seen"),
        time=text("Time"),
        evidence=text("Evidence"),
        waiting=text("Waiting for the first step …"),
    )

    @get("/demo", media_type="text/html")
    async def html() -> Response[str]:
        return Response(page, headers={"Content-Security-Policy": CSP})

    @get("/demo/{name:str}", media_type="text/plain")
    async def asset(name: str) -> Response[str]:
        known = {"page.js": "text/javascript", "page.css": "text/css", "tokens.css": "text/css"}
        if name not in known:
            return Response("not found", status_code=404)
        body = _tokens() if name == "tokens.css" else _own(name)
        return Response(body, media_type=known[name])

    @get("/demo/steps")
    async def steps() -> ServerSentEvent:
        async def events() -> AsyncIterator[str]:
            async for item in show.stream():
                yield json.dumps(item)

        return ServerSentEvent(events())

    app = Litestar([html, asset, steps], openapi_config=None)
    port = free_port()
    server = Server(
        app, "127.0.0.1", port, interface=Interfaces.ASGI, websockets=False, log_enabled=False
    )
    serving = asyncio.create_task(server.serve())
    try:
        yield f"http://127.0.0.1:{port}/demo"
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(server.shutdown(), GRACE_S)  # type: ignore[no-untyped-call]
        serving.cancel()


def _own(name: str) -> str:
    return (resources.files("zvon.cli.demo") / name).read_text(encoding="utf-8")


def _tokens() -> str:
    return (resources.files("zvon.web") / "static" / "tokens.css").read_text(encoding="utf-8")
