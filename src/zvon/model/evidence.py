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
    ASN = "dns.asn"
    CERTIFICATE = "tls.certificate"
    ACCUSED = "intel.accused"  # by how many configured sources
    # Stage 3, a page without its scripts, and stage 4, a page in a browser; the observable is the
    # address (type URL) that was asked for. `model.page` says what the values mean.
    REFUSED = "page.refused"
    UNREACHABLE = "page.unreachable"
    FINAL = "page.final"
    TITLE = "page.title"
    LANG = "page.lang"
    FORM = "page.form"
    FORM_TARGET = "page.form_target"
    BRAND = "page.brand"
    FAVICON = "page.favicon"
    SKELETON = "page.skeleton"
    RESOURCES = "page.resources"
    KIT_ARCHIVE = "page.kit_archive"
    SECRET = "page.secret"  # noqa: S105 -- a kind of fact
    DOWNLOAD = "page.download"
    EMPTY = "page.empty"
    PARKED = "page.parked"
    OWNER = "page.owner"
    BUSINESS = "page.business"
    NO_BROWSER = "visual.unavailable"
    CLOAK = "visual.cloak"
    SCREENSHOT = "visual.screenshot"
    LOOK = "visual.phash"
    LOGO = "visual.logo"


class Evidence(Struct, frozen=True, kw_only=True):
    """One fact about `observable`; a fact that could not be had is not there at all.

    `value` is text: a day in ISO form, a name, or several values sorted and joined by spaces.
    `stage` is the step that fetched it: 0 exact facts, 1 words and names, 2 passive (RDAP, DNS,
    certificate), 3 the page without scripts, 4 the page in a browser.
    """

    observable: Observable
    code: EvidenceCode
    value: str
    source: str
    seen_at: Instant
    expires_at: Instant | None = None
    stage: int = 2
    params: dict[str, str | int] = {}
