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
    """A block as it stands. `incident_*` are `None` when the reader may not see the incident."""

    id: int
    uuid: UUID
    number: str
    name: str
    scope: Scope
    action: str
    state: BlockState
    feed: str
    feed_id: int
    reason: str
    legal_ground: str
    proposer_id: int
    proposer: str
    proposed_at: datetime
    expires_at: datetime
    approver: str | None
    approved_at: datetime | None
    held_rule: str | None
    published_serial: int | None
    published_at: datetime | None
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


SELECT = """
select b.id, b.uuid, b.number, b.name, b.scope, b.action, b.state, f.name as feed, b.feed_id,
       b.reason, b.legal_ground, b.proposer_id, p.login as proposer, b.proposed_at, b.expires_at,
       a.login as approver, a.at as approved_at, b.held_rule, b.published_serial, b.published_at,
       b.enforced_at, b.lifted_at, b.lift_reason, i.id as incident_id, i.uuid as incident_uuid,
       i.number as incident_number, b.version
from block b
join feed f on f.id = b.feed_id
join person p on p.id = b.proposer_id
left join incident i on i.id = b.incident_id
left join lateral (select ap.login, y.at from approval y join person ap on ap.id = y.person_id
                   where y.block_id = b.id and y.approves order by y.at limit 1) a on true
"""


async def read(db: Db, where: str, params: dict[str, Any], *, lock: bool = False) -> list[BlockRow]:
    """Blocks that meet `where`, by id; `where` is text of this package, never input."""
    async with db.cursor(row_factory=class_row(_Flat)) as cursor:
        tail = " order by b.id" + (" for update of b" if lock else "")
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
) -> BoardPage:
    """A page of blocks, newest first, each with the proof of every subscriber of its feed."""
    viewer.require(Permission.BLOCK_READ)
    async with db.cursor(row_factory=class_row(_Flat)) as cursor:
        await cursor.execute(
            (
                SELECT
                + """
                where (%(states)s::text[] is null or b.state = any(%(states)s))
                  and (%(after)s::bigint is null or b.id < %(after)s)
                  and (%(incident)s::bigint is null or b.incident_id = %(incident)s)
                order by b.id desc limit %(limit)s
                """
            ).encode(),
            {
                "states": None if states is None else [str(s) for s in states],
                "after": int(after) if after and after.isdigit() else None,
                "incident": incident_id,
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
    """For each block the best proof of every subscriber of its feed, by subscriber name."""
    found = await (
        await db.execute(
            """
            select b.id, s.name, s.brand, p.name, s.mode, s.mandatory, b.published_serial,
                   r.at, r.since, l.at, e.marker, e.asked, e.notified, b.published_at
            from block b
            join subscriber s on s.feed_id = b.feed_id and s.removed_at is null
            join party p on p.id = s.party_id
            left join lateral (select blocked_at as at, published_at as since from receipt
              where block_id = b.id and subscriber_id = s.id and kind = 'block' and grade = 'A') r
              on true
            left join lateral (select blocked_at as at from receipt
              where block_id = b.id and subscriber_id = s.id and kind = 'lift' and grade = 'A') l
              on true
            left join zone z on z.feed_id = b.feed_id and z.kind = 'hot'
            left join endpoint_serial e on e.subscriber_id = s.id and e.zone_id = z.id
            where b.id = any(%s) order by b.id, s.name
            """,
            ([row.id for row in rows],),
        )
    ).fetchall()
    result: dict[int, list[Proof]] = {row.id: [] for row in rows}
    for block, name, brand, party, mode, mandatory, serial, at, since, lift, *held, _ in found:
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
