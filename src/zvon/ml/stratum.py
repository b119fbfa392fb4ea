"""Which kind of address it is: rates are judged for each kind apart, as averages hide the hard ones."""

import re
from functools import lru_cache

from zvon.model.neverblock import shorteners
from zvon.model.suffix import is_private, registered

SHORTENER, PLATFORM, HOME, ACCOUNT, DEEP = "shortener", "platform", "home", "account", "deep"
STRATA = (SHORTENER, PLATFORM, HOME, ACCOUNT, DEEP)

_PARTS = re.compile(r"(?is)^(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/@?#]*@)?([^/?#:]*)[^/?#]*(.*)$")
_ACCOUNT = re.compile(
    r"(?i)(?:^|[^a-z])(?:log-?in|sign-?in|sign-?up|auth|account|password|passwd|verify|search"
    r"|prijava|prijavi|racun|geslo|lozinka|potrdi|iskanje|trazi)(?:[^a-z]|$)"
)


def stratum(address: str) -> str:
    """The stratum of an address, with or without a scheme; one of `STRATA`.

    `platform` is a customer of a shared platform (private section of the public suffix list),
    `home` has no path, `account` speaks of signing in or searching, `deep` is any other path.
    """
    match = _PARTS.match(address.strip())
    assert match is not None  # every text matches
    host, rest = match[1].lower().rstrip("."), match[2]
    kind = _of_host(host)
    if kind:
        return kind
    if rest in {"", "/"}:
        return HOME
    return ACCOUNT if _ACCOUNT.search(rest) else DEEP


@lru_cache(maxsize=65536)
def _of_host(host: str) -> str:
    domain = registered(host)
    if (domain or host) in shorteners() or host in shorteners():
        return SHORTENER
    return PLATFORM if is_private(host) else ""
