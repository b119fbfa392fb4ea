"""What a report, an observable or an incident is, and why we think so."""

from collections.abc import Sequence
from enum import IntEnum, StrEnum
from typing import Annotated

from msgspec import Meta, Struct

Probability = Annotated[float, Meta(ge=0.0, le=1.0)]


class VerdictWord(StrEnum):
    """What was reported is … (`duplicate` is a link, not a verdict)."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    BENIGN = "benign"
    UNDETERMINED = "undetermined"


class Category(StrEnum):
    """What kind of thing it is."""

    PHISHING = "phishing"
    FAKE_SHOP = "fake_shop"
    SCAM = "scam"
    MALWARE = "malware"
    COMPROMISED_SITE = "compromised_site"
    SIMULATION = "simulation"
    BENIGN = "benign"
    UNSURE = "unsure"


class Span(Struct, frozen=True):
    """Where in the message: a half-open range of code points in `part` (`text`, `subject`, …)."""

    start: int
    end: int
    part: str = "text"


class Reason(Struct, frozen=True, kw_only=True):
    """One checkable fact for or against; `code` is rendered from the catalogue with `params`.

    `weight` is in log-odds: positive raises the probability of malice. `source` says who
    established the fact: `brand`, `rdap`, `mail`, `model:phish-url@1`, `analyst`.
    """

    code: str
    params: dict[str, str | int] = {}
    weight: float = 0.0
    span: Span | None = None
    source: str = ""


MOST_FOR, MOST_AGAINST = 5, 2


def shown(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """What a person sees first: the strongest reasons, five that speak for and two against."""
    speaking_for = [reason for reason in reasons if reason.weight > 0][:MOST_FOR]
    return (*speaking_for, *[reason for reason in reasons if reason.weight < 0][:MOST_AGAINST])


class Verdict(Struct, frozen=True, kw_only=True):
    """A judgement with all its reasons: those that speak for it, then those against, strongest first.

    `probability` is the calibrated belief that the subject is malicious; `None` when a person
    decided without a model. It is what holds where the share of malicious reports is `prior`;
    `unshifted` is the same sum of facts at the share that the weights were made for. `brand` is a
    brand id such as `si.posta`.
    """

    word: VerdictWord
    category: Category
    probability: Probability | None
    brand: str | None = None
    reasons: tuple[Reason, ...] = ()
    models: tuple[str, ...] = ()
    prior: Probability | None = None
    unshifted: Probability | None = None


class AlertVerdict(StrEnum):
    """What an incident was, said of the incident itself and apart from its state."""

    TRUE_POSITIVE = "true_positive"
    BENIGN_POSITIVE = "benign_positive"  # what the rule looks for happened, and it was allowed
    FALSE_POSITIVE = "false_positive"
    DUPLICATE = "duplicate"
    UNDETERMINED = "undetermined"


class Severity(IntEnum):
    """How bad an incident is."""

    UNKNOWN = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4
