"""The pages for people: one file a screen; `PAGES` lists their handlers."""

from litestar.handlers import BaseRouteHandler

from zvon.web.pages import (
    appeal,
    appeals,
    assets,
    blocks,
    check,
    explain,
    feeds,
    govern,
    incident,
    queue,
    report,
    sharing,
    signin,
    subscriber,
    transparency,
)

PAGES: tuple[BaseRouteHandler, ...] = (
    *assets.HANDLERS,
    *report.HANDLERS,
    *check.HANDLERS,
    *appeal.HANDLERS,
    *transparency.HANDLERS,
    *signin.HANDLERS,
    *queue.HANDLERS,
    *incident.HANDLERS,
    *blocks.HANDLERS,
    *appeals.HANDLERS,
    *explain.HANDLERS,
    *feeds.HANDLERS,
    *sharing.HANDLERS,
    *govern.HANDLERS,
    *subscriber.HANDLERS,
)
