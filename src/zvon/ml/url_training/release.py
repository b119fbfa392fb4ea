"""The release gate: may a candidate take the place of the model in use?"""

from enum import StrEnum

from msgspec import Struct

from zvon.ml.url_training.judge import Figures

# Share of harmless rows of a stratum above the 1 % threshold; twice that refuses. Deep links and
# free hosting have a little more: some of what the lists call harmless there is not.
BUDGETS = {
    "home page": 0.01, "deep link": 0.0125, "account page": 0.01, "free hosting": 0.0125,
    "shortener": 0.01, "si and hr": 0.005, "telemetry": 0.015,
}  # fmt: skip
LEAST_ROWS = 50  # a stratum with fewer rows is reported and does not refuse
MOST_ECE = 0.01
MOST_BYTES = 5_000_000
LEAST_SPEED = 50_000.0
MOST_LOSS = 0.01  # of TPR at 0.1 %, lower end of the 95 % interval


class Rule(StrEnum):
    """What the gate asks for."""

    STRATUM = "stratum"
    PINNED = "pinned"
    CALIBRATION = "calibration"
    SIZE = "size"
    SPEED = "speed"
    WORSE = "worse"
    NOT_COMPARED = "not compared"


class Refusal(Struct, frozen=True):
    """One rule that the candidate breaks; `found` and `limit` in the rule's own unit."""

    rule: Rule
    what: str
    found: float
    limit: float


def gate(candidate: Figures, champion: Figures | None) -> tuple[Refusal, ...]:
    """Every reason against promoting `candidate`; empty when a person may promote it.

    With a model in use, `candidate.change` must be there: the paired comparison on one window.
    Speed that was not measured (0) does not refuse.
    """
    out = [
        Refusal(Rule.STRATUM, s.name, s.at_1pct, 2 * BUDGETS[s.name])
        for s in candidate.strata
        if not s.phishing
        and s.name in BUDGETS
        and s.n >= LEAST_ROWS
        and s.at_1pct > 2 * BUDGETS[s.name]
    ]
    if candidate.alarms:
        out.append(Refusal(Rule.PINNED, "si and hr", candidate.alarms, 0))
    if candidate.ece > MOST_ECE:
        out.append(Refusal(Rule.CALIBRATION, "ece", candidate.ece, MOST_ECE))
    if candidate.size > MOST_BYTES:
        out.append(Refusal(Rule.SIZE, "bytes", candidate.size, MOST_BYTES))
    if 0 < candidate.speed < LEAST_SPEED:
        out.append(Refusal(Rule.SPEED, "addresses per second", candidate.speed, LEAST_SPEED))
    if champion is not None:
        if candidate.change is None:
            out.append(Refusal(Rule.NOT_COMPARED, "no paired comparison", 0, 1))
        elif candidate.change.low < -MOST_LOSS:
            out.append(
                Refusal(Rule.WORSE, candidate.change.against, candidate.change.low, -MOST_LOSS)
            )
    return tuple(out)
