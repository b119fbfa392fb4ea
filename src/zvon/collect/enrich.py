"""The job `collect.enrich`: what RDAP and DNS say of the sender's names, within two seconds.

Facts that are still fresh are taken from the store. What does not answer in time is missing, and
missing is not the same as harmless.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from zvon.collect import dns, rdap
from zvon.config import Settings
from zvon.jobs import Context, enqueue
from zvon.model.brand import official
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.link import links, sender_domain
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Message
from zvon.model.suffix import is_private, registered
from zvon.store import answer, evidence
from zvon.store.ingest import NEAR, Sighted, occurrences
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

BUDGET_S = 1.8
MOST_NAMES = 12
RDAP_KEPT = timedelta(hours=24)
DNS_KEPT = timedelta(minutes=5)


class Subject(Struct, frozen=True, order=True):
    """A host of the sender, and the domain that was registered for it."""

    host: str
    registered: str
    platform: bool


def subjects(message: Message) -> tuple[Subject, ...]:
    """The names to ask about: targets first, then the sender's mail domain; none official."""
    hosts = [link.host for link in links(message) if link.host]
    sender = sender_domain(message)
    found: dict[str, Subject] = {}
    for host in (*hosts, *([sender] if sender else [])):
        domain = registered(host)
        if domain is not None and official(host) is None:
            found.setdefault(host, Subject(host, domain, is_private(host)))
    return tuple(found.values())[:MOST_NAMES]


async def enrich(context: Context, payload: dict[str, Any]) -> None:
    """Fetch evidence for one report and hand it on to `assess.report`."""
    record_id = int(payload["record_id"])
    async with read(context.pool, SYSTEM) as db:
        report = await answer.waiting(db, record_id)
        names = subjects(report.message) if report else ()
        known = await evidence.fresh(db, _observables(names), context.clock())
    if report is None:
        return
    rows = await fetch(context.settings, names, known, context.clock)
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        about = {row.observable for row in rows}
        await occurrences(tx, record_id, [Sighted(each, NEAR, now) for each in sorted(about)])
        await evidence.put(tx, record_id, rows)
        await enqueue(tx, "assess.report", {"record_id": record_id},
                      dedupe=f"assess.report {record_id}")  # fmt: skip


async def fetch(
    settings: Settings, names: Sequence[Subject], known: Iterable[Evidence], clock: Any
) -> list[Evidence]:
    """Facts about `names`: those of `known` that apply, and the rest from the network.

    Everything is asked at once; what has no answer when the time is up is left out.
    """
    rows = list(known)
    have = {(row.observable, row.code) for row in rows}
    domains = [
        Observable(ObservableType.REGISTERED, domain)
        for domain in dict.fromkeys(n.registered for n in names if not n.platform)
        if settings.rdap_url
    ]
    domains = [about for about in domains if (about, EvidenceCode.REGISTERED) not in have]
    hosts = [
        name
        for name in names
        if (Observable(ObservableType.DOMAIN, name.host), EvidenceCode.ADDRESSES) not in have
    ]
    fetched = await _ask(settings, domains, hosts, clock) if domains or hosts else []
    rows += [row for row in fetched if (row.observable, row.code) not in have]
    unique = {(row.observable, row.code): row for row in rows}
    return [unique[key] for key in sorted(unique)]


async def _ask(
    settings: Settings, domains: Sequence[Observable], hosts: Sequence[Subject], clock: Any
) -> list[Evidence]:
    asking = dns.resolver(settings.resolver, BUDGET_S)
    async with rdap.client(BUDGET_S) as http:
        tasks = [
            *(asyncio.create_task(_rdap(http, settings.rdap_url or "", d, clock)) for d in domains),
            *(asyncio.create_task(_dns(asking, host, clock)) for host in hosts),
        ]
        _, late = await asyncio.wait(tasks, timeout=BUDGET_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    return [row for task in tasks if not task.cancelled() for row in task.result()]


async def _rdap(http: Any, rdap_url: str, about: Observable, clock: Any) -> list[Evidence]:
    try:
        found = await rdap.registration(http, rdap_url, about.value)
    except rdap.NoAnswer:
        return []
    rows = []
    if found.registered_at:
        rows.append((EvidenceCode.REGISTERED, found.registered_at.isoformat()))
    if found.registrar:
        rows.append((EvidenceCode.REGISTRAR, found.registrar))
    return [_row(about, code, value, "rdap", clock(), RDAP_KEPT) for code, value in rows]


async def _dns(asking: Any, name: Subject, clock: Any) -> list[Evidence]:
    facts = await dns.ask(asking, name.host, name.registered)
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
    return rows


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


def _observables(names: Sequence[Subject]) -> list[Observable]:
    return [
        *(Observable(ObservableType.DOMAIN, name.host) for name in names),
        *(Observable(ObservableType.REGISTERED, name.registered) for name in names),
    ]
