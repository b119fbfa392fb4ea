"""The job `collect.decode`: bytes to a message and its values, or a reason why not."""

import asyncio
from collections.abc import Iterator
from typing import Any

from zvon.formats.decode import decode as read_message
from zvon.formats.limit import Undecodable
from zvon.jobs import Context, enqueue
from zvon.model import suffix, url
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Mention, Message
from zvon.store import quarantine, raw, report
from zvon.store.ingest import NEAR, REPORTER, SAID, SHOWN, Sighted, occurrences
from zvon.store.report import Pending
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

ROLE = {"attacker": SAID, "link_text": SHOWN, "reporter": REPORTER}

_HOST = {
    "name": ObservableType.DOMAIN,
    "ipv4": ObservableType.IPV4,
    "ipv6": ObservableType.IPV6,
}


async def decode(context: Context, payload: dict[str, Any]) -> None:
    """Read one report and hand it on to `collect.enrich`; what cannot be read is quarantined.

    Reading happens beside the event loop, so a report that takes long holds up no other job.
    """
    record_id = int(payload["record_id"])
    async with read(context.pool, SYSTEM) as db:
        waiting = await report.pending(db, record_id)
        body = await raw.get(db, waiting.raw_sha256) if waiting else b""
    if waiting is None:
        return
    try:
        message = await asyncio.to_thread(read_message, body, waiting.media_type, waiting.channel)
    except Undecodable as problem:
        await _set_aside(context, waiting, problem)
        return
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        if not await report.decoded(tx, waiting, message, now):
            return
        await occurrences(tx, record_id, list(sighted(message, waiting)))
        await enqueue(tx, "collect.enrich", {"record_id": record_id})


async def _set_aside(context: Context, waiting: Pending, problem: Undecodable) -> None:
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        if await report.quarantined(tx, waiting, now):
            await quarantine.put(
                tx,
                waiting.raw_sha256,
                position=problem.position,
                reason=problem.reason,
                now=now,
                record_id=waiting.record_id,
            )


def sighted(message: Message, waiting: Pending) -> Iterator[Sighted]:
    """Each value once per role, and behind an address of the sender its host and domain."""
    seen: set[tuple[Observable, int]] = set()
    for mention in message.mentions:
        for value, role in _values(mention):
            if (value, role) not in seen:
                seen.add((value, role))
                yield Sighted(value, role, waiting.received_at)


def _values(mention: Mention) -> Iterator[tuple[Observable, int]]:
    value, role = mention.observable, ROLE[mention.side]
    yield value, role
    if role != SAID or value.type not in {ObservableType.URL, ObservableType.DOMAIN}:
        return
    host = value.value
    if value.type is ObservableType.URL:
        parts = url.parse(value.value)
        host = parts.host
        yield Observable(_HOST[parts.host_kind], host), role
        if parts.host_kind != "name":
            return
    domain = suffix.registered(host)
    if domain is not None:
        yield Observable(ObservableType.REGISTERED, domain), NEAR
