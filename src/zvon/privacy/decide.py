"""From a score to a state. What is forbidden or certain by type comes before any score.

When the gate is not sure it asks, and one `ask` holds the whole item.
"""

from zvon.model.marking import Tlp
from zvon.model.policy import Payment, Policy
from zvon.model.role import Role, SpanState
from zvon.privacy.role import Score

# What replaces a value that gets no pseudonym.
REDACTED = {
    "SECRET": (SpanState.REDACT, "[secret]"),
    "ADDR": (SpanState.REDACT, "[address]"),
    "DOCUMENT": (SpanState.REDACT, "[document]"),
    "PLATE": (SpanState.REDACT, "[plate]"),
    "ENCODED": (SpanState.REDACT, "[encoded]"),
    "DATE": (SpanState.GENERALISE, "[date]"),
    "PLACE": (SpanState.GENERALISE, "[place]"),
}
# Types whose original is not even kept in the vault.
UNKEPT = frozenset({"CARD", *REDACTED})
_SURE_PEOPLE = frozenset({"NAME", "USER", "ORG", "ADDR"})


def removed(kind: str) -> SpanState:
    """The state that takes a value of this type out of the text."""
    return REDACTED[kind][0] if kind in REDACTED else SpanState.PSEUDONYMISE


def decide(kind: str, score: Score, fixed: str, policy: Policy) -> SpanState:
    """What becomes of an entity of type `kind`; `fixed` is a hard rule of its detector."""
    if fixed == "remove":
        return removed(kind)
    if fixed == "keep":
        return SpanState.KEEP
    if score.ours_attacks:  # its owner must hear of it; to a wide group a person decides
        return SpanState.ASK if score.conflict or policy.tlp < Tlp.AMBER else removed(kind)
    hashed = {"IBAN": policy.mule_iban, "PHONE": policy.sender_phone}.get(kind)
    if hashed is Payment.HASH:  # it goes whoever's it is, so there is nothing to ask
        return SpanState.PSEUDONYMISE
    if score.conflict:
        return SpanState.ASK
    p = score.p_attacker
    if p >= policy.keep_at:
        return SpanState.KEEP
    if p <= policy.remove_at:
        return removed(kind)
    if kind in _SURE_PEOPLE and score.role is not Role.ATTACKER:
        return removed(kind)
    return SpanState.ASK
