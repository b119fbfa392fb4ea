"""API version 1: one file a noun; `ROUTERS` lists them."""

from zvon.web.api import (
    audit,
    blocks,
    campaigns,
    explain,
    incidents,
    live,
    peers,
    people,
    reports,
    session,
    shares,
    status,
    subscribers,
)

ROUTERS = (
    session.router,
    people.router,
    reports.router,
    incidents.router,
    campaigns.router,
    blocks.router,
    explain.router,
    subscribers.router,
    peers.router,
    shares.router,
    audit.router,
    status.router,
    live.router,
)
