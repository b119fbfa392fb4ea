"""The job `collect.decode`: bytes to a message and its values, or a reason why not."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from zvon.collect.reading import read_any
from zvon.formats.limit import Undecodable
from zvon.jobs import Context, Together, enqueue_all
from zvon.model import suffix, url
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Channel, Mention, Message, written_to_us
from zvon.store import quarantine, raw, report
from zvon.store.ingest import NEAR, REPORTER, SAID, SHOWN, Sighted, occurrences_of
from zvon.store.report import Pending
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

LATELY = 64  # small messages that are remembered
ROLE = {"attacker": SAID, "link_text": SHOWN, "reporter": REPORTER}

_HOST = {
    "name": ObservableType.DOMAIN,
    "ipv4": ObservableType.IPV4,
    "ipv6": ObservableType.IPV6,
}


class Waiting(Struct, frozen=True):
    """A report to be read; `body` is `None` when it is too large to be fetched among others."""

    report: Pending
    body: bytes | None


async def decode(context: Context, payload: dict[str, Any]) -> None:
    """Read one report and hand it on to `collect.enrich`; what cannot be read is quarantined.

    Reading happens beside the event loop, so a report that takes long holds up no other job.
    Reports that wait at the same time share the transactions before and after it.
    """
    waiting = await _look(context, int(payload["record_id"]))
    if waiting is None:
        return
    try:
        message = await _read(context, waiting)
    except Undecodable as problem:
        await _set_aside(context, waiting.report, problem)
    else:
        await _keep(context, (waiting.report, message))


async def _waiting(context: Context, record_ids: Sequence[int]) -> list[Waiting | None]:
    async with read(context.pool, SYSTEM) as db:
        reports = await report.all_pending(db, record_ids)
        bodies = await raw.small(db, {each.raw_sha256 for each in reports.values()})
    return [
        None if each is None else Waiting(each, bodies.get(each.raw_sha256))
        for each in map(reports.get, record_ids)
    ]


async def _read(context: Context, waiting: Waiting) -> Message:
    """The message; one lure that many report byte for byte is read once."""
    report, body = waiting.report, waiting.body
    to_us = written_to_us(report.door, report.media_type)
    key = (report.raw_sha256, report.media_type, report.channel, to_us)
    known = _lately.get(key)
    if known is not None:
        return known
    if body is None:
        async with read(context.pool, SYSTEM) as db:
            body = await raw.get(db, report.raw_sha256)
    message = await read_any(body, report.media_type, report.channel, to_us=to_us)
    if waiting.body is not None:
        _lately[key] = message
        if len(_lately) > LATELY:
            del _lately[next(iter(_lately))]
    return message


async def _decoded(context: Context, messages: Sequence[tuple[Pending, Message]]) -> list[None]:
    """Store what was read; a report that comes twice in one batch counts once."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        once = {report.record_id: (report, message) for report, message in messages}
        done = await report.all_decoded(tx, list(once.values()), now)
        kept = {each: once[each] for each in sorted(done)}
        await occurrences_of(
            tx, {each: list(sighted(message, got)) for each, (got, message) in kept.items()}
        )
        await enqueue_all(tx, "collect.enrich", [{"record_id": each} for each in kept])
    return [None] * len(messages)


_look = Together(_waiting)
_keep = Together(_decoded)
_lately: dict[tuple[bytes, str, Channel, bool], Message] = {}


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
