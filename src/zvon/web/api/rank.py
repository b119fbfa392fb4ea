"""Why the queue stands as it stands: weights, who changes them, and what would move."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.rank import Weights
from zvon.store import incident_rank, incident_rank_policy
from zvon.store.incident_rank_policy import RankChange
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.claims import Line
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class RankOut(Struct, frozen=True, kw_only=True):
    """The weights that hold (version 0 ships with the program)."""

    version: int
    weights: dict[str, Any]


class WeightsIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other weights."""

    weights: Weights


class RankChangeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other weights, and why."""

    weights: Weights
    reason: Line


class MoveOut(Struct, frozen=True, kw_only=True):
    """An incident that would stand elsewhere; places count from 1."""

    incident: UUID
    number: str
    was: int
    becomes: int


class PreviewOut(Struct, frozen=True, kw_only=True):
    """How many of the first `looked` would move within the top, and the first of them."""

    looked: int
    moved: int
    moves: list[MoveOut]


class RankChangeOut(Struct, frozen=True, kw_only=True):
    """A proposal of weights and what became of it."""

    id: UUID
    weights: dict[str, Any]
    reason: str
    state: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    version: int | None


class RankChanges(Struct, frozen=True, kw_only=True):
    """Proposals, the newest first."""

    changes: list[RankChangeOut]


class DecisionIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the second person approves."""

    approve: Annotated[bool, Meta(description="false rejects it")]


def change_out(c: RankChange) -> RankChangeOut:
    """A proposal as the API shows it."""
    return RankChangeOut(
        id=c.uuid, weights=c.weights, reason=c.reason, state=c.state, proposed_by=c.proposed_by,
        proposed_at=c.proposed_at, decided_by=c.decided_by, decided_at=c.decided_at,
        version=c.version,
    )  # fmt: skip


@get("/rank", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED))
async def get_rank(context: In, who: Who) -> RankOut:
    """The weights that hold now."""
    async with read(context.pool, who) as db:
        found = await incident_rank.current(db)
    return RankOut(version=found.version, weights=msgspec.to_builtins(found.weights))


@post(
    "/rank/preview", opt={"permission": Permission.RANK_MANAGE}, status_code=200,
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def preview(context: In, who: Who, data: WeightsIn) -> PreviewOut:
    """Which incidents other weights would move; nothing is written."""
    async with read(context.pool, who) as db:
        found = await incident_rank_policy.preview(db, who, data.weights, context.clock())
    return PreviewOut(
        looked=found.looked, moved=found.moved,
        moves=[MoveOut(incident=m.uuid, number=m.number, was=m.was, becomes=m.becomes)
               for m in found.moves],
    )  # fmt: skip


@get("/rank/changes", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED))
async def list_changes(context: In, who: Who) -> RankChanges:
    """Proposals of weights."""
    async with read(context.pool, who) as db:
        found = await incident_rank_policy.list_all(db, who)
    return RankChanges(changes=[change_out(c) for c in found])


@post("/rank/changes", opt={"permission": Permission.RANK_MANAGE}, responses=problems(*SIGNED, 422))
async def propose(context: In, who: Who, data: RankChangeIn) -> RankChangeOut:
    """Propose other weights; another person decides."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return change_out(
            await incident_rank_policy.propose(
                tx, who, data.weights, data.reason, now, context.random
            )
        )


@post(
    "/rank/changes/{id:uuid}/decision", opt={"permission": Permission.RANK_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def decide(context: In, who: Who, id: UUID, data: DecisionIn) -> RankChangeOut:
    """Approve or reject what another person proposed."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return change_out(
            await incident_rank_policy.decide(tx, who, id, approve=data.approve, now=now)
        )


router = Router(
    "/", route_handlers=[get_rank, preview, list_changes, propose, decide], tags=["queue"]
)
