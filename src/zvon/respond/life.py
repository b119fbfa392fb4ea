"""What people do with an incident's life beside moving it: alert verdicts, and second persons."""

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context, enqueue
from zvon.model.incident_life import Act, Precision, TimeOf, after_alert_verdict, moves_of
from zvon.model.lifecycle import IllegalMove, IncidentState
from zvon.model.verdict import AlertVerdict, Severity
from zvon.respond import decide, review
from zvon.store import countersign, incident_life, incident_verdict
from zvon.store import incident_decision as decision
from zvon.store.block_eyes import check_text
from zvon.store.countersign import Question
from zvon.store.incident_life import Moved
from zvon.store.review import Scale
from zvon.store.transaction import Tx, transaction

# The clocks of obligations run from these: a job computes their deadlines anew.
CLOCKS = "respond.obligation_aware"
_CLOCK_TIMES = frozenset({TimeOf.DETECTED, TimeOf.ASSESSED, TimeOf.AWARE, TimeOf.RESOLVED})
_BY_RULE = frozenset({IncidentState.REJECTED, IncidentState.CLOSED, IncidentState.RESOLVED})


class NeedsOther(ValueError):
    """A duplicate says of what, and nothing else does."""


async def alert_verdict(
    tx: Tx,
    viewer: Viewer,
    uuid: UUID,
    value: AlertVerdict | str,
    *,
    version: int,
    now: datetime,
    reason: str = "",
    confidence: float | None = None,
    of: UUID | None = None,
    follow: bool = True,
    random: Callable[[int], bytes] = os.urandom,
) -> None:
    """Say what the incident was; the state follows (`after_alert_verdict`) unless told not to.

    A duplicate (`of` another incident) is merged. `decide.undo` takes verdict and state back
    together. Where a rule asks for a second person nothing happens before that person says the
    same. Raises `Denied`, `NotFound`, `Stale`, `NeedsOther`, `BadDuplicate`, `IllegalMove`.
    """
    incident_life.require(viewer, Permission.INCIDENT_DECIDE, uuid)
    said = AlertVerdict(value)
    text = check_text("reason", reason) if reason else ""
    if (said is AlertVerdict.DUPLICATE) != (of is not None):
        raise NeedsOther("a duplicate needs the incident that it repeats, and nothing else has one")
    if of is not None:
        await decide.duplicate(tx, viewer, uuid, of, version=version, reason=text, now=now)
        current, other = await decision.lock(tx, uuid), await decision.lock(tx, of)
        if current.state is IncidentState.MERGED:  # not when it waits for a second person
            decided = await incident_verdict.last_decision(tx, current.id)
            await incident_verdict.attach(
                tx, viewer, current.id, said, decided, reason=text, confidence=confidence, now=now,
                of=other.id, random=random,
            )  # fmt: skip
        return
    current = await decision.lock(tx, uuid, version)
    if current.state is IncidentState.MERGED:
        raise IllegalMove("a merged incident is decided where it was merged into")
    state = after_alert_verdict(current.state, said) if follow else current.state
    if await review.held(tx, viewer, current, Scale.ALERT_VERDICT, said.value, state, text, now):
        return
    await incident_verdict.put(
        tx, viewer, current, said, state, reason=text, confidence=confidence, now=now,
        random=random,
    )  # fmt: skip


async def answer(
    tx: Tx, viewer: Viewer, question: UUID, *, agrees: bool, reason: str, now: datetime
) -> Question:
    """The second person: when they agree, what was asked happens in the same transaction.

    Raises `Denied`, `NoQuestion`, `Answered`, `OwnQuestion`, `IllegalMove`, `BadText`.
    """
    asked, current = await countersign.lock(tx, viewer, question)
    await countersign.put_answer(tx, viewer, asked, current, agrees=agrees, answer=reason, now=now)
    if agrees:
        await _do(tx, viewer, asked, current, now)
    return await countersign.one(tx.db, question)


async def _do(
    tx: Tx, viewer: Viewer, asked: Question, current: decision.Current, now: datetime
) -> None:
    body: dict[str, Any] = asked.body
    match Act(asked.act):
        case Act.CLOSE:
            await incident_life.apply(tx, viewer, current, IncidentState.CLOSED, asked.reason, now)
        case Act.SEVERITY:
            await incident_life.apply_severity(
                tx, viewer, current, Severity(body["from"]), Severity(body["to"]), asked.reason, now
            )
        case Act.AWARE:
            await incident_life.apply_time(
                tx, viewer, current, TimeOf.AWARE, datetime.fromisoformat(body["to"]),
                asked.reason, now, precision=Precision(body["precision"]),
            )  # fmt: skip
            await enqueue(tx, CLOCKS, {"incident": str(asked.incident)})


async def move(
    tx: Tx, viewer: Viewer, uuid: UUID, to: IncidentState | str, version: int, reason: str,
    now: datetime, *, until: datetime | None = None,
) -> Moved:  # fmt: skip
    """Take an incident to another state; see `incident_life.move`, whose errors it raises.

    Where a rule asks for a second person the standing verdict is this one's opinion, and nothing
    moves before the second says the same.
    """
    incident_life.require(viewer, Permission.INCIDENT_DECIDE, uuid)
    new = IncidentState(to)
    if new in _BY_RULE:
        current = await decision.lock(tx, uuid, version)
        standing = await incident_life.said(tx, current.id)
        if new in moves_of(current.state) and standing is not None:
            text = check_text("reason", reason) if reason else ""
            if await review.held(
                tx, viewer, current, Scale.ALERT_VERDICT, standing.value, new, text, now
            ):
                return Moved(state=current.state, reviewed=True)
    moved = await incident_life.move(tx, viewer, uuid, new, version, reason, now, until=until)
    if moved.state is IncidentState.RESOLVED:
        await enqueue(tx, CLOCKS, {"incident": str(uuid)})
    return moved


async def set_time(
    tx: Tx, viewer: Viewer, uuid: UUID, what: TimeOf, at: datetime, *, reason: str,
    now: datetime, precision: Precision = Precision.EXACT,
) -> UUID | None:  # fmt: skip
    """State a time, and have the deadlines that run from it computed anew.

    Later awareness waits for a second person, whose question comes back.
    """
    asked = await incident_life.set_time(
        tx, viewer, uuid, what, at, reason=reason, now=now, precision=precision
    )
    if asked is None and what in _CLOCK_TIMES:
        await enqueue(tx, CLOCKS, {"incident": str(uuid)})
    return asked


async def wake(context: Context, _payload: dict[str, Any]) -> None:
    """The job that brings back what was on hold until now."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await incident_life.wake(tx, now)
