"""Alarms: resolvers, feeds and lists that are not as they should be, and why."""

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


class AlarmOut(Struct, frozen=True, kw_only=True):
    """One alarm: what is wrong in the caller's language, what to do, and the evidence."""

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


class Alarms(Struct, frozen=True):
    """Alarms, newest first."""

    alarms: list[AlarmOut]


def alarm_out(alarm: Alert, lang: str) -> AlarmOut:
    """What the API shows of an alarm."""
    said = translator(lang)
    return AlarmOut(
        id=alarm.uuid, cause=alarm.cause.value, text=said.text(alarm.cause.words),
        todo=said.text(alarm.cause.words + "_DO"), subscriber=alarm.subscriber, brand=alarm.brand,
        block=alarm.block, block_number=alarm.block_number, name=alarm.name, zone=alarm.zone,
        detail=alarm.detail, opened_at=alarm.opened_at, closed_at=alarm.closed_at,
    )  # fmt: skip


@get("/alarms", opt={"permission": Permission.SUBSCRIBER_READ}, responses=problems(*SIGNED))
async def list_alarms(
    context: In,
    who: Who,
    closed: bool = False,
    limit: Annotated[int, Parameter(ge=1, le=500)] = 200,
) -> Alarms:
    """Open alarms; with `closed` also those that are over."""
    async with read(context.pool, who) as db:
        rows = await dns_alert.page(db, who, closed=closed, limit=limit)
    return Alarms([alarm_out(row, who.lang) for row in rows])


router = Router("/", route_handlers=[list_alarms], tags=["alarms"])
