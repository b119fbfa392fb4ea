"""The pages for people: one file a screen; `PAGES` lists their handlers."""

from litestar.handlers import BaseRouteHandler

from zvon.web.pages import assets, blocks, explain, govern, incident, queue, report, sharing, signin

PAGES: tuple[BaseRouteHandler, ...] = (
    *assets.HANDLERS,
    *report.HANDLERS,
    *signin.HANDLERS,
    *queue.HANDLERS,
    *incident.HANDLERS,
    *blocks.HANDLERS,
    *explain.HANDLERS,
    *sharing.HANDLERS,
    *govern.HANDLERS,
)
