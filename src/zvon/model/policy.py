"""Marking, handling and group agreement compiled into one immutable policy.

Labels of TLP 2.0 and PAP and the agreement of the receiving group go in; one `Policy` with a
hash comes out, and everything that leaves names that hash. The strictest of several labels wins,
and an unknown label means RED. Nothing here reads a clock, a file or a database.
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from zvon.model.marking import Pap, Tlp, parse_pap, parse_tlp

Weight = Annotated[float, Meta(ge=0.0, le=1.0)]


class UrlQuery(StrEnum):
    """What becomes of the query, the fragment and per-recipient path segments of a kept URL."""

    KEEP = "keep"
    SCRUB_KNOWN = "scrub_known"
    DROP_VALUES = "drop_values"


class HackedSite(StrEnum):
    """What becomes of the URL of a legitimate site that was broken into."""

    KEEP_PATH = "keep_path"
    KEEP_URL = "keep_url"


class Payment(StrEnum):
    """What becomes of the account or number that the attacker uses."""

    HASH = "hash"
    KEEP = "keep"


class Audience(StrEnum):
    """Who may know (FIRST TLP 2.0), from the narrowest to the widest."""

    NAMED = "named"
    ORGANISATION = "organisation"
    CLIENTS = "clients"
    COMMUNITY = "community"
    ANYONE = "anyone"


class BadAgreement(ValueError):
    """The agreement of the group cannot be read; says which field."""


class Agreement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the members of a group agreed about what is shared there; the defaults are strict.

    `max_tlp` is the strictest marking that may enter the group. `pap_floor` is the least strict
    handling that travels with an item. `keep_at` and `remove_at` are probabilities that a value
    is the attacker's: at or above the first it stays, at or below the second it goes, and what
    lies between is asked. A leak is taken to cost 50 times a lost indicator.

    Pseudonyms hold for an epoch of `epoch_days` days (0: a calendar month); `keep_epochs` epochs
    after its end the key of an epoch is destroyed. With `reverse_eyes` a second person agrees
    before an original is shown.
    """

    id: str = "default"
    version: int = 1
    kind: str = "csirt"
    max_tlp: str = "AMBER"
    pap_floor: str = "GREEN"
    url_query: UrlQuery = UrlQuery.DROP_VALUES
    hacked_site: HackedSite = HackedSite.KEEP_PATH
    mule_iban: Payment = Payment.HASH
    sender_phone: Payment = Payment.HASH
    keep_at: Weight = 0.85
    remove_at: Weight = 0.35
    max_risk: Annotated[float, Meta(ge=0.0)] = 5.0
    epoch_days: Annotated[int, Meta(ge=0, le=366)] = 0
    keep_epochs: Annotated[int, Meta(ge=0, le=60)] = 6
    reverse_eyes: bool = False


class Policy(Struct, frozen=True, kw_only=True):
    """One compiled answer to "what may leave, to whom, and how"; equal inputs give an equal hash."""

    id: str
    version: int
    group: str
    tlp: Tlp
    pap: Pap
    max_tlp: Tlp
    audience: Audience
    onward: bool
    kind: str
    url_query: UrlQuery
    hacked_site: HackedSite
    mule_iban: Payment
    sender_phone: Payment
    keep_at: float
    remove_at: float
    max_risk: float

    @property
    def sha256(self) -> str:
        """Hash over every field in a canonical form; it stands in every export."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


class Leave(Struct, frozen=True):
    """May it leave? `reason` is a code of the `privacy` catalogue."""

    allowed: bool
    reason: str


_AUDIENCE = {
    Tlp.RED: Audience.NAMED,
    Tlp.AMBER_STRICT: Audience.ORGANISATION,
    Tlp.AMBER: Audience.CLIENTS,
    Tlp.GREEN: Audience.COMMUNITY,
    Tlp.CLEAR: Audience.ANYONE,
}


def audience(tlp: Tlp) -> Audience:
    """Who may know something with this marking."""
    return _AUDIENCE[tlp]


def read_agreement(fields: object) -> Agreement:
    """Check the fields of an agreement. Raises `BadAgreement` on an unknown or wrong one."""
    try:
        return msgspec.convert(fields, Agreement)
    except msgspec.ValidationError as problem:
        raise BadAgreement(str(problem)) from None


def compile_policy(
    agreement: Agreement, *, group: str, tlp: Iterable[str | Tlp], pap: Iterable[str | Pap] = ()
) -> Policy:
    """Compile the labels of an item and the agreement of `group`; no TLP label means RED.

    For CLEAR and GREEN the query of a URL always goes, and in CLEAR a hacked site keeps its path
    only and accounts and numbers are never in clear, whatever the group agreed.
    """
    marks = [label if isinstance(label, Tlp) else parse_tlp(label) for label in tlp]
    strictest = max(marks, default=Tlp.RED)
    handling = [label if isinstance(label, Pap) else parse_pap(label) for label in pap]
    wide = strictest <= Tlp.GREEN
    clear = strictest == Tlp.CLEAR
    return Policy(
        id=agreement.id,
        version=agreement.version,
        group=group,
        tlp=strictest,
        pap=max([*handling, parse_pap(agreement.pap_floor)]),
        max_tlp=parse_max_tlp(agreement.max_tlp),
        audience=audience(strictest),
        onward=wide,
        kind=agreement.kind,
        url_query=UrlQuery.DROP_VALUES if wide else agreement.url_query,
        hacked_site=HackedSite.KEEP_PATH if clear else agreement.hacked_site,
        mule_iban=Payment.HASH if clear else agreement.mule_iban,
        sender_phone=Payment.HASH if clear else agreement.sender_phone,
        keep_at=agreement.keep_at,
        remove_at=agreement.remove_at,
        max_risk=agreement.max_risk,
    )


def parse_max_tlp(label: str) -> Tlp:
    """The strictest marking a group takes. An unknown label would mean RED, that is everything,
    so here it is refused. Raises `BadAgreement`.
    """
    mark = parse_tlp(label)
    if mark is Tlp.RED:
        raise BadAgreement(f"max_tlp: {label!r} is no marking that a group may hold")
    return mark


def may_leave(policy: Policy, tlp: Tlp, group: str) -> Leave:
    """May an item marked `tlp` go to `group` under `policy`? RED never leaves."""
    mark = max(tlp, policy.tlp)
    if mark is Tlp.RED:
        return Leave(False, "TLP_RED")
    if group != policy.group:
        return Leave(False, "OTHER_GROUP")
    if mark > policy.max_tlp:
        return Leave(False, "TLP_ABOVE_GROUP")
    return Leave(True, "WITHIN_AGREEMENT")
