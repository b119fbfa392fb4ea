"""A stored fact with its origin and time; it outlives the site that it is about."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from zvon.model.observable import Observable

Instant = Annotated[datetime, Meta(tz=True)]


class EvidenceCode(StrEnum):
    """What the fact is."""

    REGISTERED = "rdap.registered"
    REGISTRAR = "rdap.registrar"
    ABUSE = "rdap.abuse"
    ADDRESSES = "dns.addresses"
    NAME_SERVERS = "dns.ns"
    MAIL_SERVERS = "dns.mx"
    ABSENT = "dns.absent"


class Evidence(Struct, frozen=True, kw_only=True):
    """One fact about `observable`; a fact that could not be had is not there at all.

    `value` is text: a day in ISO form, a name, or several values sorted and joined by spaces.
    `stage` is the step that fetched it (2 = passive: RDAP and DNS).
    """

    observable: Observable
    code: EvidenceCode
    value: str
    source: str
    seen_at: Instant
    expires_at: Instant | None = None
    stage: int = 2
    params: dict[str, str | int] = {}
