"""The pages for people: one file a screen; `PAGES` lists their handlers."""

from litestar.handlers import BaseRouteHandler

from zvon.web.pages import assets, report, signin

PAGES: tuple[BaseRouteHandler, ...] = (*assets.HANDLERS, *report.HANDLERS, *signin.HANDLERS)
