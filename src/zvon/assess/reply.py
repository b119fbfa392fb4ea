"""The answer for the citizen: one of four kinds, and what is urgent; never the word "safe"."""

from zvon.assess import cues
from zvon.assess.facts import Facts
from zvon.assess.policy import Policy
from zvon.model.report import Channel, Message
from zvon.model.verdict import Verdict, VerdictWord


def kind(verdict: Verdict, facts: Facts, policy: Policy) -> str:
    """`dangerous`, `official`, `no_sign` (we may be wrong) or `looking` (a person looks at it).

    "No sign" needs registration data of every target: not knowing is not the same.
    """
    match verdict.word:
        case VerdictWord.MALICIOUS:
            return "dangerous"
        case VerdictWord.BENIGN:
            return "official"
        case VerdictWord.SUSPICIOUS:
            return "looking"
    known = bool(facts.links) and all(link.age_days is not None for link in facts.links)
    low = verdict.probability is not None and verdict.probability <= policy.threshold.unlikely
    return "no_sign" if known and low else "looking"


def addons(message: Message, verdict: Verdict, words: cues.Cues) -> tuple[str, ...]:
    """What the reporter must do at once: `card`, `code`, `password`, `linked_device`.

    Read in the reporter's own words; a messenger lure always brings how to unlink devices.
    """
    if verdict.word is VerdictWord.BENIGN:
        return ()
    own = message.text if message.channel is Channel.WEB else message.remark
    urgent: list[str] = [name for name in ("card", "code", "password")
              if name in cues.found(words.entered, own)]  # fmt: skip
    if any(reason.code == "VOTE_LURE" for reason in verdict.reasons):
        urgent.append("linked_device")
    return tuple(urgent)
