"""The jobs `collect.watch` and `collect.escalate`: looking at watched names, and reporting them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from zvon.access.viewer import Viewer
from zvon.collect.enrich import Subject, fetch
from zvon.collect.fetch.client import Client, Fetched
from zvon.collect.fetch.guard import guard_of
from zvon.collect.fetch.lane import Lanes
from zvon.collect.submit import submit
from zvon.config import Settings
from zvon.formats.page.facts import read as read_page
from zvon.jobs import Context, enqueue
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Outcome
from zvon.model.report import Channel, Door, Lang, ReportIn
from zvon.model.suffix import is_private
from zvon.store import evidence, observable, watch, watch_look
from zvon.store.observable import code_of, digest
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import SYSTEM, read
from zvon.store.watch import Item

AT_ONCE = 20
HELD = timedelta(minutes=10)  # after that somebody else looks, because this worker is gone
MAX_TITLE = 300
MAX_TEXT = 2_000
_KEYS = {
    EvidenceCode.NAME_SERVERS: "name_servers", EvidenceCode.MAIL_SERVERS: "mail",
    EvidenceCode.ADDRESSES: "addresses",
}  # fmt: skip

_lanes = Lanes()


class Look(Struct, frozen=True):
    """What a look at an item found, and which of it is evidence about the name."""

    item: Item
    seen: dict[str, Any]
    rows: tuple[Evidence, ...]


async def look(context: Context, _payload: dict[str, Any]) -> None:
    """Look at the names whose time has come, and hand them on to `assess.watch`."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        items = await watch_look.due(tx.db, now, AT_ONCE)
        await watch_look.postpone(tx, [item.id for item in items], now + HELD)
    if not items:
        return
    about = sorted({value for item in items for value in _about(item)})
    async with read(context.pool, SYSTEM) as db:
        fresh = await evidence.fresh(db, about, now)
    settings = context.settings
    async with Client(guard_of(settings), lanes=_lanes, country=settings.country) as client:
        looks = await look_at(context, client, items, fresh)
    await _keep(context, looks, fresh)


async def look_at(
    context: Context, client: Client, items: Sequence[Item], fresh: Sequence[Evidence]
) -> list[Look]:
    """DNS and registration of all of them, then the page of those that resolve."""
    names = [Subject(i.name, i.registered, is_private(i.name)) for i in items]
    found = await fetch(context.settings, names, fresh, context.clock)
    now = context.clock()
    looks = (_one(context.settings, client, item, found.rows, now) for item in items)
    return list(await asyncio.gather(*looks))


async def _one(
    settings: Settings, client: Client, item: Item, rows: Sequence[Evidence], now: datetime
) -> Look:
    mine = tuple(row for row in rows if row.observable in _about(item))
    seen = facts(mine) | {"at": now.isoformat()}
    if settings.fetch and seen.get("addresses"):
        fetched = await client.get(f"https://{item.name}/")
        if fetched.outcome is Outcome.UNREACHABLE:
            fetched = await client.get(f"http://{item.name}/")
        elif fetched.certificate is not None:
            seen["certificate"] = item.seen.get("certificate") or now.isoformat()
        page = await asyncio.to_thread(_page, fetched)
        if page is not None:
            seen["page"] = page
    return Look(item, seen, mine)


def facts(rows: Sequence[Evidence]) -> dict[str, Any]:
    """Evidence about a name and its domain, in the words of `watch.seen`.

    What nobody answered is left out, so that what an earlier look saw stays.
    """
    seen: dict[str, Any] = {}
    for row in rows:
        if row.code in _KEYS:
            seen[_KEYS[row.code]] = row.value.split()
        elif row.code is EvidenceCode.ABSENT:
            seen |= {"addresses": [], "page": None}
        elif row.code is EvidenceCode.REGISTERED:
            seen["registered"] = row.value
        elif row.code is EvidenceCode.REGISTRAR:
            seen["registrar"] = row.value
    return seen


def _page(fetched: Fetched) -> dict[str, Any] | None:
    """What the page is; `None` when our own guard refused it, which says nothing about it."""
    if fetched.outcome is Outcome.REFUSED:
        return None
    if fetched.outcome is Outcome.UNREACHABLE:
        return {"outcome": "unreachable"}
    found = read_page(fetched.body, fetched.url, charset=fetched.charset)
    return {
        "outcome": "seen",
        "status": fetched.status,
        "host": urlsplit(fetched.url).hostname or "",
        "title": _clean(found.title[:MAX_TITLE]),
        "text": _clean(found.text[:MAX_TEXT]),
        "asks": sorted({ask.value for form in found.forms for ask in form.asks}),
        "parked": found.parked,
        "skeleton": found.skeleton,
    }


def _clean(text: str) -> str:
    """What the database can keep: no control characters, no halves of characters."""
    return "".join(c if c.isprintable() else " " for c in text)


async def _keep(context: Context, looks: Sequence[Look], known: Sequence[Evidence]) -> None:
    now = context.clock()
    # Two items may lie under one domain; a fact about it is kept once.
    once = {(row.observable, row.code): row for each in looks for row in each.rows}
    rows = [row for row in once.values() if row not in known]
    async with transaction(context.pool, now) as tx:
        values = sorted({row.observable for row in rows})
        await observable.known_ids(
            tx, [(digest(code_of(v), v.value.encode()), code_of(v), v.value) for v in values]
        )
        await evidence.put(tx, None, rows)
        await watch_look.saw(tx, [(each.item.id, each.seen) for each in looks])
        await enqueue(tx, "assess.watch", {"ids": [each.item.id for each in looks]})


def _about(item: Item) -> tuple[Observable, Observable]:
    return (
        Observable(ObservableType.DOMAIN, item.name),
        Observable(ObservableType.REGISTERED, item.registered),
    )


async def escalate_now(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Item:
    """A person wants an item judged. Raises what `store.watch.escalate` refuses."""
    item = await watch.escalate(tx, viewer, uuid, reason, now)
    await enqueue(tx, "collect.escalate", {"uuids": [str(uuid)]})
    return item


async def escalate(context: Context, payload: dict[str, Any]) -> None:
    """Make a report of each escalated item; done twice, it is still one report."""
    async with read(context.pool, SYSTEM) as db:
        items = await watch_look.unreported(db, [UUID(str(each)) for each in payload["uuids"]])
    for item in items:
        now = context.clock()
        report = ReportIn(
            body=f"https://{item.name}/\n".encode(),
            media_type="text/plain; charset=utf-8",
            channel=Channel.WATCH,
            door=Door.WATCH,
            lang=Lang(context.settings.lang),
            received_at=now,
        )
        receipt = await submit(context.pool, report, now=now, random=context.random,
                               key=f"watch {item.uuid}")  # fmt: skip
        async with transaction(context.pool, now) as tx:
            await watch_look.reported(tx, item.uuid, receipt.uuid)
