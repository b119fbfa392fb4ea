"""Where names come from: logs of certificates, lists and feeds; and names that people hand in."""

import asyncio
import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Router, delete, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats.name_list import take
from zvon.formats.phish_feed import FORMATS
from zvon.jobs import enqueue
from zvon.ml.brand import compiled
from zvon.ml.name_scan import scan
from zvon.model.ids import RANDOM_BYTES
from zvon.model.verdict import Reason
from zvon.store import brand, name_source, watch
from zvon.store.name_source import LOGS, NewSource, Source
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems

MAX_NAMES = 20_000
MAX_LOGS = 500
LOG_EVERY_S = 60
LIST_EVERY_S = 3600
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Address = Annotated[str, Meta(min_length=8, max_length=2000)]


class NewSourceIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source. `format` is needed for lists and feeds; `key` is a log's own, Base64 of DER.

    Addresses inside the operator's network are asked only when the node's settings name them.
    Without `every_s` a log is read each minute and a list each hour.
    """

    name: Name
    kind: Literal["static-ct", "rfc6962", "list", "feed"]
    url: Address
    format: Annotated[str, Meta(max_length=40)] = ""
    operator: Annotated[str, Meta(max_length=200)] = ""
    key: Annotated[str, Meta(max_length=2000)] = ""
    every_s: Annotated[int, Meta(ge=10, le=2_678_400)] | None = None


class LogIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A log of a published list; `live` when new certificates may appear in it."""

    name: Name
    kind: Literal["static-ct", "rfc6962"]
    url: Address
    operator: Annotated[str, Meta(max_length=200)]
    key: Annotated[str, Meta(max_length=2000)]
    live: bool


class Logs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The logs of a published list, live or not."""

    logs: Annotated[list[LogIn], Meta(min_length=1, max_length=MAX_LOGS)]


class Switch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a source is read."""

    enabled: bool


class Names(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names to go through, as they stand in some list."""

    names: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=2000)]],
        Meta(min_length=1, max_length=MAX_NAMES),
    ]


class SourceOut(Struct, frozen=True, kw_only=True):
    """A source and how it does. `lag` is how many entries a log is ahead of us.

    `bad_last` are the newest lines that were no names, with their places.
    """

    id: UUID
    name: str
    kind: str
    url: str
    format: str
    operator: str
    signed: bool
    every_s: int
    enabled: bool
    read_at: datetime | None
    next_at: datetime
    failed_at: datetime | None
    failures: int
    problem: str
    names: int
    bad: int
    bad_last: list[dict[str, Any]]
    lag: int | None


class Sources(Struct, frozen=True, kw_only=True):
    """All sources, by name."""

    sources: list[SourceOut]


class LogsOut(Struct, frozen=True, kw_only=True):
    """Names of the logs that are read now and were not before, and of those that no longer are."""

    added: list[str]
    retired: list[str]


class FoundName(Struct, frozen=True, kw_only=True):
    """A lookalike among the names that were handed in."""

    name: str
    brand: str
    technique: str
    score: float
    reasons: list[Reason]


class FoundNames(Struct, frozen=True, kw_only=True):
    """How many names were read, how many lines were none, what is new, and the lookalikes."""

    names: int
    bad: int
    new: int
    found: list[FoundName]


def _out(source: Source) -> SourceOut:
    return SourceOut(
        id=source.uuid, name=source.name, kind=source.kind, url=source.url, format=source.format,
        operator=source.operator, signed=source.key is not None, every_s=source.every_s,
        enabled=source.enabled, read_at=source.read_at, next_at=source.next_at,
        failed_at=source.failed_at, failures=source.failures, problem=source.problem,
        names=source.names, bad=source.bad, bad_last=source.bad_last, lag=source.lag,
    )  # fmt: skip


@get("/watch/sources", opt={"permission": Permission.WATCH_READ}, responses=problems(*SIGNED))
async def list_sources(context: In, who: Who) -> Sources:
    """Where names come from, and how far each source was read."""
    async with read(context.pool, who) as db:
        return Sources(sources=[_out(s) for s in await name_source.list_all(db, who)])


@post(
    "/watch/sources", opt={"permission": Permission.WATCH_WRITE},
    responses=problems(*SIGNED, 409, 422),
)  # fmt: skip
async def add_source(context: In, who: Who, data: NewSourceIn) -> SourceOut:
    """Read names from somewhere new; a log from its present end on."""
    log = data.kind in LOGS
    if log == bool(data.format) or (not log and data.format not in FORMATS):
        raise BadInput(f"format: for lists and feeds one of {', '.join(sorted(FORMATS))}")
    now = context.clock()
    new = NewSource(name=data.name, kind=data.kind, url=_address(data.url), format=data.format,
                    operator=data.operator, key=_key(data.key),
                    every_s=data.every_s or (LOG_EVERY_S if log else LIST_EVERY_S))  # fmt: skip
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await name_source.add(tx, who, new, now, context.random(RANDOM_BYTES)))


@post(
    "/watch/sources/logs", opt={"permission": Permission.WATCH_WRITE},
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def put_logs(context: In, who: Who, data: Logs) -> LogsOut:
    """Read the live logs of a published list, and no longer those that it calls retired."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        before = await name_source.list_all(tx.db, who)
        urls, names = {source.url for source in before}, {source.name for source in before}
        added = []
        for log in data.logs:
            url = _address(log.url)
            if log.live and url not in urls:
                name = log.name if log.name not in names else url
                added.append(await _add_log(tx, who, log, name, now, context.random(RANDOM_BYTES)))
                urls.add(url)
                names.add(name)
        over = [_address(log.url) for log in data.logs if not log.live]
        retired = await name_source.retire(tx, over, "the list of logs calls it retired", now)
    return LogsOut(added=sorted(added), retired=retired)


async def _add_log(tx: Tx, who: Viewer, log: LogIn, name: str, now: datetime, random: bytes) -> str:
    new = NewSource(name=name, kind=log.kind, url=_address(log.url), operator=log.operator,
                    key=_key(log.key), every_s=LOG_EVERY_S)  # fmt: skip
    return (await name_source.add(tx, who, new, now, random)).name


@post(
    "/watch/sources/{id:uuid}/state", opt={"permission": Permission.WATCH_WRITE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def switch_source(context: In, who: Who, id: UUID, data: Switch) -> SourceOut:
    """Read a source from now on, or no longer."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await name_source.set_enabled(tx, who, id, now, enabled=data.enabled))


@post(
    "/watch/sources/{id:uuid}/reading", opt={"permission": Permission.WATCH_WRITE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def read_now(context: In, who: Who, id: UUID) -> SourceOut:
    """Have a source read now, without waiting for its time."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        source = await name_source.set_enabled(tx, who, id, now, enabled=True)
        await enqueue(tx, "collect.source", {"id": source.id}, dedupe=f"collect.source {source.id}")
        return _out(source)


@delete(
    "/watch/sources/{id:uuid}", opt={"permission": Permission.WATCH_WRITE},
    responses=problems(*SIGNED, 404), status_code=204,
)  # fmt: skip
async def remove_source(context: In, who: Who, id: UUID) -> None:
    """Forget a source and how far it was read; the names that it gave stay."""
    async with transaction(context.pool, context.clock(), viewer=viewer_setting(who)) as tx:
        await name_source.remove(tx, who, id)


@post("/watch/names", opt={"permission": Permission.WATCH_WRITE}, responses=problems(*SIGNED, 422))
async def hand_in_names(context: In, who: Who, data: Names) -> FoundNames:
    """Go through names now and watch the lookalikes among them."""
    now = context.clock()
    async with read(context.pool, who) as db:
        matcher = compiled(await brand.current(db))
    lines = [take(n, text) for n, text in enumerate(data.names, start=1)]
    found = await asyncio.to_thread(scan, matcher, lines)
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        new = await watch.hand_in(tx, who, found.found, now, context.random)
    return FoundNames(
        names=found.names,
        bad=found.bad,
        new=new,
        found=[FoundName(name=f.name, brand=f.brand, technique=f.technique, score=f.score,
                         reasons=list(f.reasons)) for f in found.found],
    )  # fmt: skip


def _address(url: str) -> str:
    """The address without a slash at the end. Raises `BadInput`."""
    try:
        parts = urlsplit(url.strip())
        good = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
        parts.port  # noqa: B018 -- reading it is the check
    except ValueError:
        good = False
    if not good or not url.isascii():
        raise BadInput(f"url: {url[:100]!r} is no http or https address")
    return url.strip().rstrip("/")


def _key(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):
        raise BadInput("key: not Base64") from None


router = Router(
    "/",
    route_handlers=[
        list_sources, add_source, put_logs, switch_source, read_now, remove_source, hand_in_names,
    ],
    tags=["watch"],
)  # fmt: skip
