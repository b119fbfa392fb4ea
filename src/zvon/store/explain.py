"""What each feed does with a name, and which rule, decision and incident made it so.

A simulator of a resolver that takes the feed: the zones in order, in each the rule that wins, as
resolvers were measured to do it (order of zones first, then the name before a wildcard).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model import prefix
from zvon.model.guard import Protected
from zvon.model.name import canonical
from zvon.model.prefix import BadPrefix
from zvon.model.rpz_match import candidates
from zvon.model.scope import ScopeAdvice, ScopeFacts, dns_scope
from zvon.store import neverblock
from zvon.store.zone import NODATA, NXDOMAIN, PASSTHRU, Db

ACTIONS = {NXDOMAIN: "nxdomain", NODATA: "nodata", PASSTHRU: "passthru"}
_ORDER = {"allow": 0, "hot": 1, "cold": 2, "ip": 3}


class Deciding(Struct, frozen=True, kw_only=True):
    """The block behind a rule. The incident is `None` when the reader may not see it."""

    uuid: UUID
    number: str
    name: str
    scope: str
    state: str
    reason: str
    legal_ground: str
    proposer: str
    approver: str | None
    published_at: datetime | None
    lifted_at: datetime | None
    expires_at: datetime
    incident_uuid: UUID | None
    incident_number: str | None


class Says(Struct, frozen=True, kw_only=True):
    """A rule that matches: the one with `speaks` decides, later ones are only there."""

    zone: str
    owner: str
    action: str
    speaks: bool
    block: Deciding | None


class FeedSays(Struct, frozen=True, kw_only=True):
    """What a resolver with this feed answers: `action` is `none` when it answers the truth."""

    feed: str
    action: str
    rules: tuple[Says, ...]


class Explanation(Struct, frozen=True, kw_only=True):
    """Everything that speaks for and against a block of a name or an address."""

    name: str
    feeds: tuple[FeedSays, ...]
    protected: tuple[Protected, ...]
    advice: ScopeAdvice | None


class _Rule(Struct, frozen=True, kw_only=True):
    zone: str
    kind: str
    feed: str | None
    owner: str
    rdata: str
    block_id: int | None


class _Block(Deciding, frozen=True, kw_only=True):
    id: int


async def explain(
    db: Db, viewer: Viewer, text: str, *, feed: str | None = None, subscriber: str | None = None
) -> Explanation:
    """Explain `text`, a name or an IP address; for one feed, or as one subscriber sees them.

    Raises `BadName` for what is neither, `LookupError` for an unknown feed or subscriber.
    """
    viewer.require(Permission.BLOCK_READ)
    owners, name = _owners(text)
    feeds = await _feeds(db, feed, subscriber)
    rules = await _rules(db, feeds, subscriber, owners)
    blocks = await _blocks(db, [r.block_id for r in rules if r.block_id is not None])
    of_name = owners == list(candidates(name))
    return Explanation(
        name=name,
        feeds=tuple(_says(each, owners, rules, blocks) for each in feeds),
        protected=tuple(await neverblock.near(db, name)) if of_name else (),
        advice=dns_scope(name, ScopeFacts()) if of_name else None,
    )


def _owners(text: str) -> tuple[list[str], str]:
    """The owners that may speak for a name, or for an address by its prefixes, longest first."""
    try:
        network = prefix.canonical(text.strip())
    except BadPrefix:
        name = canonical(text)
        return list(candidates(name)), name
    return prefix.covering_owners(network), network


async def _feeds(db: Db, feed: str | None, subscriber: str | None) -> list[str]:
    if subscriber is not None:
        query = (
            "select f.name from subscriber s join subscription u on u.subscriber_id = s.id"
            " join feed f on f.id = u.feed_id where s.name = %s and s.removed_at is null"
            " order by u.position"
        )
        rows = await (await db.execute(query, (subscriber,))).fetchall()
        if not rows:
            raise LookupError(f"there is no subscriber {subscriber!r}")
    else:
        rows = await (
            await db.execute(
                "select name from feed where %s::text is null or name = %s order by own desc, name",
                (feed, feed),
            )
        ).fetchall()
        if feed is not None and not rows:
            raise LookupError(f"there is no feed {feed!r}")
    return [row[0] for row in rows if feed is None or row[0] == feed]


async def _rules(
    db: Db, feeds: Sequence[str], subscriber: str | None, owners: Sequence[str]
) -> list[_Rule]:
    async with db.cursor(row_factory=class_row(_Rule)) as cursor:
        await cursor.execute(
            """
            select z.name as zone, z.kind, f.name as feed, r.owner, r.rdata, r.block_id
            from zone_rule r
            join zone z on z.id = r.zone_id
            left join feed f on f.id = z.feed_id
            where r.owner = any(%(owners)s)
              and (f.name = any(%(feeds)s) or z.name = 'allow.' || %(subscriber)s::text || '.zvon')
            """,
            {"owners": list(owners), "feeds": list(feeds), "subscriber": subscriber},
        )
        return await cursor.fetchall()


async def _blocks(db: Db, ids: Sequence[int]) -> dict[int, Deciding]:
    async with db.cursor(row_factory=class_row(_Block)) as cursor:
        await cursor.execute(
            """
            select b.id, b.uuid, b.number, b.name, b.scope, b.state, b.reason, b.legal_ground,
                   p.login as proposer, a.login as approver, b.published_at, b.lifted_at,
                   b.expires_at, i.uuid as incident_uuid, i.number as incident_number
            from block b
            join person p on p.id = b.proposer_id
            left join incident i on i.id = b.incident_id
            left join lateral (select w.login from approval y join person w on w.id = y.person_id
                               where y.block_id = b.id and y.approves order by y.at limit 1) a
              on true
            where b.id = any(%s)
            """,
            (list(ids),),
        )
        rows = await cursor.fetchall()
    fields = Deciding.__struct_fields__
    return {row.id: Deciding(**{name: getattr(row, name) for name in fields}) for row in rows}


def _says(
    feed: str, owners: Sequence[str], rules: Sequence[_Rule], blocks: dict[int, Deciding]
) -> FeedSays:
    """Play the zones of one feed, the subscriber's own exceptions first."""
    mine = [rule for rule in rules if rule.feed in {feed, None}]
    said: list[Says] = []
    for zone, _ in sorted({(r.zone, r.kind) for r in mine}, key=lambda z: _ORDER[z[1]]):
        there = {rule.owner: rule for rule in mine if rule.zone == zone}
        rule = there[next(owner for owner in owners if owner in there)]
        block = blocks.get(rule.block_id) if rule.block_id is not None else None
        said.append(
            Says(
                zone=zone,
                owner=rule.owner,
                action=ACTIONS.get(rule.rdata, "landing"),
                speaks=not said,
                block=block,
            )
        )
    action = said[0].action if said else "none"
    return FeedSays(feed=feed, action="none" if action == "passthru" else action, rules=tuple(said))
