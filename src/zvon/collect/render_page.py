"""The job `collect.render`: looks at a page with a browser, as a phone and as a desktop.

One browser at a time in a worker, and one address for each job: what takes long must not hold up
others. What is seen is kept, sealed, and handed on to `assess.report`. Without a browser the stage
says that it is unavailable; the verdict stands without it.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from msgspec import Struct, structs

from zvon.collect import browser_evidence
from zvon.collect.asked import addresses
from zvon.collect.fetch.guard import Guard, guard_of
from zvon.collect.put_off import Places
from zvon.collect.render.look import STAGE, Looker, Taken
from zvon.jobs import Context, enqueue
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture, Outcome, Vantage
from zvon.store import brand, capture, evidence, evidence_file
from zvon.store.ingest import NEAR, Sighted, occurrences
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

PLAIN_STAGE = 3
REUSED_FOR = timedelta(minutes=10)
PLAIN_FOR = timedelta(hours=1)
# One job has the browser, the others of these wait for it; more come back later.
MOST_JOBS = 3


class Turn(Struct, frozen=True):
    """Who has the browser of this process, and who waits for it."""

    places: Places
    lock: asyncio.Lock


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, Turn] = WeakKeyDictionary()


async def render_pages(
    context: Context, payload: dict[str, Any], *, guard: Guard | None = None
) -> None:
    """Look at the first of `urls` for the report `record_id`; the others get a job of their own.

    `look` counts from 0; a later look never takes an old one for an answer. `keep_token` leaves
    the victim's token in the address (`ask_look`). The report is assessed again when something was
    seen, or could not be. `guard` is for tests.
    """
    urls = addresses(payload["urls"])
    if not context.settings.render or not urls:
        return
    turn = _turns.setdefault(asyncio.get_running_loop(), Turn(Places(MOST_JOBS), asyncio.Lock()))
    async with turn.places.one(context, "collect.render", payload) as now:
        if now:
            async with turn.lock:
                await _render(
                    context, {**payload, "urls": urls}, guard or guard_of(context.settings)
                )


async def _render(context: Context, payload: dict[str, Any], guard: Guard) -> None:
    record_id, look, url = (
        int(payload["record_id"]),
        int(payload.get("look", 0)),
        payload["urls"][0],
    )
    now = context.clock()
    async with read(context.pool, SYSTEM) as db:
        registry = await brand.current(db)
        known = [] if look else await _fresh(context, db, url, STAGE, now - REUSED_FOR)
        plain = [each for each in await _fresh(context, db, url, PLAIN_STAGE, now - PLAIN_FOR)
                 if each.vantage is Vantage.PLAIN]  # fmt: skip
        mine = await capture.of_record(db, record_id)
        about = Observable(ObservableType.URL, url)
        rows = await evidence.fresh(db, [about], now) if known else []
    if any(each in mine for each in known):
        taken: tuple[Taken, ...] = ()  # this report has had it already
    elif known:
        logos = browser_evidence.logos(rows)
        taken = tuple(Taken(capture=each, logos=logos) for each in known)
    else:
        looker = Looker(guard, registry=registry, country=context.settings.country,
                        clock=context.clock, program=context.settings.chromium)  # fmt: skip
        taken = await looker.look(url, keep_token=bool(payload.get("keep_token", False)))
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        if taken:
            captures = [await _kept(context, tx, each, now) for each in taken]
            seen = [structs.replace(each, capture=made)
                    for each, made in zip(taken, captures, strict=True)]  # fmt: skip
            found = browser_evidence.of_looks(seen, plain, registry, now)
            await capture.put(tx, record_id, captures, context.random)
            await occurrences(tx, record_id, [Sighted(about, NEAR, now)])
            await evidence.put(tx, record_id, found)
            await enqueue(tx, "assess.report", {"record_id": record_id, "again": True},
                          dedupe=f"assess.report {record_id} render {look} {url}")  # fmt: skip
        if rest := payload["urls"][1:]:
            await enqueue(tx, "collect.render", {**payload, "urls": rest},
                          dedupe=f"collect.render {record_id} {look} {len(rest)}")  # fmt: skip


async def _fresh(context: Context, db: Any, url: str, stage: int, since: datetime) -> list[Capture]:
    found = (await capture.fresh(db, [url], stage, since)).get(url, [])
    return [each for each in found if each.outcome is not Outcome.UNAVAILABLE]


async def _kept(context: Context, tx: Any, taken: Taken, now: datetime) -> Capture:
    """The capture with the hashes of what it left, which is stored."""
    made = taken.capture
    if taken.html is not None:
        sha = await evidence_file.put(
            tx, context.node.key, context.random, kind="html", media_type="text/html",
            body=taken.html, now=now,
        )  # fmt: skip
        made = structs.replace(made, html=sha.hex())
    if taken.screenshot is not None:
        sha = await evidence_file.put(
            tx, context.node.key, context.random, kind="screenshot", media_type="image/png",
            body=taken.screenshot, now=now,
        )  # fmt: skip
        made = structs.replace(made, screenshot=sha.hex())
    return made
