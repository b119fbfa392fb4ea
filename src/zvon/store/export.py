"""What a feed lists, for those who take it as a file: whole, or since a place in the change log.

A list is the merged content of the feed's zones (a rule of the hot zone speaks before one of the
cold zone, and a name that is let pass is not listed) and its published addresses of pages.
"""

import logging
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from zvon.access.viewer import Viewer
from zvon.formats.blocklist import BadEntry, Entry, Kind
from zvon.model.scope import Scope
from zvon.model.zone import test_name
from zvon.store.transaction import Pool
from zvon.store.zone import NODATA, NXDOMAIN, PASSTHRU

Db = AsyncConnection[TupleRow]

BATCH = 5_000
MAX_DIFFERENCE = 100_000
_ACTION = {NXDOMAIN: "nxdomain", NODATA: "nodata"}

log = logging.getLogger(__name__)


class NoSuchFeed(LookupError):
    """There is no such feed, or it is not one of the caller's: the two are not told apart."""

    def __init__(self, feed: str) -> None:
        super().__init__(f"there is no feed {feed!r}")


class TooOld(ValueError):
    """The difference cannot be told any more, or never could; take the whole list."""

    def __init__(self, since: int) -> None:
        super().__init__(f"the difference since {since} is not known; take the whole list")


class State(Struct, frozen=True, kw_only=True):
    """Which edition of a list is in force.

    Two equal `edition` texts are the same list. `seq` is the last change that touched it, `at`
    when that was.
    """

    feed: str
    feed_id: int
    edition: str
    seq: int
    at: datetime


class Difference(Struct, frozen=True, kw_only=True):
    """What came, changed or ended since a place in the change log."""

    seq: int
    added: tuple[Entry, ...]
    removed: tuple[tuple[Kind, str], ...]


async def permitted(db: Db, viewer: Viewer, feed: str) -> int | None:
    """The subscriber for whom `viewer` fetches this feed, `None` for our own people.

    Raises `NoSuchFeed`: somebody of another organisation gets the feeds of its own subscribers,
    and the machine account of a subscriber only those of that one.
    """
    row = await (
        await db.execute(
            """
            select f.id, a.subscriber_id,
                   exists (select from subscriber s
                           left join subscription t on t.subscriber_id = s.id
                           where s.removed_at is null and f.id in (s.feed_id, t.feed_id)
                             and (s.id = a.subscriber_id
                                  or a.subscriber_id is null and s.party_id = %(party)s))
            from feed f left join subscriber_account a on a.person_id = %(person)s
            where f.name = %(feed)s
            """,
            {"feed": feed, "person": viewer.person_id, "party": viewer.party_id},
        )
    ).fetchone()
    if row is None or not (row[2] or (viewer.party_own and row[1] is None)):
        raise NoSuchFeed(feed)
    return None if row[1] is None else int(row[1])


async def feeds_of(db: Db, subscriber: UUID) -> list[str]:
    """The feeds that a subscriber takes, by name."""
    rows = await (
        await db.execute(
            """
            select distinct f.name from subscriber s
            left join subscription t on t.subscriber_id = s.id
            join feed f on f.id in (s.feed_id, t.feed_id) where s.uuid = %s order by 1
            """,
            (subscriber,),
        )
    ).fetchall()
    return [row[0] for row in rows]


async def state(db: Db, feed: str) -> State:
    """The edition in force. Raises `NoSuchFeed`. One short query, for conditional requests."""
    rows = await (
        await db.execute(
            """
            select f.id, z.kind, z.serial::text, last.change_seq, last.at from feed f
            join zone z on z.feed_id = f.id
            left join lateral (select change_seq, at from zone_change c where c.zone_id = z.id
                               order by change_seq desc limit 1) last on true
            where f.name = %(feed)s
            union all
            select f.id, 'url', u.seq || ' ' || md5(f.view::text), u.seq,
                   (select greatest(published_at, lifted_at) from url_rule
                    where u.seq in (added_seq, removed_seq) order by id desc limit 1)
            from feed f, lateral (select case when f.own then greatest(
                  (select max(added_seq) from url_rule where feed_id = f.id),
                  (select max(removed_seq) from url_rule where feed_id = f.id))
                else (select greatest(max(added_seq), max(removed_seq)) from url_rule) end) u(seq)
            where f.name = %(feed)s and u.seq is not null
            order by 2
            """,
            {"feed": feed},
        )
    ).fetchall()
    if not rows:
        raise NoSuchFeed(feed)
    return State(
        feed=feed,
        feed_id=int(rows[0][0]),
        edition=" ".join(f"{row[1]}:{row[2]}" for row in rows),
        seq=max(int(row[3] or 0) for row in rows),
        at=max(
            (row[4] for row in rows if row[4] is not None), default=datetime(2000, 1, 1, tzinfo=UTC)
        ),
    )


_RULES = """
select r.owner, r.rdata, b.trigger, b.name, b.scope, b.category, b.published_at, b.expires_at,
       b.number,
       case when b.id is null then exists (select from zone_rule w
         where w.zone_id = r.zone_id and w.owner = '*.' || r.owner) end as below
from (
  select zone_id, owner, rdata, block_id from zone_rule where zone_id = any(%(first)s)
  union all
  select zone_id, owner, rdata, block_id from zone_rule c where zone_id = %(cold)s
    and not exists (select from zone_rule h where h.zone_id = %(hot)s and h.owner = c.owner)
) r
left join block b on b.id = r.block_id
where r.rdata <> %(pass)s and r.owner not like '*.%%'
  and (%(only)s::text[] is null or r.owner = any(%(only)s))
"""
# A view shows the pages of home feeds as it shows their blocks.
_FROM = """
from feed f join url_rule u on u.feed_id = f.id or not f.own
join feed h on h.id = u.feed_id
where f.id = %(feed)s
"""
_SEEN = (
    _FROM + " and (f.own or feed_takes(f.view, h.country, u.category, u.source, u.confidence,"
    " 'url', h.name))"
)
_URLS = (
    'select distinct on (u.url collate "C") u.url, u.category, u.published_at, u.expires_at,'
    " u.number" + _SEEN + " and u.state = 'published'"
)


async def edition(pool: Pool, feed: str) -> AsyncGenerator[State | Sequence[Entry]]:
    """First the `State`, then all entries of exactly that state in batches, ordered by value.

    Reads through a cursor of the server, so that memory does not grow with the list.
    Raises `NoSuchFeed`.
    """
    async with pool.connection() as db, db.transaction():
        await db.execute("set transaction isolation level repeatable read read only")
        known = await state(db, feed)
        yield known
        zones = await _zones(db, known.feed_id)
        async with db.cursor("list_rules") as cursor:
            cursor.itersize = BATCH
            await cursor.execute(
                _RULES.encode() + b' order by r.owner collate "C"', {**zones, "only": None}
            )
            while rows := await cursor.fetchmany(BATCH):
                yield _rules(rows, feed)
        async with db.cursor("list_urls") as cursor:
            cursor.itersize = BATCH
            await cursor.execute(_URLS.encode() + b' order by u.url collate "C"',
                                 {"feed": known.feed_id})  # fmt: skip
            while rows := await cursor.fetchmany(BATCH):
                yield _urls(rows)


async def names(db: Db, feed: str, *, since: int) -> Difference:
    """What changed after change `since`: the net effect, so that applying it twice does no harm.

    Raises `NoSuchFeed`, and `TooOld` when the journal does not reach back so far, when `since` is
    of another history (a number that is not reached yet), or when the whole list is shorter work.
    """
    known = await state(db, feed)
    zones = await _zones(db, known.feed_id)
    ids = [*zones["first"], zones["cold"]]
    horizon = await (
        await db.execute(
            "select min(change_seq) from unnest(%s::bigint[]) z(id)"
            " cross join lateral (select change_seq from zone_change where zone_id = z.id"
            " order by change_seq limit 1) c",
            (ids,),
        )
    ).fetchone()
    assert horizon is not None
    if since > known.seq or since < (horizon[0] or 0):
        raise TooOld(since)
    touched = await (
        await db.execute(
            """
            select distinct regexp_replace(c.owner, '^[*][.]', ''), b.trigger, b.name
            from zone_change c left join block b on b.id = c.block_id
            where c.zone_id = any(%s) and c.change_seq > %s limit %s
            """,
            (ids, since, MAX_DIFFERENCE + 1),
        )
    ).fetchall()
    if len(touched) > MAX_DIFFERENCE:
        raise TooOld(since)
    rows = await (
        await db.execute(
            _RULES.encode() + b' order by r.owner collate "C"',
            {**zones, "only": [row[0] for row in touched]},
        )
    ).fetchall()
    came = await (
        await db.execute(
            _URLS.encode()
            + b' and (u.added_seq > %(since)s or not f.own) order by u.url collate "C"',
            {"feed": known.feed_id, "since": since},
        )
    ).fetchall()
    ended = await (
        await db.execute(
            # What an edited view dropped has no number of its own, so all that it leaves out is said.
            b"select distinct u.url"
            + _FROM.encode()
            + b" and (u.removed_seq > %(since)s or not f.own and u.state = 'published') order by 1",
            {"feed": known.feed_id, "since": since},
        )
    ).fetchall()
    live = await (
        await db.execute(
            _URLS.encode() + b" and u.url = any(%(urls)s)",
            {"feed": known.feed_id, "urls": [row[0] for row in ended]},
        )
    ).fetchall()
    still, listed = {row[0] for row in rows}, {row[0] for row in live}
    gone = {_value(owner, trigger, name) for owner, trigger, name in touched if owner not in still}
    return Difference(
        seq=known.seq,
        added=(*_rules(rows, feed), *_urls(came)),
        removed=(*sorted(gone), *((Kind.URL, row[0]) for row in ended if row[0] not in listed)),
    )


async def _zones(db: Db, feed: int) -> dict[str, Any]:
    rows = await (
        await db.execute("select kind, id from zone where feed_id = %s", (feed,))
    ).fetchall()
    ids = {kind: int(zone) for kind, zone in rows}
    return {
        "hot": ids["hot"], "cold": ids["cold"],
        "first": [ids["hot"], *([ids["ip"]] if "ip" in ids else [])], "pass": PASSTHRU,
    }  # fmt: skip


_KINDS = {"ip": Kind.IP, "nsdname": Kind.NSDNAME, "nsip": Kind.NSIP}


def _value(owner: str, trigger: str | None, name: str | None) -> tuple[Kind, str]:
    kind = _KINDS.get(trigger or "", Kind.NAME)
    return (kind, name) if kind is not Kind.NAME and name is not None else (Kind.NAME, owner)


def _rules(rows: Sequence[Sequence[Any]], feed: str) -> list[Entry]:
    found = []
    test = test_name(feed)
    for owner, rdata, trigger, name, scope, category, since, until, number, below in rows:
        kind, value = _value(owner, trigger, name)
        if scope is None:
            scope = Scope.HOST_SUB if below else Scope.HOST
        try:
            found.append(
                Entry(
                    kind=kind, value=value, scope=Scope(scope),
                    action=_ACTION.get(rdata, "landing"),
                    category="test" if value == test else category or "", added_at=since,
                    expires_at=until, reference=number or "",
                )
            )  # fmt: skip
        except BadEntry as problem:
            log.warning("feed %s: a rule is not in the lists: %s", feed, problem)
    return found


def _urls(rows: Sequence[Sequence[Any]]) -> list[Entry]:
    return [
        Entry(kind=Kind.URL, value=url, category=category, added_at=since, expires_at=until,
              reference=number)
        for url, category, since, until, number in rows
    ]  # fmt: skip
