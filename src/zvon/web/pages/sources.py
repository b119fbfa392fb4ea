"""Where things come from: sources with how they do, deliveries, tables to be confirmed, collectors."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get

from zvon.access.permission import Permission
from zvon.collect import preview
from zvon.model.observable import DERIVED, ObservableType
from zvon.store import (
    collector,
    delivery,
    mapping,
    quarantine,
    source,
    source_day,
    source_quality,
)
from zvon.store.source import Setup
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import quoted, render

WEEK = timedelta(days=7)
SILENT = timedelta(days=1)
LATE_READS = 3  # readings that should have come by now
DELIVERIES, PIECES = 30, 50


def state_of(setup: Setup, now: datetime, asks: bool = False) -> str:
    """How a source does, in one word of the catalogue."""
    if setup.paused:
        return "paused"
    if setup.failures:
        return "fails"
    if asks:
        return "asks"
    if setup.delivered_at is None:
        return "waits"
    patience = SILENT if setup.every_s is None else timedelta(seconds=LATE_READS * setup.every_s)
    heard = max(filter(None, (setup.read_at, setup.delivered_at)))
    return "late" if now - heard > max(patience, timedelta(minutes=5)) else "works"


@get("/sources", opt={"permission": Permission.SOURCE_READ}, include_in_schema=False)
async def sources(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Every source with its state; those that need a person come first."""
    now = context.clock()
    async with read(context.pool, who) as db:
        found = await source.list_all(db, who)
        totals = await source_day.totals(db, (now - WEEK).date())
        asking = await mapping.asking(db)
    rows = [(each, state_of(each, now, each.id in asking)) for each in found]
    order = ("fails", "asks", "late", "waits", "works", "paused")
    rows.sort(key=lambda row: (order.index(row[1]), row[0].name.casefold()))
    return render(request, "sources.html", {"rows": rows, "totals": totals})


@get("/sources/{uuid:uuid}", opt={"permission": Permission.SOURCE_READ}, include_in_schema=False)
async def one(request: AnyRequest, context: In, who: Who, uuid: UUID) -> Response[str]:
    """One source: how it does, what it sent, what could not be read."""
    now = context.clock()
    async with read(context.pool, who) as db:
        found = await source.get(db, who, uuid)
        asks = found.id in await mapping.asking(db)
        values: dict[str, Any] = {
            "s": found,
            "state": state_of(found, now, asks),
            "asks": asks,
            "days": await source_day.days(db, found.id, now),
            "quality": await source_quality.newest(db, found.id),
            "names": {str(each.uuid): each.name for each in await source.list_all(db, who)},
            "deliveries": await delivery.list_all(db, who, source_id=found.id, limit=DELIVERIES),
            "pieces": await quarantine.of_source(db, who, found.id, limit=PIECES)
            if who.may(Permission.QUARANTINE_READ) else [],
            "waiting": await quarantine.count(db, who, found.id)
            if who.may(Permission.QUARANTINE_READ) else 0,
            "quoted": quoted,
        }  # fmt: skip
    return render(request, "source.html", values)


@get(
    "/sources/{uuid:uuid}/mapping",
    opt={"permission": Permission.SOURCE_READ},
    include_in_schema=False,
)
async def table(request: AnyRequest, context: In, who: Who, uuid: UUID) -> Response[str]:
    """How the tables of a source are read: as proposed or as confirmed, to be changed."""
    async with read(context.pool, who) as db:
        found = await source.get(db, who, uuid)
        version = await mapping.wanted(db, who, uuid)
    rows = preview.cells(await preview.sample(context.pool, found), version.body)
    types = sorted(t.value for t in set(ObservableType) - DERIVED)
    plain = msgspec.json.encode(version.body).decode()
    values = {"s": found, "v": version, "rows": rows, "types": types, "plain": plain}
    return render(request, "mapping.html", values)


@get("/deliveries/{uuid:uuid}", opt={"permission": Permission.SOURCE_READ}, include_in_schema=False)
async def came(request: AnyRequest, context: In, who: Who, uuid: UUID) -> Response[str]:
    """One delivery: which decoder read it and why, what became of it, what could not be read."""
    async with read(context.pool, who) as db:
        found = await delivery.get(db, who, uuid)
        pieces = (
            await quarantine.of_delivery(db, who, found.id, limit=PIECES)
            if who.may(Permission.QUARANTINE_READ)
            else []
        )
        try:
            await delivery.readable(db, who, uuid)
            opens = True
        except PermissionError:  # nothing was asked of it, so nothing is in the audit
            opens = False
    values = {"d": found, "pieces": pieces, "quoted": quoted, "opens": opens}
    return render(request, "delivery.html", values)


@get("/collectors", opt={"permission": Permission.SOURCE_READ}, include_in_schema=False)
async def collectors(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Aggregation points: when each was heard, what waits there, what it had to drop."""
    async with read(context.pool, who) as db:
        found = await collector.list_all(db, who)
        ends = {each.id: await collector.ends(db, each) for each in found}
    return render(request, "collectors.html", {"collectors": found, "ends": ends})


HANDLERS = (sources, one, table, came, collectors)
