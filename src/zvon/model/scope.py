"""From an address to the name that may be blocked, and how much of it; it never widens.

Pure and deterministic: the facts come in, the first rule that matches decides, and a missing fact
narrows the scope.
"""

from collections.abc import Collection
from enum import StrEnum

from msgspec import Struct

from zvon.model import neverblock, suffix, url
from zvon.model.name import BadName, canonical
from zvon.model.neverblock import chain
from zvon.model.zone import MAX_RULE_NAME

YOUNG_DAYS = 30
OLD_DAYS = 365
MANY_NAMES = 100

# Names without a meaning in the public DNS (RFC 6761, RFC 8375, RFC 7686 and common practice).
SPECIAL_USE = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "invalid",
     "onion", "alt", "arpa", "private"}
)  # fmt: skip

# Suffixes that a registry gives to the state, to schools and to universities only.
_VETTED_TLD = frozenset({"gov", "mil", "edu", "int"})
_VETTED = frozenset({"gov", "gob", "gouv", "govt", "gub", "gv", "mil", "edu", "ac", "sch", "k12"})
_GO = frozenset({"jp", "kr", "th", "id", "ke", "ug", "tz", "cr"})

_LIST_REASON = {
    "constituency": "allowed",
    "official": "official",
    "platform": "user_content",
    "popular": "popular",
    "infrastructure": "infrastructure",
}


class Scope(StrEnum):
    """How much of a name a block covers."""

    NONE = "none"
    HOST = "host"
    HOST_SUB = "host_sub"
    REGISTRABLE_SUB = "registrable_sub"

    @property
    def covers_below(self) -> bool:
        """True when the names below are blocked too."""
        return self in {Scope.HOST_SUB, Scope.REGISTRABLE_SUB}


class ScopeFacts(Struct, frozen=True, kw_only=True):
    """What is known of a name; `None` means unknown and never widens.

    `official` are names of brands, `allow` are names of our constituency and of partners.
    `names_served` counts the domains that depend on this host. `many_hosts`: hundreds of random
    hosts were seen under the registered name. `path_only_evidence`: only one path of the site is
    bad.
    """

    age_days: int | None = None
    popular: bool | None = None
    other_content: bool | None = None
    official: Collection[str] = ()
    allow: Collection[str] = ()
    names_served: int | None = None
    many_hosts: bool = False
    lookalike: bool = False
    path_only_evidence: bool = False


class ScopeAdvice(Struct, frozen=True, kw_only=True):
    """The scope, the name to block (`None` with scope none), the rule that decided."""

    scope: Scope
    name: str | None
    reason: str
    data_versions: tuple[str, ...] = ()


def dns_scope(url_or_name: str, ctx: ScopeFacts) -> ScopeAdvice:
    """Say which name, if any, a block of this address or name should cover."""
    host = _host(url_or_name)
    if host is None:
        return _none("not_a_name")
    if not host:
        return _none("address")
    if len(host) > MAX_RULE_NAME:
        return _none("too_long")
    if "." not in host and suffix.is_suffix(host) and host not in SPECIAL_USE:
        return _none("public_suffix")
    if special_use(host):
        return _none("not_public")
    if _within(host, ctx.official):
        return _none("official")
    if _within(host, ctx.allow):
        return _none("allowed")
    if suffix.is_suffix(host):
        return _none("public_suffix")
    protecting = neverblock.protecting(host)
    if protecting is not None:
        return _none(_LIST_REASON[protecting])
    if (ctx.names_served or 0) > MANY_NAMES:
        return _none("serves_others")
    if suffix.is_private(host):
        if ctx.popular or ctx.other_content:
            return _none("compromised_site")
        return _some(Scope.HOST, host, "customer_of_platform")
    return _own_domain(host, ctx)


def _own_domain(host: str, ctx: ScopeFacts) -> ScopeAdvice:
    old = ctx.age_days is not None and ctx.age_days >= OLD_DAYS
    if ctx.path_only_evidence or ctx.popular or ctx.other_content or vetted(host):
        return _none("compromised_site")
    if old and not ctx.lookalike:
        return _none("compromised_site")
    registered = suffix.registered(host) or host
    young = ctx.age_days is not None and ctx.age_days <= YOUNG_DAYS
    if young and not _covers(registered, (*ctx.official, *ctx.allow)):
        reason = "wildcard_abuse" if ctx.many_hosts else "registered_for_abuse"
        return _some(Scope.REGISTRABLE_SUB, registered, reason)
    return _some(Scope.HOST, host, "narrow")


def special_use(name: str) -> bool:
    """True for a name that the public DNS does not serve, or that is one label."""
    return "." not in name or name.rpartition(".")[2] in SPECIAL_USE


def vetted(name: str) -> bool:
    """True where only the state, schools and universities may register.

    Nobody registers there for abuse; a bad page there means that somebody broke in. Not every
    such suffix is on the public suffix list (`ac.cd` is not).
    """
    labels = name.split(".")
    if labels[-1] in _VETTED_TLD:
        return True
    if len(labels) < 3 or len(labels[-1]) != 2:
        return False
    return labels[-2] in _VETTED or (labels[-2] == "go" and labels[-1] in _GO)


def _host(text: str) -> str | None:
    """The host name in `text`; empty for an address, `None` for what is no name at all."""
    text = text.strip().removeprefix("*.")
    try:
        if "/" not in text and "@" not in text and ":" not in text:
            return "" if url.parse(text).host_kind != "name" else canonical(text)
        parsed = url.parse(text)
    except (BadName, ValueError):
        return None
    return parsed.host if parsed.host_kind == "name" else ""


def _within(name: str, protected: Collection[str]) -> bool:
    return any(parent in protected for parent in chain(name))


def _covers(name: str, protected: Collection[str]) -> bool:
    return any(p == name or p.endswith("." + name) for p in protected)


def _none(reason: str) -> ScopeAdvice:
    return ScopeAdvice(
        scope=Scope.NONE, name=None, reason=reason, data_versions=neverblock.versions()
    )


def _some(scope: Scope, name: str, reason: str) -> ScopeAdvice:
    return ScopeAdvice(scope=scope, name=name, reason=reason, data_versions=neverblock.versions())
