"""The two applications of a node: console with API, and the partners' door."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, MediaType, Router
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler

from zvon import __version__
from zvon.jobs import Context
from zvon.share.door import router as peer_door
from zvon.web.api import ROUTERS, webhooks
from zvon.web.api.inject import DEPENDENCIES
from zvon.web.api.live import Bell
from zvon.web.doorkeeper import Doorkeeper, check_routes, permitted
from zvon.web.pages import PAGES
from zvon.web.pages.error import answer_problem
from zvon.web.security import Sanity, secure

MAX_BODY = 1024 * 1024
DESCRIPTION = (
    "Report, validate, block in DNS and share a threat across borders. Send an API key as "
    "`Authorization: Bearer zvon_…`; a browser session also sends `X-CSRF-Token`."
)


def create_app(context: Context) -> Litestar:
    """The console, the public pages and the API. Fails when a route names no permission."""
    bell = Bell()

    @asynccontextmanager
    async def listening(app: Litestar) -> AsyncGenerator[None]:
        bell.start(context)
        try:
            yield
        finally:
            await bell.stop()

    async def the_bell() -> Bell:
        return bell

    api = Router("/api/v1", route_handlers=list(ROUTERS))
    app = _litestar(
        context,
        [api, webhooks.router, *PAGES],
        guards=[permitted],
        before_send=[secure],
        middleware=[DefineMiddleware(Sanity), DefineMiddleware(Doorkeeper)],
        dependencies={**DEPENDENCIES, "bell": Provide(the_bell)},
        lifespan=[listening],
        openapi_config=OpenAPIConfig(
            title="zvon",
            version=__version__,
            description=DESCRIPTION,
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/schema", media_type=MediaType.JSON)],
            components=Components(
                security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}
            ),
            security=[{"key": []}],
        ),
    )
    check_routes(handler for route in app.routes for handler in _handlers(route))
    return app


def create_peer_app(context: Context) -> Litestar:
    """What partners reach; requests are signed, so there are no sessions and no keys."""
    return _litestar(context, [peer_door(context)], middleware=[DefineMiddleware(Sanity)])


def _litestar(
    context: Context, handlers: Sequence[ControllerRouterHandler], **options: Any
) -> Litestar:
    options.setdefault("openapi_config", None)
    app = Litestar(
        list(handlers),
        exception_handlers={Exception: answer_problem},
        request_max_body_size=MAX_BODY,
        debug=False,
        **options,
    )
    app.state.context = context
    return app


def _handlers(route: Any) -> list[Any]:
    found = getattr(route, "route_handlers", None)
    return list(found) if found is not None else [route.route_handler]
