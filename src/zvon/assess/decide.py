"""From facts to a verdict: word, category, brand and reasons, strongest first."""

from collections.abc import Sequence

from zvon.assess.facts import Assessor, Facts, LinkFacts
from zvon.ml.brand import Technique
from zvon.model.brand import by_id
from zvon.model.verdict import Category, Reason, Verdict, VerdictWord

MOST_FOR, MOST_AGAINST = 5, 2
MESSENGER = "x.whatsapp"


def decide(assessor: Assessor, facts: Facts, channel: str) -> Verdict:
    """Judge a report. An address that its brand has verified caps the probability.

    Reads nothing but its arguments; the same arguments give the same verdict, bit for bit.
    """
    reasons = facts.all
    policy = assessor.policy
    probability = assessor.weights.probability(
        [reason.weight for reason in reasons], policy.prior_of(channel)
    )
    if clean(facts):
        probability = min(probability, policy.threshold.official)
    word = _word(assessor, facts, probability)
    return Verdict(
        word=word,
        category=_category(reasons, word),
        probability=probability,
        brand=_brand(facts, word),
        reasons=_shown(reasons),
        models=(assessor.weights.name,),
    )


def clean(facts: Facts) -> bool:
    """True when every target is a verified official one and nothing else speaks against it.

    The official link in a mail clears its host, never the mail that leads elsewhere.
    """
    return bool(facts.links) and all(
        any(reason.code == "OFFICIAL" for reason in link.reasons) for link in facts.links
    )


def _word(assessor: Assessor, facts: Facts, probability: float) -> VerdictWord:
    limits = assessor.policy.threshold
    deciding = {
        reason.code
        for reason in (*facts.reasons, *(r for link in facts.links for r in link.reasons
                                         if link.hit is None
                                         or link.hit.technique is not Technique.TYPO))
    } & assessor.policy.deciding  # fmt: skip
    if clean(facts) and probability <= limits.official:
        return VerdictWord.BENIGN
    if probability >= limits.malicious and deciding:
        return VerdictWord.MALICIOUS
    return VerdictWord.SUSPICIOUS if probability >= limits.suspicious else VerdictWord.UNDETERMINED


def _category(reasons: Sequence[Reason], word: VerdictWord) -> Category:
    codes = {reason.code for reason in reasons}
    if word is VerdictWord.BENIGN:
        return Category.BENIGN
    if word is VerdictWord.UNDETERMINED:
        return Category.UNSURE
    if "FAMILY_NEW_NUMBER" in codes:
        return Category.SCAM
    if "COMPROMISED" in codes:
        return Category.COMPROMISED_SITE
    if len([code for code in codes if code.startswith("SHOP_")]) > 1:
        return Category.FAKE_SHOP
    return Category.PHISHING


def _brand(facts: Facts, word: VerdictWord) -> str | None:
    """The brand that is abused, or whose official page it is."""
    if word is VerdictWord.BENIGN:
        owners = [link.official for link in facts.links if link.official]
        return owners[0].id if owners else None
    by_strength: list[tuple[float, str]] = []
    for link in facts.links:
        if link.hit is not None:
            weight = max((r.weight for r in link.reasons if r.code.startswith("BRAND_")), default=0)
            by_strength.append((-weight, link.hit.brand.id))
    if by_strength:
        return min(by_strength)[1]
    if facts.claimed:
        return facts.claimed[0].id
    vote = any(reason.code == "VOTE_LURE" for reason in facts.reasons)
    return by_id()[MESSENGER].id if vote and facts.messenger else None


def _shown(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The strongest reasons for and against, each side in falling order."""
    ordered = sorted(reasons, key=lambda r: (-abs(r.weight), r.code))
    speaking_for = [r for r in ordered if r.weight > 0][:MOST_FOR]
    against = [r for r in ordered if r.weight < 0][:MOST_AGAINST]
    return (*speaking_for, *against)


def blamed(facts: Facts) -> tuple[LinkFacts, ...]:
    """The targets that the verdict is about: those with a fact of their own against them.

    A lure with one single target is about that one.
    """
    own = tuple(link for link in facts.links if link.incriminated and link.official is None)
    if own or len(facts.links) != 1 or facts.links[0].official is not None:
        return own
    return facts.links
