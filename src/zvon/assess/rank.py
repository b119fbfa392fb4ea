"""The order of the queue: how sure, how urgent, and how much the address looks like phishing.

The lexical model has a bounded say in the verdict (`score_facts`); here it orders the queue.
"""

from collections.abc import Sequence

from msgspec import Struct

from zvon.assess.decide import blamed
from zvon.assess.facts import Facts
from zvon.model.verdict import Reason, Verdict

SURE, URGENT, LIKENESS = 100.0, 30.0, 10.0
NOTEWORTHY = 0.5


class Lexical(Struct, frozen=True):
    """The score of the address that looks worst, and the model that gave it."""

    score: float
    model: str


def lexical(facts: Facts, model: str | None) -> Lexical | None:
    """The worst score of the targets; `None` without targets or without the `model`."""
    scores = [target.score for target in blamed(facts) if target.score is not None]
    return Lexical(max(scores), model) if scores and model is not None else None


def rank(
    verdict: Verdict, urgent: Sequence[str], likeness: Lexical | None
) -> tuple[float, tuple[Reason, ...]]:
    """The rank of a report and what it is made of; `weight` is the share in points."""
    probability = verdict.probability or 0.0
    why = [Reason(code="RANK_PROBABILITY", params={"percent": round(100 * probability)},
                  weight=SURE * probability,
                  source=verdict.models[0] if verdict.models else "")]  # fmt: skip
    why += [Reason(code="RANK_ENTERED", params={"what": name}, weight=URGENT, source="reporter")
            for name in urgent if name != "linked_device"]  # fmt: skip
    if likeness is not None:
        code = "LEXICAL" if likeness.score >= NOTEWORTHY else "LEXICAL_LOW"
        why.append(Reason(code=code, weight=LIKENESS * likeness.score,
                          source=f"model:{likeness.model}"))  # fmt: skip
    return round(sum(reason.weight for reason in why), 6), tuple(why)
