"""Whose a piece of text is, and what happens to it before it leaves."""

from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """Whose the value is, seen from the incident."""

    VICTIM = "victim"
    REPORTER = "reporter"
    BYSTANDER = "bystander"
    ATTACKER = "attacker"
    INFRASTRUCTURE = "infrastructure"
    BRAND = "brand"
    REFERENCE = "reference"
    UNSURE = "unsure"


class SpanState(StrEnum):
    """What happens to the span; the first three remove it."""

    PSEUDONYMISE = "pseudonymise"
    REDACT = "redact"
    GENERALISE = "generalise"
    KEEP = "keep"
    ASK = "ask"

    @property
    def removes(self) -> bool:
        """True when the original does not leave."""
        return self is not SpanState.KEEP and self is not SpanState.ASK


class SpanEvidence(Struct, frozen=True):
    """One term of a decision: the rule that spoke, its weight in log-odds, and where."""

    rule: str
    weight: float
    start: int
    end: int


class SpanDecision(Struct, frozen=True, kw_only=True):
    """One span of a text and what becomes of it; offsets are half-open code points."""

    part: str
    start: int
    end: int
    text: str
    type: str
    role: Role
    state: SpanState
    replacement: str | None
    entity: str
    p_attacker: float
    decided_by: str = "rule"
    evidence: tuple[SpanEvidence, ...] = ()
    inner: tuple["SpanDecision", ...] = ()
