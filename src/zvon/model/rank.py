"""Where an incident stands in the queue: points that add up, each with its reason.

The same function ranks what citizens reported and what sensors found. Facts come in, the clock
too; weights are a versioned policy (`rank.toml` ships, rows of `policy` named `rank` follow).
"""

import math
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from zvon.model.verdict import Reason

SHOWN = 5
"""So many of the largest terms are shown with a rank."""

Points = Annotated[float, Meta(ge=0.0, le=1000.0)]
SEVERITIES = 5
TOP_WORTH = 5
MOST_LEVELS = 3


class BadWeights(ValueError):
    """The weights mean nothing: out of range, or not in the order that they need."""


class Weights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points for each fact; the comments of `rank.toml` say what is multiplied by what.

    `severity` is by level, unknown first, and never falls. `age` holds pairs of hours waited and
    points, both rising. Raises `BadWeights`.
    """

    reported: Points
    reporters: Points
    alerts: Points
    novelty: Points
    novelty_most: Points
    severity: Annotated[tuple[Points, ...], Meta(min_length=SEVERITIES, max_length=SEVERITIES)]
    asset: Points
    intelligence: Points
    triage: Points
    escalation: Points
    age: Annotated[tuple[tuple[Points, Points], ...], Meta(max_length=20)]

    def __post_init__(self) -> None:
        numbers = [getattr(self, name) for name in PLAIN]
        numbers += [*self.severity, *(n for pair in self.age for n in pair)]
        if not all(math.isfinite(n) for n in numbers):
            raise BadWeights("every weight is a finite number")
        if any(low > high for low, high in pairwise(self.severity)):
            raise BadWeights("severity: a worse one never weighs less")
        if any(a[0] >= b[0] or a[1] > b[1] for a, b in pairwise(self.age)):
            raise BadWeights("age: hours rise, and points do not fall")


PLAIN = ("reported", "reporters", "alerts", "novelty", "novelty_most", "asset", "intelligence",
         "triage", "escalation")  # fmt: skip


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of an incident and counts for its place.

    `reported` are the terms of what its reports say (`assess.rank`), `trust` is the trust
    (0 to 1) in the best source that names a value of it, `source` that source's name, `worth` of
    the dearest thing of ours it touches, `asset` that thing. `triage` is a calibrated probability,
    `None` without alerts that a model scored.
    """

    first_at: datetime
    reported: tuple[Reason, ...] = ()
    reports: int = 0
    alerts: int = 0
    novelty: float = 0.0
    severity: int = 0
    worth: int = 0
    asset: str = ""
    trust: float = 0.0
    source: str = ""
    triage: float | None = None
    escalation: int = 0


class Ranked(Struct, frozen=True, kw_only=True):
    """The place: all terms, the largest first, their sum, and when the age next weighs more."""

    total: float
    terms: tuple[Reason, ...]
    next_at: datetime | None


class Lift(Struct, frozen=True, kw_only=True):
    """What would take an incident further up, and by how many points."""

    code: str
    points: float
    params: dict[str, Any] = {}


@cache
def shipped() -> Weights:
    """The weights that ship."""
    return read(tomllib.loads((files("zvon.model") / "rank.toml").read_text("utf-8")))


def read(body: Any) -> Weights:
    """Weights of a policy row or a request. Raises `BadWeights`."""
    try:
        return msgspec.convert(body, Weights)
    except msgspec.ValidationError as wrong:
        raise BadWeights(str(wrong)) from None


def rank(facts: Facts, weights: Weights, now: datetime) -> Ranked:
    """Points for each fact, added up; a fact without points is no term."""
    w = weights
    waited = _hours(facts, now)
    level = min(max(facts.severity, 0), SEVERITIES - 1)
    terms = [msgspec.structs.replace(r, weight=r.weight * w.reported) for r in facts.reported]
    terms += [
        _term("RANK_REPORTERS", w.reporters * math.log2(max(facts.reports, 1)), n=facts.reports),
        _term("RANK_ALERTS", w.alerts * math.log2(1 + max(facts.alerts, 0)), n=facts.alerts),
        _term("RANK_NOVELTY", w.novelty * min(max(facts.novelty, 0.0), w.novelty_most)),
        _term(f"RANK_SEVERITY_{level}", w.severity[level]),
        _term("RANK_ASSET", w.asset * facts.worth, what=facts.asset, worth=facts.worth),
        _term("RANK_INTELLIGENCE", w.intelligence * facts.trust, source=facts.source,
              percent=round(100 * facts.trust)),
        _term("RANK_ALERT_MODEL", w.triage * (facts.triage or 0.0),
              percent=round(100 * (facts.triage or 0.0))),
        _term("RANK_ESCALATION", w.escalation * min(facts.escalation, MOST_LEVELS)),
        _term("RANK_AGE", _age(w.age, waited), n=_reached(w.age, waited)),
    ]  # fmt: skip
    kept = sorted((t for t in terms if t.weight), key=lambda t: (-t.weight, t.code))
    coming = [hours for hours, _ in w.age if hours > waited]
    return Ranked(
        total=round(math.fsum(t.weight for t in kept), 6),
        terms=tuple(kept),
        next_at=facts.first_at + timedelta(hours=coming[0]) if coming else None,
    )


def lift(facts: Facts, weights: Weights, now: datetime, most: int = 3) -> tuple[Lift, ...]:
    """What would lift it most: for each fact that can still grow, its next step."""
    w, waited = weights, _hours(facts, now)
    level = min(max(facts.severity, 0), SEVERITIES - 1)
    reports, alerts = max(facts.reports, 1), max(facts.alerts, 0)
    steps = [
        Lift(code="LIFT_REPORTS", params={"n": reports},
             points=w.reporters * (math.log2(2 * reports) - math.log2(reports))),
        Lift(code="LIFT_INTELLIGENCE", points=w.intelligence * (1.0 - facts.trust)),
        Lift(code="LIFT_ASSET", points=w.asset * (TOP_WORTH - facts.worth)),
    ]  # fmt: skip
    if alerts:
        steps.append(Lift(code="LIFT_ALERTS", params={"n": alerts},
                          points=w.alerts * (math.log2(1 + 2 * alerts) - math.log2(1 + alerts))))  # fmt: skip
    if level + 1 < SEVERITIES:
        steps.append(Lift(code=f"LIFT_SEVERITY_{level + 1}",
                          points=w.severity[level + 1] - w.severity[level]))  # fmt: skip
    if facts.escalation < MOST_LEVELS:
        steps.append(Lift(code="LIFT_ESCALATION", points=w.escalation))
    coming = [(hours, points) for hours, points in w.age if hours > waited]
    if coming:
        steps.append(Lift(code="LIFT_AGE", params={"n": max(1, math.ceil(coming[0][0] - waited))},
                          points=coming[0][1] - _age(w.age, waited)))  # fmt: skip
    best = sorted((s for s in steps if s.points > 0), key=lambda s: (-s.points, s.code))
    return tuple(msgspec.structs.replace(s, points=round(s.points, 3)) for s in best[:most])


def _term(code: str, points: float, **params: str | int) -> Reason:
    return Reason(code=code, params=params, weight=round(points, 6), source="rank")


def _hours(facts: Facts, now: datetime) -> float:
    # A clock that went back makes nothing younger than new.
    return max(0.0, (now - facts.first_at).total_seconds() / 3600)


def _age(steps: Sequence[tuple[float, float]], waited: float) -> float:
    return max((points for hours, points in steps if hours <= waited), default=0.0)


def _reached(steps: Sequence[tuple[float, float]], waited: float) -> int:
    return int(max((hours for hours, _ in steps if hours <= waited), default=0.0))
