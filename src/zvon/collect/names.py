"""The jobs `collect.sources` and `collect.source`: reading logs and lists where their time has come.

What was found and how far we have read are one transaction. Two workers with one source do no
harm: the second one finds the cursor moved, and leaves nothing.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import IO, Any
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct

from zvon.collect.ask import Answer, Asker, Busy, Failed, Gone, asking
from zvon.collect.ct import log as ct
from zvon.collect.ct.seen import Seen
from zvon.formats.ct_entry import Entry
from zvon.formats.ct_tile import BadHead
from zvon.formats.name_list import host_of
from zvon.formats.phish_feed import FORMATS
from zvon.jobs import Context, enqueue_all
from zvon.ml.brand import Matcher, compiled
from zvon.ml.lookalike import Lexical, Lookalike, find
from zvon.ml.name_scan import Scan, scan
from zvon.ml.url import load_shipped
from zvon.ml.watch_pattern import Patterns, Wanted
from zvon.model.name import BadName
from zvon.store import brand, name_source, watch, watch_rule
from zvon.store.name_source import LOGS, Moved, NoSource, Reading, Source
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

BUDGET_S = 40.0
MAX_LIST = 2 * 1024**3
CHUNK = 1 << 18
GONE_AFTER = 3  # failures in a row, before a log that is not there counts as gone for good
HAD = ("etag", "last-modified")

# One for each database: what one node has read is news to another.
_seen: WeakKeyDictionary[Pool, Seen] = WeakKeyDictionary()


class _Wanted(Struct, frozen=True):
    """What is looked for: names of brands, and patterns of watch rules.

    `lexical` is the model of addresses; without one names are ranked by their parts alone.
    """

    matcher: Matcher
    patterns: Patterns
    lexical: Lexical | None


class _Found(Struct, frozen=True):
    """Lookalikes of a part of a source, and what its transaction writes beside them.

    `ruled` are those that fit a watch rule, by its number.
    """

    rows: Sequence[Lookalike]
    ruled: Mapping[int, Sequence[Lookalike]]
    reading: Reading


@cache
def _lexical() -> Lexical | None:
    model = load_shipped()
    return None if model is None else model.score


async def tick(context: Context, _payload: dict[str, Any]) -> None:
    """Have every source read whose time has come."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        ids = await name_source.due(tx.db, now)
        await enqueue_all(tx, "collect.source", [{"id": each} for each in ids],
                          dedupe=[f"collect.source {each}" for each in ids])  # fmt: skip


async def read_source(context: Context, payload: dict[str, Any]) -> None:
    """Read one source on; nothing happens when it is gone or turned off."""
    async with read(context.pool, SYSTEM) as db:
        try:
            source = await name_source.get(db, int(payload["id"]))
        except NoSource:
            return
        rules = await watch_rule.live(db, context.clock())
        wanted = _Wanted(
            compiled(await brand.current(db)),
            Patterns([Wanted(r.id, r.brand, r.pattern, tuple(r.tlds)) for r in rules]),
            _lexical(),
        )
    if not source.enabled:
        return
    async with asking(context.settings) as asker:
        try:
            if source.kind in LOGS:
                await _read_log(context, source, wanted, asker)
            else:
                await _read_list(context, source, wanted, asker)
        except (Failed, BadHead) as problem:
            await _failed(context, source, problem)
        except Moved:
            return


async def _read_log(context: Context, source: Source, wanted: _Wanted, asker: Asker) -> None:
    until = time.monotonic() + BUDGET_S
    seen = _seen.setdefault(context.pool, Seen())
    head = await ct.head(asker, source.kind, source.url, source.key)
    more = True
    while more and time.monotonic() < until:
        now = context.clock()
        cursor = msgspec.convert(source.cursor, ct.Cursor)
        try:
            step = await ct.step(asker, source.kind, source.url, cursor, head.size, now)
        except ct.Unread as problem:
            if isinstance(problem.cause, Busy):
                raise problem.cause from None
            if not problem.garbled:
                raise
            again = msgspec.structs.replace(cursor, failed=cursor.failed + 1)
            reading = Reading(cursor=_plain(again), next_at=now + name_source.REST,
                              lag=source.lag, problem=str(problem))  # fmt: skip
            await _keep(context, source, _Found((), {}, reading), now)
            return
        fresh = seen.fresh(step.entries)
        rows, ruled = await asyncio.to_thread(_search, wanted, fresh)
        more = step.more
        after = _plain(step.cursor)
        reading = Reading(
            cursor=after,
            next_at=now if more else now + timedelta(seconds=source.every_s),
            names=sum(len(entry.names) for entry in step.entries),
            bad=len(step.bad),
            bad_last=list(step.bad)[: name_source.BAD_KEPT],
            lag=step.lag,
        )
        await _keep(context, source, _Found(rows, ruled, reading), now)
        seen.remember(fresh)
        source = msgspec.structs.replace(source, cursor=after, lag=step.lag)


def _search(
    wanted: _Wanted, entries: Sequence[Entry]
) -> tuple[list[Lookalike], dict[int, list[Lookalike]]]:
    # Whoever asks for a certificate writes what he likes into it; only names go on from here.
    names: dict[str, None] = {}
    for entry in entries:
        for name in entry.names:
            try:
                names[host_of(name)] = None
            except BadName:
                continue
    ruled: dict[int, list[Lookalike]] = {}
    for rule, one in wanted.patterns.find(names):
        ruled.setdefault(rule, []).append(one)
    return list(find(wanted.matcher, names, lexical=wanted.lexical)), ruled


async def _read_list(context: Context, source: Source, wanted: _Wanted, asker: Asker) -> None:
    now = context.clock()
    with tempfile.TemporaryFile() as file:
        answer = await asker.save(source.url, file, most=MAX_LIST, known=source.cursor)
        file.seek(0)
        found = await asyncio.to_thread(_scan, file, source, wanted)
    same = answer.status == 304  # what we had
    nothing = not same and found.names == 0
    reading = Reading(
        cursor=source.cursor if same else _had(answer, keep=not nothing),
        next_at=now + timedelta(seconds=source.every_s),
        names=found.names,
        bad=found.bad,
        bad_last=[msgspec.to_builtins(line) for line in found.bad_lines],
        problem="there is no name in it; is the format right?" if nothing else "",
    )
    await _keep(context, source, _Found(found.found, found.ruled, reading), now)


def _scan(file: IO[bytes], source: Source, wanted: _Wanted) -> Scan:
    lines = FORMATS[source.format](iter(lambda: file.read(CHUNK), b""))
    return scan(
        wanted.matcher,
        lines,
        patterns=wanted.patterns,
        listed=source.kind == "feed",
        lexical=wanted.lexical,
    )


def _had(answer: Answer, *, keep: bool) -> dict[str, str]:
    """What to say next time, so that we get only what is new."""
    return {key: answer.headers[key] for key in HAD if keep and key in answer.headers}


async def _keep(context: Context, source: Source, found: _Found, now: datetime) -> None:
    label = "ct" if source.kind in LOGS else source.kind
    async with transaction(context.pool, now) as tx:
        await name_source.advance(tx, source, found.reading, now)
        for rule, rows in found.ruled.items():
            await watch.put_all(tx, rows, f"rule:{rule}", now, context.random,
                                certificate=source.kind in LOGS)  # fmt: skip
        await watch.put_all(tx, found.rows, f"{label}:{source.name}", now, context.random,
                            certificate=source.kind in LOGS)  # fmt: skip


async def _failed(context: Context, source: Source, problem: Exception) -> None:
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        if isinstance(problem, Busy):
            await name_source.failed(tx, source, str(problem), now, after=problem.rest)
            await name_source.rest(tx, source, now + problem.rest)
        elif (
            isinstance(problem, Gone) and source.kind in LOGS and source.failures + 1 >= GONE_AFTER
        ):
            await name_source.stop(tx, source, f"the log is gone: {problem}", now)
        else:
            await name_source.failed(tx, source, str(problem), now)


def _plain(cursor: ct.Cursor) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(cursor)
    return plain
