"""One thing to block, as every list export takes it, and what stands above all entries.

A consumer reads its list with its own rules, so an entry that exists is harmless in all of them:
no space, quote, line end or comment sign can stand in its value.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from zvon.model import prefix
from zvon.model.scope import Scope

Instant = Annotated[datetime, Meta(tz=True)]

_LABEL = r"(?=[a-z0-9_])[a-z0-9_-]{0,62}[a-z0-9_]"
_NAME = re.compile(rf"(?=.{{3,253}}\Z)(?:{_LABEL}\.)+(?![0-9]+\Z|0x[0-9a-f]*\Z){_LABEL}")
_URL = re.compile(
    rf"(?P<scheme>https?)://(?P<host>(?:{_LABEL}\.)+{_LABEL}|\[[0-9a-f:]+\])(?P<port>:[0-9]{{1,5}})?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@/%\[\]|-]*)"
    r"(?:\?(?P<query>[A-Za-z0-9._~!$&'()*+,;=:@/%\[\]|?{}\\^`-]+))?"
)
_WORD = re.compile(r"[a-z0-9_-]{0,40}")
_REFERENCE = re.compile(r"[A-Za-z0-9-]{0,40}")


class BadEntry(ValueError):
    """The value cannot stand in a list that other programs read."""


class Kind(StrEnum):
    """What is blocked: names are asked for, addresses (prefixes) are in answers or on the wire."""

    NAME = "name"
    URL = "url"
    IP = "ip"
    NSDNAME = "nsdname"
    NSIP = "nsip"


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One thing to block.

    `action` is what a resolver answers: `nxdomain`, `nodata` or `landing`; other consumers refuse
    in their own way. `reference` is the number of the block or URL rule, `reason` a code.
    An address without a query stands for the page with any query; one with a query for itself.
    """

    kind: Kind
    value: str
    scope: Scope = Scope.HOST
    action: str = "nxdomain"
    category: str = ""
    added_at: Instant | None = None
    expires_at: Instant | None = None
    reference: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if not _fits(self.kind, self.value):
            raise BadEntry(f"no {self.kind} that a list could hold: {self.value!r}")
        if not (_WORD.fullmatch(self.category) and _WORD.fullmatch(self.reason)):
            raise BadEntry(f"{self.value}: category and reason are one word each")
        if not _REFERENCE.fullmatch(self.reference):
            raise BadEntry(f"{self.value}: not a reference: {self.reference!r}")

    @property
    def below(self) -> bool:
        """True when the names below are blocked too."""
        return self.scope.covers_below


class About(Struct, frozen=True, kw_only=True):
    """What stands above the entries: which list, in which state, made by whom.

    `seq` is the place in the change log up to which the list is complete; `at` is when the list
    last changed, so that the same content always has the same bytes.
    """

    feed: str
    seq: int
    at: Instant
    node: UUID
    node_name: str = ""
    landing: str | None = None


class UrlParts(Struct, frozen=True):
    """An address taken apart for the languages in which consumers match."""

    scheme: str
    host: str
    port: str
    path: str
    query: str | None


def url_parts(entry: Entry) -> UrlParts:
    """Take the address of a URL entry apart; `port` begins with its colon or is empty."""
    found = _URL.fullmatch(entry.value)
    if found is None:
        raise BadEntry(f"{entry.value!r} is not an address of a page")
    return UrlParts(found["scheme"], found["host"], found["port"] or "", found["path"],
                    found["query"])  # fmt: skip


def _fits(kind: Kind, value: str) -> bool:
    if kind is Kind.NAME or kind is Kind.NSDNAME:
        return _NAME.fullmatch(value) is not None
    if kind is Kind.URL:
        found = _URL.fullmatch(value)
        # A host alone is a name: its block belongs into DNS, where people can see and appeal it.
        return found is not None and (found["path"] != "/" or found["query"] is not None)
    try:
        return prefix.canonical(value) == value
    except prefix.BadPrefix:
        return False
