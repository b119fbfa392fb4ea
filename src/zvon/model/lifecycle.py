"""The lives of a block and of an incident: the states, and the only moves between them.

An incident goes back to `triage` when the verdict that opened it is undone. The same tables are
the `transition` rows in the database, where triggers enforce them.
"""

from enum import StrEnum

from zvon.model.verdict import VerdictWord


class BlockState(StrEnum):
    """Where a block stands; only a probe's answer makes `enforced`."""

    PROPOSED = "proposed"
    VALIDATED = "validated"
    APPROVED = "approved"
    PUBLISHED = "published"
    ENFORCED = "enforced"
    EXPIRING = "expiring"
    LIFTED = "lifted"
    HELD = "held"
    REJECTED = "rejected"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class IncidentState(StrEnum):
    """Where the work on an incident stands."""

    NEW = "new"
    TRIAGE = "triage"
    OPEN = "open"
    CONTAINED = "contained"
    RESOLVED = "resolved"
    CLOSED = "closed"
    ON_HOLD = "on_hold"
    REJECTED = "rejected"
    MERGED = "merged"


class IllegalMove(ValueError):
    """The life-cycle table has no such move."""


B, I = BlockState, IncidentState  # noqa: E741

BLOCK_MOVES: dict[BlockState, frozenset[BlockState]] = {
    B.PROPOSED: frozenset({B.VALIDATED, B.HELD, B.WITHDRAWN, B.REJECTED}),
    # Published without approval: a trusted partner's hour. The database lets nothing else by.
    B.VALIDATED: frozenset({B.APPROVED, B.PUBLISHED, B.HELD, B.REJECTED, B.DISPUTED, B.WITHDRAWN}),
    B.APPROVED: frozenset({B.PUBLISHED, B.HELD, B.WITHDRAWN}),
    B.PUBLISHED: frozenset({B.ENFORCED, B.FAILED, B.EXPIRING, B.DISPUTED, B.LIFTED}),
    B.ENFORCED: frozenset({B.EXPIRING, B.DISPUTED, B.LIFTED, B.FAILED}),
    B.EXPIRING: frozenset({B.ENFORCED, B.PUBLISHED, B.LIFTED, B.DISPUTED}),
    B.FAILED: frozenset({B.ENFORCED, B.LIFTED, B.DISPUTED, B.EXPIRING}),
    B.DISPUTED: frozenset({B.APPROVED, B.PUBLISHED, B.ENFORCED, B.LIFTED, B.REJECTED}),
    B.HELD: frozenset({B.VALIDATED, B.REJECTED, B.WITHDRAWN}),
    B.REJECTED: frozenset(),
    B.WITHDRAWN: frozenset(),
    B.LIFTED: frozenset(),
}

LIVE_BLOCK: frozenset[BlockState] = frozenset(
    {B.PUBLISHED, B.ENFORCED, B.EXPIRING, B.FAILED, B.DISPUTED}
)

INCIDENT_MOVES: dict[IncidentState, frozenset[IncidentState]] = {
    I.NEW: frozenset({I.TRIAGE, I.OPEN, I.ON_HOLD, I.REJECTED, I.MERGED, I.RESOLVED}),
    I.TRIAGE: frozenset({I.OPEN, I.ON_HOLD, I.REJECTED, I.MERGED, I.RESOLVED}),
    I.OPEN: frozenset({I.TRIAGE, I.CONTAINED, I.RESOLVED, I.ON_HOLD, I.REJECTED, I.MERGED}),
    I.CONTAINED: frozenset({I.OPEN, I.RESOLVED, I.ON_HOLD, I.MERGED}),
    I.RESOLVED: frozenset({I.OPEN, I.CLOSED}),
    I.CLOSED: frozenset({I.OPEN}),
    I.ON_HOLD: frozenset({I.TRIAGE, I.OPEN, I.CONTAINED, I.REJECTED, I.MERGED}),
    I.REJECTED: frozenset({I.TRIAGE, I.OPEN}),
    # What was merged comes back as it was, also from where work was under way.
    I.MERGED: frozenset({I.NEW, I.TRIAGE, I.OPEN, I.CONTAINED, I.ON_HOLD}),
}


def check_block_move(old: BlockState, new: BlockState) -> None:
    """Raise `IllegalMove` unless a block may go from `old` to `new`."""
    if new not in BLOCK_MOVES[old]:
        raise IllegalMove(f"a block cannot go from {old} to {new}")


def check_incident_move(old: IncidentState, new: IncidentState) -> None:
    """Raise `IllegalMove` unless an incident may go from `old` to `new`."""
    if new not in INCIDENT_MOVES[old]:
        raise IllegalMove(f"an incident cannot go from {old} to {new}")


def after_verdict(state: IncidentState, word: VerdictWord) -> IncidentState:
    """Where a person's verdict takes an incident; raises `IllegalMove` for a merged one.

    Malicious opens it (again), benign ends it, anything else takes it up for triage.
    """
    if state == I.MERGED:
        raise IllegalMove("a merged incident is decided where it was merged into")
    if word == VerdictWord.BENIGN:
        ends = {I.CONTAINED: I.RESOLVED, I.RESOLVED: I.RESOLVED, I.CLOSED: I.CLOSED}
        return ends.get(state, I.REJECTED)
    if state in {I.RESOLVED, I.CLOSED}:
        return I.OPEN
    if word == VerdictWord.MALICIOUS:
        return state if state == I.CONTAINED else I.OPEN
    return I.TRIAGE if state in {I.NEW, I.REJECTED} else state


def after_undo(now: IncidentState, decided: IncidentState, before: IncidentState) -> IncidentState:
    """Where undoing a decision takes an incident that it took from `before` to `decided`.

    What went on since (`now` is no longer `decided`) is not turned back.
    """
    if now != decided or before == decided:
        return now
    # What was on hold is looked at again: how long it should wait is not known any more.
    again = before == I.ON_HOLD or (before == I.NEW and now != I.MERGED)
    target = I.TRIAGE if again else before
    return target if target in INCIDENT_MOVES[now] else now
