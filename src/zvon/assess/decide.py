"""From facts to a verdict: word, category, brand and reasons, strongest first."""

from collections.abc import Sequence

from zvon.assess.facts import Assessor, Facts, LinkFacts
from zvon.assess.policy import Policy
from zvon.ml.brand import Technique
from zvon.model.verdict import Category, Reason, Verdict, VerdictWord

MESSENGER = "x.whatsapp"
TAKES = frozenset({"CARD_FORM", "OTP_FORM", "PASSWORD_FORM", "IDENTITY_FORM"})


def decide(assessor: Assessor, facts: Facts, channel: str) -> Verdict:
    """Judge a report. An address that its brand has verified caps the probability.

    Reads nothing but its arguments; the same arguments give the same verdict, bit for bit.
    """
    reasons = facts.all
    policy, weights = assessor.policy, assessor.weights
    said = [*(reason.weight for reason in reasons), *weights.silent(facts.missing)]
    prior = policy.prior_of(channel)
    probability, unshifted = (weights.probability(said, p) for p in (prior, weights.prior))
    if clean(facts):
        probability = min(probability, policy.threshold.official)
    word = _word(assessor, facts, probability)
    return Verdict(
        word=word,
        category=_category(reasons, word),
        probability=probability,
        brand=_brand(facts, word),
        reasons=_ordered(reasons),
        models=assessor.models,
        prior=prior,
        unshifted=unshifted,
    )


def clean(facts: Facts) -> bool:
    """True when every target is a verified official one and nothing else speaks against it.

    The official link in a mail clears its host, never the mail that leads elsewhere.
    """
    return bool(facts.links) and all(
        any(reason.code == "OFFICIAL" for reason in link.reasons) for link in facts.links
    )


def _word(assessor: Assessor, facts: Facts, probability: float) -> VerdictWord:
    policy = assessor.policy
    codes = {reason.code for reason in facts.reasons}
    for link in facts.links:
        weak = link.hit is not None and link.hit.technique is Technique.TYPO
        codes |= {r.code for r in link.reasons if not (weak and r.code == "BRAND_NOT_OFFICIAL")}
    telling = codes & policy.telling
    if codes & policy.lure:
        telling |= codes & policy.telling_in_lure
    enough = bool(telling) and len(telling | codes & policy.beside) > 1
    if clean(facts) and probability <= policy.threshold.official:
        return VerdictWord.BENIGN
    if "OFFICIAL_COMPROMISED" in codes and not telling - {"BRAND_CLAIM"}:
        return VerdictWord.SUSPICIOUS  # the brand's own page: a person looks before anybody acts
    if probability >= policy.threshold.malicious and enough and not _established(facts, policy):
        return VerdictWord.MALICIOUS
    if probability >= policy.threshold.suspicious:
        return VerdictWord.SUSPICIOUS
    return VerdictWord.UNDETERMINED


def _established(facts: Facts, policy: Policy) -> bool:
    """True when every blamed name is years old, is its owner's own and was not broken into."""
    targets = blamed(facts)
    return bool(targets) and all(
        target.age_days is not None
        and target.age_days >= policy.age.old
        and not target.path_only
        and not target.borrowed
        for target in targets
    )


def _category(reasons: Sequence[Reason], word: VerdictWord) -> Category:
    codes = {reason.code for reason in reasons}
    if word is VerdictWord.BENIGN:
        return Category.BENIGN
    if word is VerdictWord.UNDETERMINED:
        return Category.UNSURE
    if "FAMILY_NEW_NUMBER" in codes:
        return Category.SCAM
    if codes & {"COMPROMISED", "OFFICIAL_COMPROMISED"}:
        return Category.COMPROMISED_SITE
    if "PAGE_DOWNLOAD" in codes and _program(reasons) and not codes & TAKES:
        return Category.MALWARE
    if len([code for code in codes if code.startswith("SHOP_")]) > 1:
        return Category.FAKE_SHOP
    return Category.PHISHING


def _program(reasons: Sequence[Reason]) -> bool:
    return any(r.code == "PAGE_DOWNLOAD" and r.params.get("kind") == "program" for r in reasons)


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
    for link in facts.links:
        if link.page is not None and any(r.code == "PAGE_BRAND" for r in link.reasons):
            return link.page.named[0].brand if link.page.named else None
    vote = any(reason.code == "VOTE_LURE" for reason in facts.reasons)
    return MESSENGER if vote and facts.messenger else None


def _ordered(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons for and then those against, each side in falling order."""
    ordered = sorted(reasons, key=lambda r: (-abs(r.weight), r.code))
    return (*[r for r in ordered if r.weight > 0], *[r for r in ordered if r.weight < 0])


def blamed(facts: Facts) -> tuple[LinkFacts, ...]:
    """The targets that the verdict is about: those with a fact of their own against them.

    A lure with one single target is about that one.
    """
    own = tuple(link for link in facts.links if link.incriminated and link.official is None)
    if own or len(facts.links) != 1 or facts.links[0].official is not None:
        return own
    return facts.links
