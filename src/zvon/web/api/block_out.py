"""What the API shows of a block."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from zvon.store.block_row import BlockDetail, BlockRow, Proof, Stage, Step, stages


class ProofOut(Struct, frozen=True, kw_only=True):
    """What is known of one subscriber: grade A probed, B marker, C transferred, D notified."""

    subscriber: str
    brand: str
    party: str
    mode: str
    mandatory: bool
    grade: str | None
    blocked_at: datetime | None
    lifted_at: datetime | None
    seconds: float | None


class StageOut(Struct, frozen=True, kw_only=True):
    """A station of the proof; `seconds` since the approval, null when it is not reached."""

    stage: str
    at: datetime | None
    seconds: float | None


class BlockOut(Struct, frozen=True, kw_only=True):
    """A block and its proof. `name` is an address prefix for the triggers `ip` and `nsip`.

    `confirm_by` is set while the block rests on the word of one trusted partner. `advice` is what
    the last retest says to whoever decides: renew, lift, or look yourself. `timeline` goes from the
    approval to the last resolver.
    """

    id: UUID
    number: str
    trigger: str
    name: str
    scope: str
    action: str
    category: str
    confidence: float
    source: str
    evidence: list[str]
    order_number: str | None
    state: str
    feed: str
    reason: str
    legal_ground: str
    proposer: str
    proposed_at: datetime
    approver: str | None
    approved_at: datetime | None
    expires_at: datetime
    confirm_by: datetime | None
    retest_at: datetime | None
    advice: str | None
    advice_facts: dict[str, Any]
    advised_at: datetime | None
    renewals: int
    held_rule: str | None
    published_serial: int | None
    published_at: datetime | None
    first_enforced_at: datetime | None
    enforced_at: datetime | None
    lifted_at: datetime | None
    lift_reason: str | None
    incident: UUID | None
    incident_number: str | None
    timeline: list[StageOut]
    proof: list[ProofOut]


class StepOut(Struct, frozen=True, kw_only=True):
    """One move in the life of a block."""

    old: str | None
    new: str
    at: datetime
    actor: str
    reason: str
    gates: list[dict[str, Any]]


class BlockDetailOut(BlockOut, frozen=True, kw_only=True):
    """A block with its whole life."""

    steps: list[StepOut]


class Blocks(Struct, frozen=True, kw_only=True):
    """A page of blocks; `next` goes into `after` for the following page."""

    blocks: list[BlockOut]
    next: str | None = None


def block_out(row: BlockRow, proof: Sequence[Proof] = ()) -> BlockOut:
    """What the API shows of a block."""
    return BlockOut(**_fields(row, proof))


def _fields(row: BlockRow, proof: Sequence[Proof]) -> dict[str, Any]:
    return {
        "id": row.uuid, "number": row.number, "trigger": row.trigger, "name": row.name,
        "scope": row.scope.value, "action": row.action, "category": row.category,
        "confidence": row.confidence, "source": row.source, "evidence": row.evidence,
        "order_number": row.order_number, "confirm_by": row.confirm_by,
        "retest_at": row.retest_at, "advice": row.advice, "advice_facts": row.advice_facts,
        "advised_at": row.advised_at, "renewals": row.renewals,
        "first_enforced_at": row.first_enforced_at,
        "timeline": [_stage(stage) for stage in stages(row)], "state": row.state.value, "feed": row.feed, "reason": row.reason,
        "legal_ground": row.legal_ground, "proposer": row.proposer,
        "proposed_at": row.proposed_at, "approver": row.approver, "approved_at": row.approved_at,
        "expires_at": row.expires_at, "held_rule": row.held_rule,
        "published_serial": row.published_serial, "published_at": row.published_at,
        "enforced_at": row.enforced_at, "lifted_at": row.lifted_at,
        "lift_reason": row.lift_reason, "incident": row.incident_uuid,
        "incident_number": row.incident_number,
        "proof": [
            ProofOut(
                subscriber=p.subscriber, brand=p.brand, party=p.party, mode=p.mode,
                mandatory=p.mandatory, grade=p.grade.value if p.grade else None,
                blocked_at=p.blocked_at, lifted_at=p.lifted_at, seconds=p.seconds,
            )
            for p in proof
        ],
    }  # fmt: skip


def detail_out(found: BlockDetail) -> BlockDetailOut:
    """What the API shows of a block whole."""
    return BlockDetailOut(
        **_fields(found.block, found.proof), steps=[_step(s) for s in found.steps]
    )


def _stage(stage: Stage) -> StageOut:
    return StageOut(stage=stage.stage, at=stage.at, seconds=stage.seconds)


def _step(step: Step) -> StepOut:
    return StepOut(old=step.old, new=step.new, at=step.at, actor=step.actor, reason=step.reason,
                   gates=step.gates)  # fmt: skip
