"""The job `collect.enrich`: what RDAP and DNS say of the sender's names, within four seconds.

Facts that are still fresh are taken from the store, look-ups under way are shared. What does not
answer in time is missing, which is not the same as harmless; it is asked for again later.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from zvon.collect import dns, rdap
from zvon.collect.flight import Flights
from zvon.config import Settings
from zvon.jobs import Context, Together, enqueue_all
from zvon.model.brand import official
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.link import led, links, sender_domain
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Message
from zvon.model.suffix import is_private, registered
from zvon.store import accusation, answer, evidence
from zvon.store.ingest import NEAR, Sighted, occurrences_of
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

BUDGET_S = 4.0
MOST_NAMES = 12
RDAP_KEPT = timedelta(hours=24)
DNS_KEPT = timedelta(minutes=5)
ACCUSED_KEPT = timedelta(hours=1)
AGAIN_AFTER = timedelta(seconds=30)
MOST_ATTEMPTS = 3

_flights = Flights()


class Fetched(Struct, frozen=True):
    """Facts about one name or several; `late` when some did not come in time."""

    rows: tuple[Evidence, ...]
    late: bool


class Subject(Struct, frozen=True, order=True):
    """A host of the sender, and the domain that was registered for it."""

    host: str
    registered: str
    platform: bool


def subjects(message: Message, finals: Sequence[str] = ()) -> tuple[Subject, ...]:
    """The names to ask about: targets first, then the sender's mail domain; none official.

    `finals` are addresses that the targets were seen to lead to.
    """
    hosts = [link.host for link in links(message) if link.host]
    hosts += [each.host for link in links(message) for each in led(link, finals) if each.host]
    sender = sender_domain(message)
    found: dict[str, Subject] = {}
    for host in (*hosts, *([sender] if sender else [])):
        domain = registered(host)
        if domain is not None and official(host) is None:
            found.setdefault(host, Subject(host, domain, is_private(host)))
    return tuple(found.values())[:MOST_NAMES]


class Known(Struct, frozen=True):
    """What the store says of a report before we ask: its names, fresh facts, its own facts."""

    names: tuple[Subject, ...]
    fresh: tuple[Evidence, ...]
    accused: tuple[Evidence, ...]
    mine: frozenset[tuple[Observable, EvidenceCode]]


class Brought(Struct, frozen=True):
    """What an attempt brought for a report."""

    record_id: int
    attempt: int
    found: tuple[Evidence, ...]
    late: bool


async def enrich(context: Context, payload: dict[str, Any]) -> None:
    """Fetch evidence for one report and hand it on to `assess.report`.

    `attempt` counts from 0. A later attempt asks only for what is missing, and the report is
    assessed again when it brought something. Reports that wait at the same time share the
    transactions before and after the look-ups.
    """
    record_id, attempt = int(payload["record_id"]), int(payload.get("attempt", 0))
    known = await _look(context, (record_id, attempt))
    if known is None:
        return
    found = await fetch(context.settings, known.names, known.fresh, context.clock)
    rows = tuple(
        row for row in (*known.accused, *found.rows) if (row.observable, row.code) not in known.mine
    )
    await _keep(context, Brought(record_id, attempt, rows, found.late))


async def _known(context: Context, wanted: Sequence[tuple[int, int]]) -> list[Known | None]:
    async with read(context.pool, SYSTEM) as db:
        pairs = {(record_id, attempt > 0) for record_id, attempt in wanted}
        reports = await answer.all_waiting(db, pairs)
        mine = await evidence.of_records(db, list(reports))
        names = {
            each: subjects(report.message, [row.value for row in mine[each]
                                            if row.code is EvidenceCode.FINAL])
            for each, report in reports.items()
        }  # fmt: skip
        about = {value for each in names.values() for value in _observables(each)}
        fresh = await evidence.fresh(db, sorted(about), context.clock())
        told = {each: _named(names[each], report.message) for each, report in reports.items()}
        accused = await accusation.sources_of(
            db, sorted({v for each in told.values() for v in each})
        )
    now = context.clock()
    return [
        Known(
            names[each],
            tuple(row for row in fresh if row.observable in _observables(names[each])),
            tuple(
                _row(value, EvidenceCode.ACCUSED, str(accused[value]), "sources", now, ACCUSED_KEPT)
                for value in told[each]
                if value in accused
            ),
            frozenset((row.observable, row.code) for row in mine[each]),
        )
        if each in reports
        else None
        for each, _ in wanted
    ]


async def _brought(context: Context, batch: Sequence[Brought]) -> list[None]:
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        once = {(each.record_id, each.attempt): each for each in batch}
        seen: dict[int, list[Sighted]] = {}
        for each in once.values():
            values = sorted({row.observable for row in each.found})
            seen.setdefault(each.record_id, []).extend(Sighted(v, NEAR, now) for v in values)
        await occurrences_of(tx, seen)
        await evidence.put_all(
            tx, [(each.record_id, row) for each in once.values() for row in each.found]
        )
        ready = [each for each in once.values() if each.attempt == 0 or each.found]
        await enqueue_all(
            tx,
            "assess.report",
            [{"record_id": each.record_id, "again": each.attempt > 0} for each in ready],
            dedupe=[f"assess.report {each.record_id} {each.attempt}" for each in ready],
        )
        later = [each for each in once.values() if each.late and each.attempt < MOST_ATTEMPTS]
        await enqueue_all(
            tx,
            "collect.enrich",
            [{"record_id": each.record_id, "attempt": each.attempt + 1} for each in later],
            dedupe=[f"collect.enrich {each.record_id} {each.attempt + 1}" for each in later],
            after=AGAIN_AFTER,
        )
    return [None] * len(batch)


_look = Together(_known)
_keep = Together(_brought)


async def fetch(
    settings: Settings, names: Sequence[Subject], known: Iterable[Evidence], clock: Any
) -> Fetched:
    """Facts about `names`: those of `known` that apply, and the rest from the network.

    Everything is asked at once and has `BUDGET_S` seconds.
    """
    rows = {(row.observable, row.code): row for row in known}
    asking: list[Awaitable[Fetched]] = []
    rdap_url = settings.rdap_url
    for domain in dict.fromkeys(n.registered for n in names if not n.platform):
        about = Observable(ObservableType.REGISTERED, domain)
        if rdap_url and (about, EvidenceCode.REGISTERED) not in rows:
            start = partial(_rdap, rdap_url, about, clock)
            asking.append(_flights.share(("rdap", rdap_url, domain), start))
    for name in names:
        if (Observable(ObservableType.DOMAIN, name.host), EvidenceCode.ADDRESSES) not in rows:
            start = partial(_dns, settings.resolver, name, clock)
            asking.append(_flights.share(("dns", settings.resolver, name), start))
    answers = await asyncio.gather(*asking)
    for row in (row for each in answers for row in each.rows):
        rows.setdefault((row.observable, row.code), row)
    return Fetched(tuple(rows[key] for key in sorted(rows)), any(each.late for each in answers))


async def _rdap(rdap_url: str, about: Observable, clock: Any) -> Fetched:
    try:
        async with asyncio.timeout(BUDGET_S), rdap.client(BUDGET_S) as http:
            found = await rdap.registration(http, rdap_url, about.value)
    except (rdap.Silent, TimeoutError):
        return Fetched((), late=True)
    except rdap.NoAnswer:
        return Fetched((), late=False)
    rows = []
    if found.registered_at:
        rows.append((EvidenceCode.REGISTERED, found.registered_at.isoformat()))
    if found.registrar:
        rows.append((EvidenceCode.REGISTRAR, found.registrar))
    if found.abuse:
        rows.append((EvidenceCode.ABUSE, found.abuse))
    now = clock()
    return Fetched(
        tuple(_row(about, code, value, "rdap", now, RDAP_KEPT) for code, value in rows), late=False
    )


async def _dns(resolver: str | None, name: Subject, clock: Any) -> Fetched:
    try:
        async with asyncio.timeout(BUDGET_S):
            facts = await dns.ask(dns.resolver(resolver, BUDGET_S), name.host, name.registered)
    except TimeoutError:
        facts = dns.Facts()
    host = Observable(ObservableType.DOMAIN, name.host)
    domain = Observable(ObservableType.REGISTERED, name.registered)
    now, rows = clock(), []
    if facts.absent:
        rows.append(_row(host, EvidenceCode.ABSENT, "NXDOMAIN", "dns", now, DNS_KEPT))
    elif facts.addresses is not None:
        rows.append(_row(host, EvidenceCode.ADDRESSES, " ".join(facts.addresses), "dns", now,
                         DNS_KEPT, ttl=facts.ttl or 0))  # fmt: skip
    for code, values in ((EvidenceCode.NAME_SERVERS, facts.name_servers),
                         (EvidenceCode.MAIL_SERVERS, facts.mail_servers)):  # fmt: skip
        if values is not None:
            rows.append(_row(domain, code, " ".join(values), "dns", now, DNS_KEPT))
    return Fetched(tuple(rows), late=facts.addresses is None)


def _row(
    about: Observable,
    code: EvidenceCode,
    value: str,
    source: str,
    now: datetime,
    kept: timedelta,
    **params: str | int,
) -> Evidence:
    return Evidence(observable=about, code=code, value=value, source=source, seen_at=now,
                    expires_at=now + kept, params=params)  # fmt: skip


def _named(names: Sequence[Subject], message: Message) -> list[Observable]:
    """What a source could have accused: the addresses, their hosts, and names registered alone."""
    return [
        *(Observable(ObservableType.URL, link.url) for link in links(message)),
        *(Observable(ObservableType.DOMAIN, each.host) for each in names),
        *(
            Observable(ObservableType.DOMAIN, each.registered)
            for each in names
            if not each.platform
        ),
    ]


def _observables(names: Sequence[Subject]) -> list[Observable]:
    return [
        *(Observable(ObservableType.DOMAIN, name.host) for name in names),
        *(Observable(ObservableType.REGISTERED, name.registered) for name in names),
    ]
