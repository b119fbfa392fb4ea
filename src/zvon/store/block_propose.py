"""Proposing blocks: what may be asked for, checked whole before anything waits for approval."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model import prefix
from zvon.model.block_life import BLOCKED_FOR, default_life, longest_life, retest_at
from zvon.model.guard import ADDRESS_TRIGGERS, TRIGGERS, Finding
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.model.lifecycle import BlockState
from zvon.model.name import BadName, canonical
from zvon.model.scope import Scope
from zvon.model.verdict import Category
from zvon.store import block_gate as gate
from zvon.store import order as orders
from zvon.store.block_eyes import BadProposal, check_text
from zvon.store.block_gate import GuardRefused
from zvon.store.block_row import BlockRow, by_uuid
from zvon.store.block_step import move
from zvon.store.transaction import AuditEntry, Tx
from zvon.store.zone import feed_id

ACTIONS = ("nxdomain", "nodata", "landing")
MOST_EVIDENCE = 20
_SHA256 = re.compile("[0-9a-f]{64}")
_WAITING = (
    "proposed", "validated", "approved", "published", "enforced", "expiring", "held", "disputed",
    "failed",
)  # fmt: skip


class AlreadyBlocked(ValueError):
    """A block of this name waits or lives in the feed already."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"there is a block already for {', '.join(names)}")
        self.names = tuple(names)


class Proposal(Struct, frozen=True, kw_only=True):
    """Names to block together: all of them, or none.

    With the triggers `ip` and `nsip` the names are address prefixes. Without `category` it is the
    incident's; without `expires_at` the life of the category, or the end of the order. Evidence are
    SHA-256 hashes in hex of what was seen. `source` is who it comes from; empty: the proposer's
    organisation.
    """

    names: tuple[tuple[str, Scope], ...]
    feed: str
    reason: str
    legal_ground: str = ""
    expires_at: datetime | None = None
    action: str = "nxdomain"
    trigger: str = "qname"
    category: str | None = None
    confidence: float = 1.0
    source: str = ""
    evidence: tuple[str, ...] = ()
    order_uuid: UUID | None = None
    incident_uuid: UUID | None = None


class Asked(Struct, frozen=True, kw_only=True):
    """A proposal after its fields were checked and completed."""

    names: dict[str, Scope]
    feed_id: int
    incident_id: int | None
    order_id: int | None
    category: Category
    legal_ground: str
    expires_at: datetime
    confirm_by: datetime | None = None


async def propose(
    tx: Tx, viewer: Viewer, proposal: Proposal, now: datetime, random: Callable[[int], bytes]
) -> list[BlockRow]:
    """Propose blocks. They wait as `validated`, or as `held` when a brake stopped the batch.

    Raises `GuardRefused` when the gate refuses any name (its audit row stays behind),
    `AlreadyBlocked`, `BadProposal`, and `LookupError` for an unknown feed, order or incident.
    """
    viewer.require(Permission.BLOCK_PROPOSE)
    asked = await check(tx, viewer, proposal, now, action=Permission.BLOCK_PROPOSE)
    rows = await put(tx, viewer, proposal, asked, now, random)
    rule = await gate.brake(tx, viewer, len(rows), asked.feed_id, now, approving=False)
    await settle(tx, rows, viewer, Permission.BLOCK_PROPOSE, proposal.reason, rule, now)
    return await by_uuid(tx.db, [row.uuid for row in rows])


async def check(tx: Tx, viewer: Viewer, proposal: Proposal, now: datetime, *, action: str) -> Asked:
    """Complete a proposal and let the gate look at it. Raises as `propose` says."""
    names = _names(proposal)
    check_text("reason", proposal.reason)
    _fields(proposal)
    feed = await _home_feed(tx, proposal.feed)
    incident, incident_category = await _incident(tx, proposal.incident_uuid)
    category = _category(proposal.category, incident_category)
    _refuse_exercise(viewer, names, category, incident_category, action)
    ordered = None
    if proposal.order_uuid is not None:
        ordered = await orders.running(tx.db, proposal.order_uuid, now)
    ground = proposal.legal_ground
    if ordered is not None and not ground.strip():
        ground = ordered.legal_ground
    check_text("legal_ground", ground)
    expires = proposal.expires_at
    if expires is None:
        expires = now + default_life(category) if ordered is None else ordered.expires_at
    if not now < expires <= now + longest_life(Category.UNSURE):
        raise BadProposal("expires_at: later than now, and within a year")
    if ordered is not None and expires > ordered.expires_at:
        raise BadProposal(f"expires_at: the order {ordered.number} ends before")
    await gate.check(tx, names, actor=viewer.login, action=action, incident_id=incident, now=now,
                     triggers=dict.fromkeys(names, proposal.trigger))  # fmt: skip
    broken_into = category is Category.COMPROMISED_SITE or await _advised_against(
        tx, incident, names
    )
    if broken_into:
        category = Category.COMPROMISED_SITE
        if proposal.expires_at is None and ordered is None:
            expires = now + default_life(category)
        require_compromised(viewer, names, proposal.trigger, expires - now,
                            ordered=ordered is not None, action=action)  # fmt: skip
    await _not_taken(tx, feed, proposal.trigger, names)
    return Asked(
        names=names, feed_id=feed, incident_id=incident,
        order_id=None if ordered is None else ordered.id, category=category,
        legal_ground=ground, expires_at=expires,
    )  # fmt: skip


async def put(
    tx: Tx, viewer: Viewer, proposal: Proposal, asked: Asked, now: datetime,
    random: Callable[[int], bytes],
) -> list[BlockRow]:  # fmt: skip
    """Write the rows of a checked proposal as `proposed`."""
    names = asked.names
    uuids = [uuid7(now, random(RANDOM_BYTES)) for _ in names]
    async with tx.db.cursor() as cursor:
        await cursor.execute(
            "select nextval('block_number') from generate_series(1, %s)", (len(names),)
        )
        numbers = [spoken("B", now.year, row[0]) for row in await cursor.fetchall()]
        await cursor.execute(
            """
            insert into block (uuid, number, name, scope, trigger, action, category, confidence,
                               source, evidence, order_id, incident_id, feed_id, reason,
                               legal_ground, proposer_id, proposed_at, expires_at, confirm_by,
                               retest_at)
            select uuid, number, name, scope, %s, %s, %s, %s,
                   coalesce(nullif(%s, ''), (select name from party where id = %s), ''),
                   %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s
            from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) x(uuid, number, name, scope)
            """,
            (proposal.trigger, proposal.action, asked.category, proposal.confidence,
             proposal.source.strip(), viewer.party_id, Jsonb(list(proposal.evidence)),
             asked.order_id, asked.incident_id, asked.feed_id, proposal.reason,
             asked.legal_ground, viewer.person_id, now, asked.expires_at, asked.confirm_by,
             retest_at(asked.category, now, asked.expires_at),
             uuids, numbers, list(names), [scope.value for scope in names.values()]),
        )  # fmt: skip
    await tx.execute(
        """
        insert into block_step (block_id, new, at, actor, reason)
        select id, 'proposed', %s, %s, %s from block where uuid = any(%s) order by id
        """,
        (now, viewer.login, proposal.reason, uuids),
    )
    return await by_uuid(tx.db, uuids)


async def settle(
    tx: Tx, rows: Sequence[BlockRow], viewer: Viewer, action: str, reason: str,
    rule: str | None, now: datetime,
) -> list[BlockRow]:  # fmt: skip
    """After the gate: wait for approval, or be held by a brake."""
    if rule is None:
        return await move(tx, rows, BlockState.VALIDATED, actor=viewer.login, action=action,
                          reason=reason, now=now)  # fmt: skip
    finding = Finding(rule, f"{len(rows)} names", "too much at once for one person")
    return await move(tx, rows, BlockState.HELD, actor=viewer.login, action=action, reason=reason,
                      now=now, gates=[finding], also=", held_rule = %s", params=[rule])  # fmt: skip


def require_compromised(
    viewer: Viewer, names: Mapping[str, Scope], trigger: str, life: timedelta, *, ordered: bool,
    action: str,
) -> None:  # fmt: skip
    """A site that was broken into: its host alone, by a person of ours, for 48 hours at most.

    Raises `GuardRefused`. An authority's order sets its own end.
    """
    limit = longest_life(Category.COMPROMISED_SITE, ordered=ordered)
    why = None
    if trigger != "qname" or any(scope is not Scope.HOST for scope in names.values()):
        why = "a site that was broken into: only its host may be blocked"
    elif not viewer.party_own:
        why = "a site that was broken into: only an analyst of this node may propose a block"
    elif life > limit:
        why = f"a site that was broken into: at most {limit.total_seconds() / 3600:.0f} hours"
    if why is not None:
        first = next(iter(names))
        finding = Finding("compromised_site", first, why)
        raise GuardRefused([finding], AuditEntry(
            actor=viewer.login, action=action, object=first, outcome="refused",
            rule="compromised_site", detail={"names": len(names), "reason": why},
        ))  # fmt: skip


def _names(proposal: Proposal) -> dict[str, Scope]:
    if not proposal.names:
        raise BadProposal("names: at least one")
    if proposal.trigger not in TRIGGERS:
        raise BadProposal(f"trigger: one of {', '.join(sorted(TRIGGERS))}")
    names: dict[str, Scope] = {}
    for text, scope in proposal.names:
        try:
            if proposal.trigger in ADDRESS_TRIGGERS:
                name = prefix.canonical(text)
            else:
                name = canonical(text)
        except (BadName, prefix.BadPrefix) as problem:
            raise BadProposal(f"names: {problem}") from None
        if proposal.trigger != "qname" and scope is not Scope.HOST:
            raise BadProposal(f"names: {name}: the scope of this trigger is host")
        if names.get(name, scope) is not scope:
            raise BadProposal(f"names: {name} stands twice, with different scopes")
        names[name] = scope
    return names


def _fields(proposal: Proposal) -> None:
    if proposal.action not in ACTIONS:
        raise BadProposal(f"action: one of {', '.join(ACTIONS)}; got {proposal.action!r}")
    if not 0.0 <= proposal.confidence <= 1.0:
        raise BadProposal(f"confidence: from 0 to 1, got {proposal.confidence}")
    if len(proposal.source) > 200 or "\x00" in proposal.source:
        raise BadProposal("source: at most 200 characters")
    if len(proposal.evidence) > MOST_EVIDENCE:
        raise BadProposal(f"evidence: at most {MOST_EVIDENCE} hashes")
    for digest in proposal.evidence:
        if not _SHA256.fullmatch(digest):
            raise BadProposal("evidence: SHA-256 hashes, 64 hexadecimal digits each")


def _category(given: str | None, of_incident: str | None) -> Category:
    """The category of the blocks: what is said, or what the incident is."""
    if given is None:
        if of_incident is None or of_incident not in BLOCKED_FOR:
            return Category.PHISHING
        return Category(of_incident)
    if given not in (BLOCKED_FOR | {Category.SIMULATION}):
        raise BadProposal(f"category: one of {', '.join(sorted(BLOCKED_FOR))}; got {given!r}")
    return Category(given)


def _refuse_exercise(
    viewer: Viewer, names: Mapping[str, Scope], category: Category, of_incident: str | None,
    action: str,
) -> None:  # fmt: skip
    """An exercise stays one, whatever the proposal says: its names never reach a zone."""
    if Category.SIMULATION not in {category, of_incident}:
        return
    first = next(iter(names))
    finding = Finding("exercise", first, "an exercise never reaches the policy zones")
    raise GuardRefused([finding], AuditEntry(
        actor=viewer.login, action=action, object=first, outcome="refused", rule="exercise",
        detail={"names": len(names)},
    ))  # fmt: skip


async def _home_feed(tx: Tx, name: str) -> int:
    feed = await feed_id(tx.db, name)
    row = await (await tx.execute("select own from feed where id = %s", (feed,))).fetchone()
    if row is None or not row[0]:
        raise BadProposal(f"feed: {name} is a view; blocks are proposed for a country's own feed")
    return feed


async def _incident(tx: Tx, uuid: UUID | None) -> tuple[int | None, str | None]:
    if uuid is None:
        return None, None
    row = await (
        await tx.execute("select id, category from incident where uuid = %s", (uuid,))
    ).fetchone()
    if row is None:
        raise LookupError(f"there is no incident {uuid}")
    return int(row[0]), row[1]


async def _advised_against(tx: Tx, incident: int | None, names: Mapping[str, Scope]) -> bool:
    """True when the advice for one of the names is that its site was broken into."""
    if incident is None:
        return False
    row = await (
        await tx.execute(
            "select 1 from incident_name where incident_id = %s and name = any(%s)"
            " and scope = 'none' and reason = 'compromised_site' limit 1",
            (incident, list(names)),
        )
    ).fetchone()
    return row is not None


async def _not_taken(tx: Tx, feed: int, trigger: str, names: Mapping[str, Scope]) -> None:
    taken = await (
        await tx.execute(
            "select name from block where feed_id = %s and trigger = %s and name = any(%s)"
            " and state = any(%s) order by name",
            (feed, trigger, list(names), list(_WAITING)),
        )
    ).fetchall()
    if taken:
        raise AlreadyBlocked([row[0] for row in taken])
