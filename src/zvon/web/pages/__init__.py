"""The pages for people: one file a screen; `PAGES` lists their handlers."""

from litestar.handlers import BaseRouteHandler

from zvon.web.pages import (
    appeal,
    appeals,
    assets,
    blocks,
    brands,
    campaigns,
    check,
    explain,
    feeds,
    govern,
    incident,
    learning,
    queue,
    report,
    sharing,
    signin,
    subscriber,
    transparency,
    watch,
    workbench,
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
    *workbench.HANDLERS,
    *watch.HANDLERS,
    *brands.HANDLERS,
    *campaigns.HANDLERS,
    *learning.HANDLERS,
    *blocks.HANDLERS,
    *appeals.HANDLERS,
    *explain.HANDLERS,
    *feeds.HANDLERS,
    *sharing.HANDLERS,
    *govern.HANDLERS,
    *subscriber.HANDLERS,
)
