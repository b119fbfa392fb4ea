"""The weights of the queue: one person proposes others, sees what would move, another approves."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model import rank as model
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.rank import Weights
from zvon.store.incident_rank import POLICY, current
from zvon.store.incident_rank_facts import facts
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

LOOKED, TOP, MOVES = 500, 100, 50
"""A preview ranks the first `LOOKED` anew and tells of moves into, out of or within the first
`TOP`, the first `MOVES` of them one by one."""


class NoChange(LookupError):
    """There is no such proposal."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"no change of weights {uuid}")


class NotInState(ValueError):
    """The proposal was decided already, or the weights changed since it was made."""


class OwnChange(Refused):
    """The second person is another one."""


class Move(Struct, frozen=True, kw_only=True):
    """An incident that would stand elsewhere; places count from 1."""

    uuid: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    was: int
    becomes: int


class Preview(Struct, frozen=True, kw_only=True):
    """What other weights would do to the top of the queue as the viewer sees it."""

    looked: int
    moved: int
    moves: tuple[Move, ...]


class RankChange(Struct, frozen=True, kw_only=True):
    """A proposal of weights; `version` is what it became."""

    uuid: UUID
    weights: dict[str, Any]
    reason: str
    state: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    version: int | None


_SELECT = """
select c.uuid, c.weights, c.reason, c.state, p.login as proposed_by, c.proposed_at,
       d.login as decided_by, c.decided_at, c.version
from rank_change c join person p on p.id = c.proposed_by left join person d on d.id = c.decided_by
"""


async def preview(db: Db, viewer: Viewer, weights: Weights, now: datetime) -> Preview:
    """Which of the incidents that the viewer sees would move."""
    viewer.require(Permission.RANK_MANAGE)
    viewer.require(Permission.INCIDENT_READ)
    rows = await (
        await db.execute(
            "select id, uuid, number, title, title_params from incident where waiting"
            " order by rank desc, id desc limit %s",
            (LOOKED,),
        )
    ).fetchall()
    known = await facts(db, [row[0] for row in rows], now)
    old = _places({i: model.rank(f, (await current(db)).weights, now).total
                   for i, f in known.items()})  # fmt: skip
    new = _places({i: model.rank(f, weights, now).total for i, f in known.items()})
    moves = [
        Move(uuid=row[1], number=row[2], title=row[3], title_params=row[4], was=old[row[0]],
             becomes=new[row[0]])
        for row in rows if old[row[0]] != new[row[0]] and min(old[row[0]], new[row[0]]) <= TOP
    ]  # fmt: skip
    moves.sort(key=lambda m: (m.becomes, m.was))
    return Preview(looked=len(rows), moved=len(moves), moves=tuple(moves[:MOVES]))


async def propose(
    tx: Tx,
    viewer: Viewer,
    weights: Weights,
    reason: str,
    now: datetime,
    random: Callable[[int], bytes],
) -> RankChange:
    """Propose other weights; nothing moves until another person approves."""
    viewer.require(Permission.RANK_MANAGE)
    uuid = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        "insert into rank_change (uuid, weights, reason, proposed_by, proposed_at)"
        " values (%s, %s, %s, %s, %s)",
        (uuid, Jsonb(msgspec.to_builtins(weights)), _reason(reason), viewer.person_id, now),
    )
    tx.audit(AuditEntry(actor=viewer.login, action="rank:propose", object=f"rank_change:{uuid}",
                        detail={"reason": reason}))  # fmt: skip
    return await get(tx.db, viewer, uuid)


async def decide(tx: Tx, viewer: Viewer, uuid: UUID, *, approve: bool, now: datetime) -> RankChange:
    """The second person's word. Approved weights hold at once; the job ranks by them.

    Raises `OwnChange`, `NotInState`, `NoChange`.
    """
    viewer.require(Permission.RANK_MANAGE)
    # All proposals queue up here, so that two approvals never make the same version.
    await tx.execute("lock table rank_change in share row exclusive mode")
    row = await (
        await tx.execute(
            "select id, state, proposed_by, weights, proposed_at from rank_change where uuid = %s",
            (uuid,),
        )
    ).fetchone()
    if row is None:
        raise NoChange(uuid)
    id_, state, proposed_by, weights, proposed_at = row
    if state != "proposed":
        raise NotInState(f"this change was {state} already")
    if proposed_by == viewer.person_id:
        raise OwnChange(
            "you proposed these weights; another person decides",
            AuditEntry(actor=viewer.login, action="rank:decide", object=f"rank_change:{uuid}",
                       outcome="refused", rule="four_eyes"),
        )  # fmt: skip
    version = None
    if approve:
        version = await _publish(tx, viewer, model.read(weights), proposed_at, now)
    await tx.execute(
        "update rank_change set state = %s, decided_by = %s, decided_at = %s, version = %s"
        " where id = %s",
        ("approved" if approve else "rejected", viewer.person_id, now, version, id_),
    )
    tx.audit(AuditEntry(actor=viewer.login, action="rank:approve" if approve else "rank:reject",
                        object=f"rank_change:{uuid}", detail={"version": version}))  # fmt: skip
    return await get(tx.db, viewer, uuid)


async def list_all(db: Db, viewer: Viewer, most: int = 50) -> list[RankChange]:
    """Proposals, the newest first."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(RankChange)) as cursor:
        await cursor.execute(_SELECT + "order by c.id desc limit %s", (most,))
        return await cursor.fetchall()


async def get(db: Db, viewer: Viewer, uuid: UUID) -> RankChange:
    """One proposal. Raises `NoChange`."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(RankChange)) as cursor:
        await cursor.execute(_SELECT + "where c.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoChange(uuid)
    return found


def weights_of(change: RankChange) -> Weights:
    """The proposed weights as a value."""
    return model.read(change.weights)


async def _publish(
    tx: Tx, viewer: Viewer, weights: Weights, proposed_at: datetime, now: datetime
) -> int:
    row = await (
        await tx.execute(
            "select coalesce(max(version), 0), max(at) from policy where name = %s", (POLICY,)
        )
    ).fetchone()
    assert row is not None
    if row[1] is not None and row[1] > proposed_at:
        raise NotInState("the weights changed since this was proposed; look at it again")
    version = int(row[0]) + 1
    await tx.execute(
        "insert into policy (name, version, body, at, by_person) values (%s, %s, %s, %s, %s)",
        (POLICY, version, Jsonb(msgspec.to_builtins(weights)), now, viewer.person_id),
    )
    return version


def _places(totals: dict[int, float]) -> dict[int, int]:
    ordered = sorted(totals, key=lambda i: (-totals[i], -i))
    return {id_: place for place, id_ in enumerate(ordered, start=1)}


def _reason(text: str) -> str:
    clean = text.strip()
    if not 3 <= len(clean) <= 500:
        raise ValueError("reason: 3 to 500 characters")
    return clean


__all__ = ["Move", "NoChange", "NotInState", "OwnChange", "Preview", "RankChange", "decide", "get",
           "list_all", "preview", "propose"]  # fmt: skip
