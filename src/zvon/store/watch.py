"""Names that look alike and do nothing yet: found, looked at again, escalated to people, or let go.

A watch item is no proposal and never a block. What a desk or an analyst dismissed is not watched
again, however often it is found.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Denied, Permission
from zvon.access.viewer import Viewer
from zvon.ml.lookalike import Lookalike
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.verdict import Reason
from zvon.store import brand_change, desk
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

MOST_SOURCE = 200


class NoWatch(LookupError):
    """The name is not watched, or not for this viewer to see."""


class NotInState(ValueError):
    """The item is not watched any more: it was escalated, dismissed, or has expired."""


class Item(Struct, frozen=True, kw_only=True):
    """A watched name. `seen` is what the last look found, `record_uuid` the report it became.

    `score` orders the list and is no probability. `next_at` is `None` when nobody looks any more.
    """

    id: int
    uuid: UUID
    name: str
    registered: str
    brand: str
    technique: str
    score: float
    source: str
    state: str
    reasons: list[Reason]
    seen: dict[str, Any]
    checks: int
    first_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    record_id: int | None
    record_uuid: UUID | None


class Filter(Struct, frozen=True, kw_only=True):
    """Which items: all that is given has to fit. `source` is a beginning (`ct:`)."""

    states: Sequence[str] | None = None
    brand: str | None = None
    technique: str | None = None
    source: str | None = None
    least: float = 0.0
    after: UUID | None = None
    newest: bool = False


_SELECT: LiteralString = """
select w.id, w.uuid, w.name, w.registered, w.brand, w.technique, w.score, w.source, w.state,
       w.reasons, w.seen, w.checks, w.first_at, w.next_at, w.ended_at, w.record_id,
       r.uuid as record_uuid
from watch w left join record r on r.id = w.record_id
where """


async def select(db: Db, condition: LiteralString, params: dict[str, Any]) -> list[Item]:
    """The items that fulfil a condition on `w`, whoever asks."""
    async with db.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(_SELECT + condition, params)
        rows = await cursor.fetchall()
    return [msgspec.convert(row.fields, Item) for row in rows]


class _Row:
    """A row before its reasons are read."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields


async def put_all(
    tx: Tx,
    found: Sequence[Lookalike],
    source: str,
    now: datetime,
    random: Callable[[int], bytes],
    *,
    certificate: bool = False,
) -> int:
    """Watch these names from now on; how many of them are new.

    A name that is watched already keeps the better score, and is looked at soon when its
    certificate is news. One that had expired is watched again because of that; one that was
    dismissed is not.
    """
    best: dict[str, Lookalike] = {}
    for one in found:
        if one.name not in best or best[one.name].score < one.score:
            best[one.name] = one
    rows = [best[name] for name in sorted(best)]
    if not rows:
        return 0
    seen = {"certificate": now.isoformat()} if certificate else {}
    done = await (
        await tx.execute(
            """
            with made as (
              insert into watch (uuid, name, registered, brand, technique, score, source, reasons,
                                 seen, first_at, next_at)
              select u, n, d, b, t, s, %(source)s, r::jsonb, %(seen)s, %(now)s, %(now)s
              from unnest(%(uuids)s::uuid[], %(names)s::text[], %(domains)s::text[],
                          %(brands)s::text[], %(techniques)s::text[], %(scores)s::float8[],
                          %(reasons)s::text[]) x(u, n, d, b, t, s, r)
              on conflict (name) do update set
                score = greatest(watch.score, excluded.score),
                reasons = case when excluded.score > watch.score then excluded.reasons
                               else watch.reasons end,
                seen = excluded.seen || watch.seen,
                state = 'watching', ended_at = null,
                next_at = case when excluded.seen <> '{}' and not watch.seen ? 'certificate'
                               then excluded.next_at
                               else coalesce(watch.next_at, excluded.next_at) end,
                checks = case when watch.state = 'expired' then 0 else watch.checks end
              where watch.state = 'watching'
                 or (watch.state = 'expired' and excluded.seen <> '{}'
                     and not watch.seen ? 'certificate')
              returning (xmax = 0) as new)
            select count(*) filter (where new) from made
            """,
            {"source": source[:MOST_SOURCE], "seen": Jsonb(seen), "now": now,
             "uuids": [uuid7(now, random(RANDOM_BYTES)) for _ in rows],
             "names": [r.name for r in rows], "domains": [r.registered for r in rows],
             "brands": [r.brand for r in rows], "techniques": [r.technique for r in rows],
             "scores": [r.score for r in rows],
             "reasons": [msgspec.json.encode(r.reasons).decode() for r in rows]},
        )
    ).fetchone()  # fmt: skip
    return int(done[0]) if done else 0


async def hand_in(
    tx: Tx,
    viewer: Viewer,
    found: Sequence[Lookalike],
    now: datetime,
    random: Callable[[int], bytes],
) -> int:
    """Watch what a person of the operator's found; how many are new. Raises `Denied`."""
    viewer.require(Permission.WATCH_WRITE)
    if not viewer.party_own:
        raise Denied(Permission.WATCH_WRITE)
    return await put_all(tx, found, f"person:{viewer.login}", now, random)


async def page(db: Db, viewer: Viewer, wanted: Filter, limit: int) -> list[Item]:
    """Items by score, or the newest first; a desk sees those of its own brands. Raises `Denied`."""
    viewer.require(Permission.WATCH_READ)
    mine = await desk.see(db, viewer)
    order: LiteralString = "w.id desc" if wanted.newest else "w.score desc, w.id desc"
    place: LiteralString = (
        "w.id < (select a.id from watch a where a.uuid = %(after)s)"
        if wanted.newest
        else "(w.score, w.id) < (select a.score, a.id from watch a where a.uuid = %(after)s)"
    )
    found = await select(
        db,
        "(%(mine)s::text[] is null or w.brand = any(%(mine)s))"
        " and (%(states)s::text[] is null or w.state = any(%(states)s))"
        " and (%(brand)s::text is null or w.brand = %(brand)s)"
        " and (%(technique)s::text is null or w.technique = %(technique)s)"
        " and (%(source)s::text is null or starts_with(w.source, %(source)s))"
        " and w.score >= %(least)s and (%(after)s::uuid is null or "
        + place + ") order by " + order + " limit %(limit)s",
        {"mine": None if mine is None else sorted(mine),
         "states": None if wanted.states is None else list(wanted.states),
         "brand": wanted.brand, "technique": wanted.technique, "source": wanted.source,
         "least": wanted.least, "after": wanted.after, "limit": limit},
    )  # fmt: skip
    return found if mine is None else [_outside(item) for item in found]


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Item:
    """One item. Raises `NoWatch` also when it is about somebody else's brand."""
    viewer.require(Permission.WATCH_READ)
    mine = await desk.see(db, viewer)
    found = await select(
        db,
        "w.uuid = %(uuid)s and (%(mine)s::text[] is null or w.brand = any(%(mine)s))",
        {"uuid": uuid, "mine": None if mine is None else sorted(mine)},
    )
    if not found:
        raise NoWatch(f"there is no watched name {uuid}")
    return found[0] if mine is None else _outside(found[0])


def _outside(item: Item) -> Item:
    """The item for another organisation: of where it comes from only the kind, no one's login."""
    return msgspec.structs.replace(item, source=item.source.partition(":")[0])


async def dismiss(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Item:
    """Watch a name no longer, and never again. Raises `Denied`, `NoWatch`, `NotInState`."""
    return await _end(tx, viewer, uuid, "dismissed", reason, now, Permission.WATCH_WRITE)


async def escalate(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Item:
    """A person wants it judged now; the job `collect.escalate` makes a report of it.

    Raises `Denied`, `NoWatch`, `NotInState`.
    """
    return await _end(tx, viewer, uuid, "escalated", reason, now, Permission.WATCH_WRITE)


async def say(
    tx: Tx, viewer: Viewer, uuid: UUID, *, ours: bool, reason: str, now: datetime
) -> Item:
    """A desk says whether the name is theirs. Theirs is dismissed, and official from now on.

    Not theirs: it is looked at at once. Raises `Denied`, `NoWatch`, `NotInState`, and what
    `brand_change.say` refuses.
    """
    item = await get(tx.db, viewer, uuid)
    await brand_change.say(tx, viewer, item.brand, item.name, ours=ours, now=now, reason=reason)
    if ours:
        return await _end(tx, viewer, uuid, "dismissed", reason, now, Permission.BRAND_EDIT)
    await tx.execute(
        "update watch set next_at = %s where uuid = %s and state = 'watching'", (now, uuid)
    )
    return await get(tx.db, viewer, uuid)


_ACTION = {"dismissed": "watch:dismiss", "escalated": "watch:escalate"}


async def _end(
    tx: Tx,
    viewer: Viewer,
    uuid: UUID,
    state: str,
    reason: str,
    now: datetime,
    permission: Permission,
) -> Item:
    viewer.require(permission)
    item = await get(tx.db, viewer, uuid)
    changed = await tx.execute(
        "update watch set state = %s, next_at = null, ended_at = %s"
        " where uuid = %s and state in ('watching', 'expired')",
        (state, now, uuid),
    )
    if changed.rowcount != 1:
        raise NotInState(f"{item.name} is {item.state} already")
    tx.audit(AuditEntry(actor=viewer.login, action=_ACTION[state], object=item.name,
                        detail={"reason": reason}))  # fmt: skip
    return await get(tx.db, viewer, uuid)
