"""Blocks as rows: what people see of them, with the proof of each subscriber."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.lifecycle import BlockState
from zvon.model.scope import Scope
from zvon.model.zone import Grade, serial_newer

Db = AsyncConnection[TupleRow]


class NoBlock(LookupError):
    """There is no such block."""


class BlockRow(Struct, frozen=True, kw_only=True):
    """A block as it stands. `incident_*` are `None` when the reader may not see the incident.

    `name` is a prefix for the triggers `ip` and `nsip`. `confirm_by` is set while it rests on the
    word of one trusted partner. `advice` is what the last retest says to a person.
    `first_enforced_at` is the first probed answer of any subscriber, `enforced_at` the last one.
    """

    id: int
    uuid: UUID
    number: str
    trigger: str
    name: str
    scope: Scope
    action: str
    category: str
    confidence: float
    source: str
    evidence: list[str]
    order_number: str | None
    order_expires_at: datetime | None
    state: BlockState
    feed: str
    feed_id: int
    reason: str
    legal_ground: str
    proposer_id: int
    proposer: str
    proposed_at: datetime
    expires_at: datetime
    confirm_by: datetime | None
    retest_at: datetime | None
    advice: str | None
    advice_facts: dict[str, Any]
    advised_at: datetime | None
    renewals: int
    approver: str | None
    approved_at: datetime | None
    held_rule: str | None
    published_serial: int | None
    published_at: datetime | None
    first_enforced_at: datetime | None
    enforced_at: datetime | None
    lifted_at: datetime | None
    lift_reason: str | None
    incident_id: int | None
    incident_uuid: UUID | None
    incident_number: str | None
    version: int


class Proof(Struct, frozen=True, kw_only=True):
    """How well we know that one subscriber obeys; `grade` is `None` when nothing is known yet.

    `blocked_at` and `lifted_at` are when our probe first saw the answer.
    """

    subscriber: str
    brand: str
    party: str
    mode: str
    mandatory: bool
    grade: Grade | None
    blocked_at: datetime | None = None
    lifted_at: datetime | None = None
    seconds: float | None = None


class Stage(Struct, frozen=True, kw_only=True):
    """One station of the proof: `approved`, `published`, `first_enforced`, `all_enforced`.

    `at` is `None` when it is not reached. `seconds` count from the approval, or from the
    publication of a block that a trusted partner published alone.
    """

    stage: str
    at: datetime | None
    seconds: float | None


class Step(Struct, frozen=True, kw_only=True):
    """One edge of the block's life."""

    old: str | None
    new: str
    at: datetime
    actor: str
    reason: str
    gates: list[dict[str, Any]]


class BoardRow(Struct, frozen=True, kw_only=True):
    """A block with its proof."""

    block: BlockRow
    proof: tuple[Proof, ...]


class BoardPage(Struct, frozen=True, kw_only=True):
    """One page of the board, newest first; `next` continues it."""

    rows: tuple[BoardRow, ...]
    next: str | None


class BlockDetail(Struct, frozen=True, kw_only=True):
    """A block with its proof and every edge of its life."""

    block: BlockRow
    proof: tuple[Proof, ...]
    steps: tuple[Step, ...]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """From the approval to the last resolver, with the seconds that each took."""
        return stages(self.block)


def stages(row: BlockRow) -> tuple[Stage, ...]:
    """The proof as a line in time, approval first."""
    times = {
        "approved": row.approved_at, "published": row.published_at,
        "first_enforced": row.first_enforced_at, "all_enforced": row.enforced_at,
    }  # fmt: skip
    start = row.approved_at
    if row.published_at is not None and (start is None or start > row.published_at):
        start = row.published_at
    return tuple(
        Stage(
            stage=stage, at=at,
            seconds=None if at is None or start is None else max(0.0, (at - start).total_seconds()),
        )
        for stage, at in times.items()
    )  # fmt: skip


SELECT = """
select b.id, b.uuid, b.number, b.trigger, b.name, b.scope, b.action, b.category, b.confidence,
       b.source, b.evidence, o.number as order_number, o.expires_at as order_expires_at,
       b.confirm_by, b.retest_at, b.advice, b.advice_facts, b.advised_at, b.renewals,
       (select min(r.blocked_at) from receipt r where r.block_id = b.id and r.kind = 'block'
        and r.grade = 'A') as first_enforced_at,
       b.state, f.name as feed, b.feed_id,
       b.reason, b.legal_ground, b.proposer_id, p.login as proposer, b.proposed_at, b.expires_at,
       a.login as approver, a.at as approved_at, b.held_rule, b.published_serial, b.published_at,
       b.enforced_at, b.lifted_at, b.lift_reason, i.id as incident_id, i.uuid as incident_uuid,
       i.number as incident_number, b.version
from block b
join feed f on f.id = b.feed_id
join person p on p.id = b.proposer_id
left join incident i on i.id = b.incident_id
left join authority_order o on o.id = b.order_id
left join lateral (select ap.login, y.at from approval y join person ap on ap.id = y.person_id
                   where y.block_id = b.id and y.approves order by y.at limit 1) a on true
"""


async def read(db: Db, where: str, params: dict[str, Any], *, lock: bool = False) -> list[BlockRow]:
    """Blocks that meet `where`, by id; `where` is text of this package, never input."""
    async with db.cursor(row_factory=class_row(_Flat)) as cursor:
        # Not `for update`: zone records that point to the block may come from a transaction that
        # holds the head lock, for which this one waits.
        tail = " order by b.id" + (" for no key update of b" if lock else "")
        await cursor.execute((SELECT + " where " + where + tail).encode(), params)
        return [row.typed() for row in await cursor.fetchall()]


class _Flat(BlockRow, frozen=True, kw_only=True):
    scope: str  # type: ignore[assignment]
    state: str  # type: ignore[assignment]

    def typed(self) -> BlockRow:
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        fields["scope"], fields["state"] = Scope(self.scope), BlockState(self.state)
        return BlockRow(**fields)


async def by_uuid(db: Db, uuids: Sequence[UUID], *, lock: bool = False) -> list[BlockRow]:
    """The blocks with these identifiers, by id. Raises `NoBlock` when one is missing."""
    rows = await read(db, "b.uuid = any(%(uuids)s)", {"uuids": list(uuids)}, lock=lock)
    missing = set(uuids) - {row.uuid for row in rows}
    if missing:
        raise NoBlock(f"there is no block {min(missing)}")
    return rows


async def board(
    db: Db,
    viewer: Viewer,
    *,
    states: Collection[str] | None = None,
    after: str | None = None,
    limit: int = 200,
    incident_id: int | None = None,
    numbers: Collection[str] | None = None,
    name: str | None = None,
    advised: bool = False,
    unconfirmed: bool = False,
) -> BoardPage:
    """A page of blocks, newest first, each with the proof of every subscriber that takes it.

    `advised` are live ones that a retest asks a person about, `unconfirmed` those that rest on a
    partner's word alone.
    """
    viewer.require(Permission.BLOCK_READ)
    async with db.cursor(row_factory=class_row(_Flat)) as cursor:
        await cursor.execute(
            (
                SELECT
                + """
                where (%(states)s::text[] is null or b.state = any(%(states)s))
                  and (%(after)s::bigint is null or b.id < %(after)s)
                  and (%(incident)s::bigint is null or b.incident_id = %(incident)s)
                  and (%(numbers)s::text[] is null or b.number = any(%(numbers)s))
                  and (%(name)s::text is null or b.name = %(name)s)
                  and (not %(advised)s or (b.advice is not null and b.published_at is not null
                                           and b.lifted_at is null))
                  and (not %(unconfirmed)s or (b.confirm_by is not null
                       and b.published_at is not null and b.lifted_at is null))
                order by b.id desc limit %(limit)s
                """
            ).encode(),
            {
                "states": None if states is None else [str(s) for s in states],
                "after": int(after) if after and after.isdigit() else None,
                "incident": incident_id,
                "numbers": None if numbers is None else list(numbers),
                "name": name,
                "advised": advised,
                "unconfirmed": unconfirmed,
                "limit": limit + 1,
            },
        )
        rows = [row.typed() for row in await cursor.fetchall()]
    shown = rows[:limit]
    proofs = await proof(db, shown)
    return BoardPage(
        rows=tuple(BoardRow(block=row, proof=proofs[row.id]) for row in shown),
        next=str(shown[-1].id) if len(rows) > limit else None,
    )


async def get(db: Db, viewer: Viewer, uuid: UUID) -> BlockDetail:
    """One block whole. Raises `NoBlock`."""
    viewer.require(Permission.BLOCK_READ)
    (row,) = await by_uuid(db, [uuid])
    async with db.cursor(row_factory=class_row(Step)) as cursor:
        await cursor.execute(
            "select old, new, at, actor, reason, gates from block_step"
            " where block_id = %s order by id",
            (row.id,),
        )
        steps = await cursor.fetchall()
    return BlockDetail(block=row, proof=(await proof(db, [row]))[row.id], steps=tuple(steps))


async def proof(db: Db, rows: Sequence[BlockRow]) -> dict[int, tuple[Proof, ...]]:
    """For each block the best proof of every subscriber that takes it, by subscriber name.

    A subscriber takes it in the first of its feeds in which the block stands or stood; before it
    is published, in its home feed.
    """
    found = await (
        await db.execute(
            """
            select b.id, s.name, s.brand, p.name, s.mode, s.mandatory, t.serial,
                   r.at, r.since, l.at, e.marker, e.asked, e.notified
            from block b
            join lateral (
              select distinct on (n.subscriber_id) n.subscriber_id, n.feed_id,
                     coalesce(k.serial, b.published_serial) as serial
              from subscription n
              left join block_feed k on k.block_id = b.id and k.feed_id = n.feed_id
              where k.block_id is not null or n.feed_id = b.feed_id
              order by n.subscriber_id, n.position) t on true
            join subscriber s on s.id = t.subscriber_id and s.removed_at is null
            join party p on p.id = s.party_id
            left join lateral (select blocked_at as at, published_at as since from receipt
              where block_id = b.id and subscriber_id = s.id and kind = 'block' and grade = 'A') r
              on true
            left join lateral (select blocked_at as at from receipt
              where block_id = b.id and subscriber_id = s.id and kind = 'lift' and grade = 'A') l
              on true
            left join zone z on z.feed_id = t.feed_id
              and z.kind = case when b.trigger = 'qname' then 'hot' else 'ip' end
            left join endpoint_serial e on e.subscriber_id = s.id and e.zone_id = z.id
            where b.id = any(%s) order by b.id, s.name
            """,
            ([row.id for row in rows],),
        )
    ).fetchall()
    result: dict[int, list[Proof]] = {row.id: [] for row in rows}
    for block, name, brand, party, mode, mandatory, serial, at, since, lift, *held in found:
        result[block].append(
            Proof(
                subscriber=name,
                brand=brand,
                party=party,
                mode=mode,
                mandatory=mandatory,
                grade=_grade(serial, at, held),
                blocked_at=at,
                lifted_at=lift,
                seconds=(at - since).total_seconds() if at and since else None,
            )
        )
    return {block: tuple(proofs) for block, proofs in result.items()}


def _grade(serial: int | None, probed: datetime | None, held: Sequence[int | None]) -> Grade | None:
    if probed is not None:
        return Grade.PROBED
    if serial is None:
        return None
    for grade, value in zip((Grade.MARKER, Grade.TRANSFERRED, Grade.NOTIFIED), held, strict=True):
        if value is not None and (value == serial or serial_newer(value, serial)):
            return grade
    return None
