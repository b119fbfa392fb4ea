"""Addresses of the network as people write them: pages, mailboxes, names, numbers."""

import re
from functools import lru_cache

from zvon.formats import defang
from zvon.formats.extract import grammar
from zvon.formats.extract.found import Found, Scanned, trimmed
from zvon.model import name as names
from zvon.model import suffix, url
from zvon.model.observable import BadValue, Observable, ObservableType, canonical

T = ObservableType
# Last labels of names that exist only inside a network (RFC 6762, RFC 8375; and what is common).
INTERNAL = frozenset({"local", "lan", "internal", "intranet", "corp", "home", "localdomain"})
# Suffixes of files that are top-level domains too. Nobody writes these as a bare domain.
SURE_FILE_TLDS = frozenset({"zip", "mov", "sh", "py", "md", "ps"})
FILE_TLDS = SURE_FILE_TLDS | {"so", "ai", "app", "pl", "rs", "cc"}
# Two-letter top-level domains that are words of our languages: `naslov.Na`, `paket.ne pride`.
_WORD_TLDS = frozenset({"to", "na", "ne", "za", "do", "pa", "ta", "po", "is", "at", "it", "no",
                        "my", "so", "be", "in", "am", "as", "us"})  # fmt: skip
# Names of packages of programs begin with what a domain ends in: `com.android.vending`.
_PACKAGE = frozenset({"com", "org", "net", "io", "android", "java", "javax"})
_PLATFORMS = frozenset({"asp.net", "vb.net", "ado.net", "system.net", "socket.io", "node.js"})
FILE_CUE = re.compile(
    r"(?i)(?:datotek|priponk|prilog|privit|file|attach|skript|script)\w*:?\s*[\"'„(]?$"
)
_VERSION_CUE = re.compile(
    r"(?i)(?:\bv|\bver|\bversion|različic\w*|verzij\w*|build|firmware|release|flash player|reader|acrobat"
    r"|framework|browser|plug-?in|sdk|\bjre|\bjdk)[. :]*$"
)
_VERSION = re.compile(r"[0-9]\.[0-9]{1,2}\.0\.0")
# Words beside which ` dot ` means a dot of an address.
_SPOKEN_CUE = re.compile(
    r"(?i)(?:domain|domen|host|server|strežnik|poslužitelj|c2|c&c|url|link|povezav|poveznic|naslov|adres"
    r"|address|site|stran|visit|obišč|posjet|[:,;(]|\b(?:to|from|at|na|z|s|sa|iz|and|in|i|or|ali|ili))\W*$"
)
_TAG = re.compile(
    r"(?i)<(?:br|p|b|i|a|div|span|td|tr|th|li|ul|ol|em|strong|code|pre|font|h[1-6]|hr|img)\b"
)


@lru_cache(maxsize=4096)
def known_suffix(tld: str) -> bool:
    """True when the top-level label exists, or is one that people use all the same."""
    return suffix.known(tld)


@lru_cache(maxsize=8192)
def _is_suffix(name: str) -> bool:
    return suffix.is_suffix(name)


def read_url(scan: Scanned, match: re.Match[str]) -> Found | None:
    """An address with a scheme."""
    text, start, end = scan.text, match.start(), match.end()
    if match["rest"] is None:
        end = _joined(text, match.end("authority"), match["authority"], end)
    end = trimmed(text, start, _field_end(text, start, match.end("authority"), end))
    raw = text[start:end]
    try:
        # Blanks stand in it only where dots and slashes were pulled apart.
        parts = url.parse(re.sub(r"\s+", "", defang.refang(raw)))
    except url.BadUrl:
        return None
    if parts.host_kind == "name" and "." not in parts.host:
        return None
    return scan.value(start, end, Observable(T.URL, str(parts)))


_NEXT_FIELD = re.compile(r"[,;|](?=https?:|hxxps?:|[0-9]{4}-[0-9]{2}-|\"|$)")


def _field_end(text: str, start: int, low: int, high: int) -> int:
    """Where an address ends that is a cell of a table, or stands before a tag of HTML."""
    tag = _TAG.search(text, low, high)
    if tag:
        high = tag.start()
    before = text[start - 1 : start]
    if before and before in ",;|":
        cut = text.find(before, low, high)
        return high if cut < 0 else cut
    after = _NEXT_FIELD.search(text, low, high)
    return after.start() if after else high


def _joined(text: str, at: int, host: str, end: int) -> int:
    """Follow a host over blanks (`posta-si . paket.example/i`) until its suffix exists."""
    joined, stop = host, at
    for _ in range(8):
        if _complete(joined):
            break
        more = grammar.SPACED_LABEL.match(text, stop)
        if more is None:
            return end
        joined, stop = f"{joined}.{more['label']}", more.end()
    if stop == at or not _complete(joined):
        return end
    rest = grammar.SPACED_REST.match(text, stop)
    return rest.end() if rest else stop


def _complete(host: str) -> bool:
    try:
        name = names.canonical(defang.refang(host).rpartition("@")[2])
    except names.BadName:
        return True  # nothing to gain by going on
    return "." in name and suffix.known(name)


_SPOKEN_AT = re.compile(defang.BARE_AT)
_SPOKEN_DOT = re.compile(defang.BARE_DOT)
# Words before ` at ` that are nobody's mailbox.
_BEFORE_AT = frozenset(
    [
        "hosted",
        "host",
        "located",
        "found",
        "seen",
        "runs",
        "running",
        "run",
        "is",
        "was",
        "are",
        "were",
        "site",
        "server",
        "domain",
        "page",
        "panel",
        "available",
        "live",
        "registered",
        "served",
        "pointed",
        "points",
        "point",
        "resolves",
        "look",
        "looks",
        "mail",
        "email",
        "us",
        "me",
        "it",
        "them",
        "website",
        "c2",
        "url",
        "link",
        "address",
        "and",
        "or",
        "aimed",
        "directed",
    ]
)


def read_email(scan: Scanned, match: re.Match[str]) -> Found | None:
    """A mail address."""
    start, end = match.span("email")
    raw = match["email"]
    try:
        value = canonical(T.EMAIL, defang.refang(raw))
    except BadValue:
        return None
    if not suffix.known(value.value.rpartition("@")[2]):
        return None
    spoken = _SPOKEN_AT.search(raw)
    if spoken and (not _SPOKEN_DOT.search(raw) or raw[: spoken.start()].lower() in _BEFORE_AT):
        return None  # "we met at posta.si", "it runs at evil-fixture dot example"
    return scan.value(start, end, value)


def read_ipv4(scan: Scanned, match: re.Match[str]) -> Found | None:
    """An address of IPv4, a range of them, or a page at one."""
    start, end = match.span("ipv4")
    text = scan.text
    if _VERSION_CUE.search(scan.before(start)):
        return None
    mask, rest = match["mask"], match["ipv4rest"]
    if rest is not None:
        end = trimmed(text, start, end)
        try:
            address = url.canonical(defang.refang(text[start:end]))
        except url.BadUrl:
            return None
        return scan.value(start, end, Observable(T.URL, address))
    plain = defang.refang(text[start : end if mask is None else match.start("mask")])
    if any(len(octet) > 1 and octet[0] == "0" for octet in plain.split(".")):
        return None
    if mask is None and _VERSION.fullmatch(scan.text, start, end):
        return None
    try:
        if mask is not None:
            value = canonical(T.CIDR, plain + mask.replace("[/]", "/"))
        else:
            value = canonical(T.IPV4, plain)
    except BadValue:
        return None
    return scan.value(start, end, value)


def read_ipv6(scan: Scanned, match: re.Match[str]) -> Found | None:
    """An address of IPv6, or a range of them."""
    start, end = match.span("ipv6")
    prefix = match["prefix"]
    plain = defang.refang(match["ipv6"].replace("[:]", ":").removesuffix(prefix or ""))
    # A time of day has no letter, no empty group and few parts.
    if plain.count(":") < 2 or not ("::" in plain or plain.count(":") == 7 or "." in plain):
        return None
    try:
        value = canonical(T.IPV6, plain)
        if len(value.value) < 5:
            return None
        if prefix is not None:
            value = canonical(T.CIDR, value.value + prefix)
    except BadValue:
        return None
    return scan.value(start, end, value)


def read_spaced(scan: Scanned, match: re.Match[str]) -> Found | None:
    """A name pulled apart; or, where sentences only look like one, the name before the blank."""
    found = _pulled_apart(scan, match)
    if found is not None:
        return found
    plain = grammar.NAME_AT.match(scan.text, match.start())
    return read_name(scan, plain) if plain else None


def _pulled_apart(scan: Scanned, match: re.Match[str]) -> Found | None:
    text = scan.text
    start, end = match.span("spaced")
    end = trimmed(text, start, end)
    live = re.sub(r"[ \t]+", "", text[start:end])
    try:
        name = names.canonical(live.partition("/")[0])
    except names.BadName:
        return None
    host = re.split(r"[ \t]*/", text[start:end], maxsplit=1)[0]
    written = re.split(r"[ \t]*\.[ \t]*", host)
    if not suffix.known(name) or suffix.is_suffix(name) or not written[-1].islower():
        return None
    if any(label.isdigit() for label in written):
        return None  # "št. 12. si / je"
    if match["web"] is None and (
        (len(written) == 2 and name.rpartition(".")[2] in _WORD_TLDS) or _two_sentences(host)
    ):
        return None
    if "/" not in live:
        return scan.value(start, end, Observable(T.DOMAIN, name))
    try:
        return scan.value(start, end, Observable(T.URL, url.canonical(live)))
    except url.BadUrl:
        return None


def _two_sentences(host: str) -> bool:
    """True for `see the report. evil-fixture.example`: the end of one, and a whole name."""
    head, blank, tail = host.rpartition(" ")
    return bool(blank) and head.endswith(".") and " ." not in head and "." in tail.strip(".")


def read_name(scan: Scanned, match: re.Match[str]) -> Found | None:
    """A domain, or an address without its scheme."""
    text = scan.text
    start, end = match.span("name")
    rest = match["namerest"]
    if rest is not None:
        end = trimmed(text, start, _field_end(text, start, match.start("namerest"), end))
    elif match["nameport"] is not None:
        end = match.start("nameport")
    raw = text[start:end]
    live = raw if raw.isascii() and raw.replace(".", "").isalnum() else defang.refang(raw)
    host = re.split(r"[/?:]", live, maxsplit=1)[0]
    if rest is None and host.rpartition(".")[2].lower() in INTERNAL:
        return scan.read(T.HOSTNAME, start, end)
    if not known_suffix(host.rpartition(".")[2].lower()) and host.isascii():
        return None
    try:
        name = names.canonical(host)
    except names.BadName:
        return None
    if not suffix.known(name) or _is_suffix(name) or _is_prose(scan, start, end, raw, name, rest):
        return None
    if rest is not None and len(rest) > 1:
        try:
            return scan.value(start, end, Observable(T.URL, url.canonical(live)))
        except url.BadUrl:
            return None
    return scan.value(start, end, Observable(T.DOMAIN, name))


def _is_prose(scan: Scanned, start: int, end: int, raw: str, name: str, rest: str | None) -> bool:
    """True for a file name, an abbreviation or a sentence end that looks like a domain."""
    labels = name.split(".")
    if " " in raw and _SPOKEN_DOT.search(raw):
        return rest is None and not _spoken(scan, start, end, labels)
    if (rest is not None and len(rest) > 1) or labels[0] == "www" or defang.is_defanged(raw):
        return False
    tld = labels[-1]
    if tld in SURE_FILE_TLDS or (tld in FILE_TLDS and FILE_CUE.search(scan.before(start))):
        return True
    if all(label.isdigit() for label in labels[:-1]) and len(labels[0]) < 3:
        return True  # "10.in 12. uro"
    written = raw.split(".")
    last = written[-1]
    if last[:1].isupper() and (not last.isupper() or not written[0].isupper()):
        return True  # "naslov.To", "Win32.AB"
    if name in _PLATFORMS or (labels[0] in _PACKAGE and len(labels) > 2):
        return True
    return tld in _WORD_TLDS and len(labels) == 2 and labels[0].isalpha()


_ARTICLES = frozenset(
    ["the", "this", "that", "a", "an", "our", "your", "new", "old", "some", "any", "and", "or"]
)
_PLAIN_TLDS = frozenset({"com", "net", "org", "info", "biz", "top", "xyz", "example"})


def _spoken(scan: Scanned, start: int, end: int, labels: list[str]) -> bool:
    """True when ` dot ` is one of an address: a long or odd name, or a neighbour that says so."""
    if len(labels) > 2 or re.search(r"[-\d]", labels[0]):
        return True
    if labels[1] in _PLAIN_TLDS and len(labels[0]) > 3 and labels[0] not in _ARTICLES:
        return True
    if scan.found and start - scan.found[-1].end <= 24:
        return True
    if _SPOKEN_DOT.search(scan.text, end, end + 40):
        return True
    return _SPOKEN_CUE.search(scan.before(start)) is not None
