"""Alerts: resolvers, feeds and lists that are not as they should be, and why."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.locale import translator
from zvon.store import dns_alert
from zvon.store.dns_alert import Alert
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class AlertOut(Struct, frozen=True, kw_only=True):
    """One alert: what is wrong in the caller's language, what to do, and the evidence."""

    id: UUID
    cause: str
    text: str
    todo: str
    subscriber: str | None
    brand: str | None
    block: UUID | None
    block_number: str | None
    name: str | None
    zone: str | None
    detail: dict[str, Any]
    opened_at: datetime
    closed_at: datetime | None


class Alerts(Struct, frozen=True):
    """Alerts, newest first."""

    alerts: list[AlertOut]


def alert_out(alert: Alert, lang: str) -> AlertOut:
    """What the API shows of an alert."""
    said = translator(lang)
    return AlertOut(
        id=alert.uuid, cause=alert.cause.value, text=said.text(alert.cause.words),
        todo=said.text(alert.cause.words + "_DO"), subscriber=alert.subscriber, brand=alert.brand,
        block=alert.block, block_number=alert.block_number, name=alert.name, zone=alert.zone,
        detail=alert.detail, opened_at=alert.opened_at, closed_at=alert.closed_at,
    )  # fmt: skip


@get("/alerts", opt={"permission": Permission.SUBSCRIBER_READ}, responses=problems(*SIGNED))
async def list_alerts(
    context: In,
    who: Who,
    closed: bool = False,
    limit: Annotated[int, Parameter(ge=1, le=500)] = 200,
) -> Alerts:
    """Open alerts; with `closed` also those that are over."""
    async with read(context.pool, who) as db:
        rows = await dns_alert.page(db, who, closed=closed, limit=limit)
    return Alerts([alert_out(row, who.lang) for row in rows])


router = Router("/", route_handlers=[list_alerts], tags=["alerts"])
