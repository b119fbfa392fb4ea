"""One report from its message and evidence to all that is said of it; pure and repeatable."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from zvon.assess import reply
from zvon.assess.advise import advise
from zvon.assess.decide import decide
from zvon.assess.facts import Assessor, Facts
from zvon.assess.reading import unsure
from zvon.model.advice import NameAdvice
from zvon.model.evidence import Evidence
from zvon.model.page import Capture
from zvon.model.report import Message
from zvon.model.verdict import Verdict


class Opinion(Struct, frozen=True, kw_only=True):
    """What we think of a report; `answer` and `urgent` are for the citizen."""

    facts: Facts
    verdict: Verdict
    names: tuple[NameAdvice, ...]
    answer: str
    urgent: tuple[str, ...]


def judge(
    assessor: Assessor,
    message: Message,
    received_at: datetime,
    evidence: Sequence[Evidence] = (),
    captures: Sequence[Capture] = (),
    kits: Mapping[str, int] | None = None,
    confirmed: Collection[str] = (),
) -> Opinion:
    """Facts, verdict, advice and answer; the same input gives the same, bit for bit.

    `confirmed` are hosts that another report or a person confirms (`assess.reading`).
    """
    facts = assessor.facts(message, evidence, received_at, captures, kits)
    verdict = decide(assessor, facts, message.channel.value)
    return Opinion(
        facts=facts,
        verdict=verdict,
        names=advise(
            facts,
            verdict,
            assessor.policy,
            registry=assessor.registry,
            unsure=unsure(message, evidence, confirmed),
        ),
        answer=reply.kind(verdict, facts, assessor.policy),
        urgent=reply.addons(message, verdict, assessor.cues),
    )
