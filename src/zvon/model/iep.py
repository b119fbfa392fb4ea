"""FIRST Information Exchange Policy 2.0: read, written, and what it means for markings here.

Source: FIRST IEP 2.0 JSON Specification and Framework Definition (2019). An unknown statement or
value is refused: it could be a prohibition that nobody here would follow.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from zvon.model.marking import Pap, Tlp

VERSION = 2.0
MAX_BYTES = 64 * 1024
Text = Annotated[str, Meta(max_length=1000)]
Link = Annotated[str, Meta(max_length=2000)]


class BadIep(ValueError):
    """The policy cannot be read or means something unknown; says where."""


class May(StrEnum):
    """The keywords of RFC 2119 that IEP uses."""

    MUST = "must"
    MAY = "may"
    MUST_NOT = "must-not"


class Actions(StrEnum):
    """What a recipient may do, from nothing to what the attacker sees."""

    NONE = "none"
    CONTACT = "contact-for-instruction"
    INTERNAL = "internally-visible-actions"
    INDIRECT = "externally-visible-indirect-actions"
    DIRECT = "externally-visible-direct-actions"


class IepTlp(StrEnum):
    """Redistribution in the words of IEP 2.0, which has TLP 1.0's WHITE and no AMBER+STRICT."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    WHITE = "white"


class Iep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One policy. Statements that may be left out have their strictest value."""

    id: UUID
    name: Text
    iep_version: float
    tlp: IepTlp = IepTlp.RED
    permitted_actions: Actions = Actions.NONE
    encrypt_in_transit: May = May.MUST
    affected_party_notifications: May = May.MUST_NOT
    attribution: May = May.MUST_NOT
    unmodified_resale: May = May.MUST_NOT
    description: Text | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    external_reference: Link | None = None
    external_references: Annotated[tuple[Link, ...], Meta(max_length=50)] = ()


_ALLOWED = {
    "encrypt_in_transit": frozenset({May.MUST, May.MAY}),
    "affected_party_notifications": frozenset({May.MAY, May.MUST_NOT}),
    "unmodified_resale": frozenset({May.MAY, May.MUST_NOT}),
}
_TLP = {
    IepTlp.RED: Tlp.RED, IepTlp.AMBER: Tlp.AMBER, IepTlp.GREEN: Tlp.GREEN, IepTlp.WHITE: Tlp.CLEAR,
}  # fmt: skip
# PAP says what the attacker may notice; IEP says the same in other words.
_PAP = {
    Actions.NONE: Pap.RED, Actions.CONTACT: Pap.RED, Actions.INTERNAL: Pap.RED,
    Actions.INDIRECT: Pap.AMBER, Actions.DIRECT: Pap.CLEAR,
}  # fmt: skip
_ACTIONS = {
    Pap.RED: Actions.INTERNAL, Pap.AMBER: Actions.INDIRECT, Pap.GREEN: Actions.DIRECT,
    Pap.CLEAR: Actions.DIRECT,
}  # fmt: skip


class Meaning(Struct, frozen=True, kw_only=True):
    """What a policy means here. `asks_first`: nothing may be done before the provider was asked."""

    tlp: Tlp
    pap: Pap
    asks_first: bool
    notify_affected: bool
    name_provider: May
    encrypt: bool
    resale: bool
    holds: bool


def read(body: bytes) -> Iep:
    """Read a policy as JSON. Raises `BadIep`, also for a reference to a policy elsewhere."""
    if len(body) > MAX_BYTES:
        raise BadIep(f"a policy has at most {MAX_BYTES} bytes")
    try:
        found = msgspec.json.decode(body, type=Iep)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise BadIep(str(problem)) from None
    if found.iep_version != VERSION:
        raise BadIep(f"iep_version: 2.0, got {found.iep_version}")
    for field, allowed in _ALLOWED.items():
        if getattr(found, field) not in allowed:
            raise BadIep(f"{field}: {' or '.join(sorted(allowed))}")
    for moment in (found.start_date, found.end_date):
        if moment is not None and moment.tzinfo is None:
            raise BadIep("dates are in UTC and end in Z")
    return found


def write(policy: Iep) -> bytes:
    """The policy as JSON, every statement written out, as the specification demands."""
    fields = msgspec.to_builtins(policy)
    for name in ("description", "external_reference"):
        if fields[name] is None:
            del fields[name]
    if not fields["external_references"]:
        del fields["external_references"]
    return msgspec.json.encode(fields)


def meaning(policy: Iep, now: datetime) -> Meaning:
    """What the policy means at `now`; before its start and after its end nothing is allowed."""
    holds = (policy.start_date is None or policy.start_date <= now) and (
        policy.end_date is None or now < policy.end_date
    )
    return Meaning(
        tlp=_TLP[policy.tlp] if holds else Tlp.RED,
        pap=_PAP[policy.permitted_actions] if holds else Pap.RED,
        asks_first=policy.permitted_actions in {Actions.NONE, Actions.CONTACT} or not holds,
        notify_affected=holds and policy.affected_party_notifications is May.MAY,
        name_provider=policy.attribution,
        encrypt=policy.encrypt_in_transit is May.MUST,
        resale=holds and policy.unmodified_resale is May.MAY,
        holds=holds,
    )


def of_marking(uuid: UUID, name: str, tlp: Tlp, pap: Pap, *, end: datetime | None = None) -> Iep:
    """The policy that says a marking of ours. AMBER+STRICT is written RED: IEP has no word for it."""
    word = {value: key for key, value in _TLP.items()}.get(tlp, IepTlp.RED)
    return Iep(
        id=uuid, name=name, iep_version=VERSION, tlp=word, permitted_actions=_ACTIONS[pap],
        encrypt_in_transit=May.MAY if tlp <= Tlp.GREEN else May.MUST,
        affected_party_notifications=May.MAY if pap <= Pap.GREEN else May.MUST_NOT,
        attribution=May.MAY if tlp <= Tlp.GREEN else May.MUST_NOT, end_date=end,
    )  # fmt: skip
