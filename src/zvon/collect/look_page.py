"""The job `collect.fetch`: looks at the pages that a report leads to, without running them.

A look that another report asked for in the last minutes serves this one too, looks under way are
shared. What a look brings is kept with the page itself, sealed, and handed on to `assess.report`.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from msgspec import structs

from zvon.collect import page_evidence
from zvon.collect.asked import addresses
from zvon.collect.fetch.client import Client
from zvon.collect.fetch.guard import Guard, guard_of
from zvon.collect.fetch.lane import Lanes
from zvon.collect.fetch.page import Seen
from zvon.collect.fetch.twice import look_twice
from zvon.collect.flight import Flights
from zvon.collect.put_off import Places
from zvon.jobs import Context, enqueue
from zvon.model.brand import Registry
from zvon.model.evidence import Evidence
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture, Vantage
from zvon.store import brand, capture, evidence, evidence_file
from zvon.store.ingest import NEAR, Sighted, occurrences
from zvon.store.transaction import AuditEntry, Pool, Tx, transaction
from zvon.store.visibility import SYSTEM, read

STAGE = 3
MOST_JOBS = 20  # of the places of a worker (`jobs.worker.AT_ONCE`)
REUSED_FOR = timedelta(minutes=10)

# A look stays at hand for as long as it may take until it is stored and found there.
AT_HAND = timedelta(seconds=5)
MOST_AT_HAND = 32


Looks = tuple[Seen, ...]
"""The looks at one address, that of a computer first; there is always one."""


class Shared:
    """What the looks of one node share: those under way, those just taken, and turns at hosts."""

    def __init__(self) -> None:
        self.flights = Flights()
        self.places = Places(MOST_JOBS)
        self.lanes = Lanes()
        self._at_hand: dict[tuple[str, bool], Looks] = {}

    def at_hand(self, url: str, now: datetime, *, keep_token: bool) -> Looks | None:
        """The looks at `url` that were taken a moment ago and are perhaps not stored yet."""
        seen = self._at_hand.get((url, keep_token))
        return seen if seen and abs(now - seen[0].capture.at) < AT_HAND else None

    def remember(self, url: str, seen: Looks, *, keep_token: bool) -> None:
        """Keep them at hand in place of older ones."""
        self._at_hand.pop((url, keep_token), None)
        self._at_hand[url, keep_token] = seen
        while len(self._at_hand) > MOST_AT_HAND:
            self._at_hand.pop(next(iter(self._at_hand)))


_shared: WeakKeyDictionary[Pool, Shared] = WeakKeyDictionary()


async def fetch_pages(
    context: Context, payload: dict[str, Any], *, guard: Guard | None = None
) -> None:
    """Look at `urls` for the report `record_id`, then have it assessed again.

    `look` counts from 0; a later look never takes an old one for an answer. `keep_token` leaves the
    victim's token in the address, which `by` asked for and the audit says. `guard` is for tests.
    """
    urls = addresses(payload["urls"])
    if not context.settings.fetch or not urls:
        return
    places = _shared.setdefault(context.pool, Shared()).places
    async with places.one(context, "collect.fetch", payload) as now:
        if now:
            await _look_and_keep(context, payload, urls, guard or guard_of(context.settings))


async def _look_and_keep(
    context: Context, payload: dict[str, Any], urls: list[str], guard: Guard
) -> None:
    record_id, look = int(payload["record_id"]), int(payload.get("look", 0))
    keep_token = bool(payload.get("keep_token", False))
    since = context.clock() - REUSED_FOR
    async with read(context.pool, SYSTEM) as db:
        registry = await brand.current(db)
        known = {} if look or keep_token else await capture.fresh(db, urls, STAGE, since)
        mine = {each.url for each in await capture.of_record(db, record_id)
                if each.stage == STAGE and each.at > since}  # fmt: skip
    reused = [
        tuple(Seen(capture=each) for each in sorted(found, key=_plain_first))
        for url, found in known.items() if url not in mine
    ]  # fmt: skip
    rest = [url for url in urls if url not in known]
    fetched = await _look(context, guard, rest, keep_token, anew=look > 0)
    await _keep(context, payload, [*reused, *fetched], registry)


def _plain_first(look: Capture) -> bool:
    return look.vantage is not Vantage.PLAIN


async def _look(
    context: Context, guard: Guard, urls: Sequence[str], keep_token: bool, *, anew: bool
) -> list[Looks]:
    """Look at all of them at once; each is bounded by itself."""
    settings = context.settings
    shared = _shared.setdefault(context.pool, Shared())

    def client(vantage: Vantage) -> Client:
        return Client(guard, lanes=shared.lanes, vantage=vantage, country=settings.country)

    async def one(url: str) -> Looks:
        seen = None if anew else shared.at_hand(url, context.clock(), keep_token=keep_token)
        if seen is not None:
            return seen
        async with client(Vantage.PLAIN) as plain, client(Vantage.PHONE) as phone:
            seen = await look_twice(plain, phone, url, context.clock(), keep_token=keep_token,
                                    probe=settings.probe_kits)  # fmt: skip
        now = context.clock()
        seen = tuple(structs.replace(each, capture=structs.replace(each.capture, at=now))
                     for each in seen)  # fmt: skip
        shared.remember(url, seen, keep_token=keep_token)
        return seen

    return await asyncio.gather(
        *(shared.flights.share((url, keep_token), partial(one, url)) for url in urls)
    )


async def _keep(
    context: Context, payload: dict[str, Any], addresses: Sequence[Looks], registry: Registry
) -> None:
    record_id, look = int(payload["record_id"]), int(payload.get("look", 0))
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        captures: list[Capture] = []
        rows: list[Evidence] = []
        for looks in addresses:
            kept = [(await _kept(context, tx, seen, now), seen.certificate) for seen in looks]
            captures += [each for each, _ in kept]
            rows += page_evidence.of_looks(kept, registry, kept[0][0].at)
        await capture.put(tx, record_id, captures, context.random)
        about = [Observable(ObservableType.URL, each.url) for each in captures]
        await occurrences(tx, record_id, [Sighted(value, NEAR, now) for value in about])
        await evidence.put(tx, record_id, rows)
        if payload.get("keep_token"):
            tx.audit(AuditEntry(actor=str(payload.get("by", "system")), action="page:look",
                                object=f"record:{record_id}", rule="token_kept"))  # fmt: skip
        await enqueue(tx, "assess.report", {"record_id": record_id, "again": True},
                      dedupe=f"assess.report {record_id} fetch {look}")  # fmt: skip


async def _kept(context: Context, tx: Tx, seen: Seen, now: datetime) -> Capture:
    """The capture with the hash of its page, which is stored."""
    if not seen.html:
        return seen.capture
    sha = await evidence_file.put(
        tx, context.node.key, context.random, kind="html", media_type="text/html",
        body=seen.html, now=now,
    )  # fmt: skip
    return structs.replace(seen.capture, html=sha.hex())
