"""Which page may stand in a URL list: never a whole host, never the front of a protected site.

Pure. What a name's own gate says of the host (`model.guard`) comes in as findings: a name that
may never be blocked can still hold a page that must be, on a hacked site for example.
"""

import re
from collections.abc import Collection
from ipaddress import ip_address

from zvon.model.guard import Finding
from zvon.model.url import Url

# A page of a site that everybody uses, or of a platform's customer, is the case for a URL list.
OPEN_LISTS = frozenset({"platform", "popular", "popularity", "public_suffix", "covers"})
# Of an organisation that we protect only a page well below its front may be listed.
OWNED_LISTS = frozenset({"brand", "official", "constituency", "subscriber", "member"})
OWNED_DEPTH = 2

_FRONT = re.compile(r"(?i)(?:index|default|home|main|start)?(?:\.[a-z0-9]{1,5})?")


def check(url: Url, host: Collection[Finding]) -> tuple[Finding, ...]:
    """All reasons against listing this page; `host` is what the gate says against its name."""
    said = str(url)
    found: list[Finding] = []
    if url.scheme not in {"http", "https"}:
        found.append(Finding("not_web", said, "not an address that a browser opens"))
    if url.host_kind != "name" and not ip_address(url.host).is_global:
        found.append(Finding("not_public", said, "not an address of the public internet"))
    if url.path == "/" and url.query is None:
        found.append(Finding("whole_host", said, "the whole host: that is a block of its name"))
    for finding in host:
        if finding.rule in OPEN_LISTS:
            if front(url):
                found.append(Finding("front_page", said, f"the front page of {finding.reason}"))
        elif finding.rule in OWNED_LISTS:
            if front(url) or len(segments(url)) < OWNED_DEPTH:
                found.append(Finding("front_page", said, f"too near the front of {finding.reason}"))
        else:
            found.append(Finding(finding.rule, said, finding.reason))
    return tuple(found)


def front(url: Url) -> bool:
    """True for the page that a site opens with, whatever query it is asked with."""
    parts = segments(url)
    return len(parts) <= 1 and _FRONT.fullmatch("".join(parts)) is not None


def segments(url: Url) -> list[str]:
    """The parts of the path that say something."""
    return [part for part in url.path.split("/") if part]
