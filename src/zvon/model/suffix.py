"""Public suffixes: where a registry, or a platform, hands out names (publicsuffix.org/list).

The list comes with the `publicsuffixlist` package, with its private section. A top-level domain
that the list does not know counts as a suffix of one label, so `.example` is an ordinary suffix.
Every function takes a canonical name (`model.name.canonical`).
"""

from functools import cache

from publicsuffixlist import PublicSuffixList

# Platforms that give each customer a name of their own but are missing in the private section.
SHARED_HOSTS = (
    "000webhostapp.com", "16mb.com", "atwebpages.com", "bravenet.com", "byethost.com",
    "canva.site", "cloudwaysapps.com", "epizy.com", "freshdesk.com", "glitch.me",
    "godaddysites.com", "googleusercontent.com", "hostingersite.com", "infinityfreeapp.com",
    "jimdo.com", "jimdofree.com", "jimdosite.com", "kinsta.cloud", "livejournal.com",
    "mybluehost.me", "mystrikingly.com", "page.link", "replit.dev", "rf.gd", "sharepoint.com",
    "site123.me", "softr.app", "strikingly.com", "tumblr.com", "typeform.com", "webador.com",
    "webnode.com", "webnode.page", "webnode.si", "weebly.com", "weeblysite.com", "wordpress.com",
    "wpengine.com", "zendesk.com",
)  # fmt: skip

# Top-level labels without a registry in the root that still occur in what people send.
OTHER_TLDS = frozenset({"example", "onion", "i2p", "bit", "eth", "lib", "coin"})


@cache
def _all() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


@cache
def _registries() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True, only_icann=True)


@cache
def _listed() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)


def _shared_host(name: str) -> str | None:
    for host in SHARED_HOSTS:
        if name == host or name.endswith("." + host):
            return host
    return None


def public_suffix(name: str) -> str:
    """The longest public suffix of `name`: `com.hr`, `pages.dev`, `example`."""
    listed = _all().publicsuffix(name) or name.rpartition(".")[2]
    host = _shared_host(name)
    return host if host and len(host) > len(listed) else listed


def is_suffix(name: str) -> bool:
    """True when `name` is itself a public suffix, so nobody owns it alone."""
    return public_suffix(name) == name


def is_private(name: str) -> bool:
    """True when the suffix of `name` belongs to a platform and not to a registry."""
    return public_suffix(name) != (_registries().publicsuffix(name) or name.rpartition(".")[2])


def registered(name: str) -> str | None:
    """The suffix and one label more, or `None` when `name` is a suffix or has one label."""
    suffix = public_suffix(name)
    if suffix == name or not name.endswith("." + suffix):
        return None
    return name[: -len(suffix) - 1].rpartition(".")[2] + "." + suffix


def known(name: str) -> bool:
    """True when the top-level label of `name` exists, or is one that people use all the same."""
    tld = name.rpartition(".")[2]
    return tld in OTHER_TLDS or _listed().publicsuffix(tld) is not None
