"""What kind of page it is when it is nobody's: parked, a default page, a listing, a copy."""

import re

from msgspec import Struct

from zvon.formats.page.document import Document
from zvon.formats.page.forms import elsewhere, resolved
from zvon.formats.page.words import folded, listed, pattern

MOST_ARCHIVES = 20
PARKED_TEXT = 3000
_ARCHIVE = re.compile(r"(?i)\.(?:zip|rar|7z|tar|tgz|tar\.gz|gz)$")
_LISTING = re.compile(r"(?i)^\s*(?:index of|directory listing (?:of|for)|listing of) /?")
_SAVED = re.compile(r"<!--\s*saved from url=\(\d+\)(https?://[^\s>]{4,500})")
_MIRRORED = re.compile(r"<!--\s*Mirrored from ([\w.-]{4,253})")
_BASE64_PAGE = re.compile(r"data:text/html[^\"'\s>]{0,40};base64,")


class Kind(Struct, frozen=True, kw_only=True):
    """Whether the page is parked, words for what else it is, and archives that it lists."""

    parked: bool
    hints: tuple[str, ...]
    archives: tuple[str, ...]


def kind(page: Document, base: str, host: str, title: str, text: str) -> Kind:
    """Judge the page by its wording and by what it is built of."""
    head = folded(title + " . " + text[:2000])
    hints: set[str] = set()
    parked = _parked(page, head, text)
    if not parked and len(text) < PARKED_TEXT:
        for word in ("default", "suspended"):
            if pattern("site", word).search(folded(title + " . " + text[:400])):
                hints.add(f"{word}-page")
    archives: tuple[str, ...] = ()
    if _LISTING.match(title) or _LISTING.match(text[:60]):
        hints.add("listing")
        archives = _archives(page, base, host)
    if _BASE64_PAGE.search(page.html):
        hints.add("page-in-link")
    if page.css("meta[name=robots i][content*=noindex i]"):
        hints.add("noindex")
    hints.update(_copied(page, base, host))
    return Kind(parked=parked, hints=tuple(sorted(hints)), archives=archives)


def _parked(page: Document, head: str, text: str) -> bool:
    """Said in words and short, or built of the parts that those who park names use."""
    if len(text) > PARKED_TEXT:
        return False
    lower = page.html[:200_000].lower()
    marked = any(mark in lower for mark in listed("parking", "marks"))
    said = pattern("site", "parked").search(head) is not None
    if not (marked or said):
        return False
    # A shop that writes of parking has fields to fill in; a parked page has at most a search.
    return not page.css("input[type=password], input[autocomplete^=cc-]")


def _archives(page: Document, base: str, host: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in page.css("a[href]")[:500]:
        url = resolved(base, node.attributes.get("href") or "")
        if url is not None and _ARCHIVE.search(url.path) and not elsewhere(url, host):
            found.setdefault(url.path)
    return tuple(found)[:MOST_ARCHIVES]


def _copied(page: Document, base: str, host: str) -> set[str]:
    """Hosts that the page was taken from, as it says itself."""
    found: set[str] = set()
    for match in (_SAVED.search(page.html[:20_000]), _MIRRORED.search(page.html[-5000:]),
                  _MIRRORED.search(page.html[:20_000])):  # fmt: skip
        url = (
            resolved(base, match[1] if "://" in match[1] else "http://" + match[1])
            if match
            else None
        )
        if url is not None and elsewhere(url, host):
            found.add("copied:" + url.host)
    for selector, name in (("link[rel=canonical]", "href"), ("meta[property='og:url']", "content"),
                           ("base[href]", "href")):  # fmt: skip
        for node in page.css(selector)[:3]:
            value = node.attributes.get(name)
            url = resolved(base, value) if value else None
            if url is not None and elsewhere(url, host):
                found.add("says:" + url.host)
    return found
