"""What people may do with an incident's life, as tables: moves, reasons, times, second persons."""

from enum import StrEnum

from zvon.model.lifecycle import INCIDENT_MOVES, IllegalMove, IncidentState
from zvon.model.verdict import AlertVerdict

S = IncidentState


class Lane(StrEnum):
    """The two lanes of a timeline: by the attacker's time, and what was done about it."""

    ATTACK = "attack"
    RESPONSE = "response"


class Precision(StrEnum):
    """How well a time is known."""

    EXACT = "exact"
    ABOUT = "about"
    BEFORE = "before"


class TimeOf(StrEnum):
    """The times of an incident; `aware` is what legal clocks run from."""

    OCCURRED = "occurred"
    DETECTED = "detected"
    REPORTED = "reported"
    ACKNOWLEDGED = "acknowledged"
    ASSESSED = "assessed"
    AWARE = "aware"
    CONTAINED = "contained"
    RESOLVED = "resolved"


class Act(StrEnum):
    """What takes two people: closing a critical one, taking critical back, later awareness."""

    CLOSE = "close"
    SEVERITY = "severity"
    AWARE = "aware"


# Merging and taking a merge back are acts of their own; only machines say `new`.
_NOT_BY_MOVE = frozenset({S.MERGED, S.NEW})
REOPENED = frozenset({S.RESOLVED, S.CLOSED, S.REJECTED})
_NEEDS_REASON = frozenset({S.ON_HOLD, S.REJECTED})

# What a true positive cannot be: it happened, so it is resolved and not rejected.
REJECTING = frozenset(
    {AlertVerdict.FALSE_POSITIVE, AlertVerdict.BENIGN_POSITIVE, AlertVerdict.UNDETERMINED}
)


def moves_of(state: IncidentState) -> tuple[IncidentState, ...]:
    """Where a person may take an incident, in the order of the states; buttons are made of it."""
    if state is S.MERGED:
        return ()
    return tuple(to for to in S if to in INCIDENT_MOVES[state] and to not in _NOT_BY_MOVE)


def needs_reason(old: IncidentState, new: IncidentState) -> bool:
    """True when a person has to say why: holding, rejecting, and everything that reopens."""
    return new in _NEEDS_REASON or (old in REOPENED and new is not S.CLOSED)


def after_alert_verdict(state: IncidentState, value: AlertVerdict) -> IncidentState:
    """Where the state follows when a person says what the incident was; often it stays.

    A verdict is apart from the state: what was resolved stays resolved. Raises `IllegalMove` for
    a merged one.
    """
    if state is S.MERGED:
        raise IllegalMove("a merged incident is decided where it was merged into")
    match value:
        case AlertVerdict.TRUE_POSITIVE:
            return S.OPEN if state in {S.NEW, S.TRIAGE, S.REJECTED} else state
        case AlertVerdict.FALSE_POSITIVE | AlertVerdict.BENIGN_POSITIVE:
            ends = {S.CONTAINED: S.RESOLVED, S.RESOLVED: S.RESOLVED, S.CLOSED: S.CLOSED}
            return ends.get(state, S.REJECTED)
        case AlertVerdict.DUPLICATE:
            return S.MERGED
        case AlertVerdict.UNDETERMINED:
            return S.TRIAGE if state is S.NEW else state
