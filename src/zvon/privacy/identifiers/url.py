"""Addresses on the web, as written, defanged or without their scheme; and `data:` addresses."""

import re
from functools import lru_cache
from ipaddress import ip_address

from zvon.privacy.decode import layers
from zvon.privacy.identifiers.address import is_private
from zvon.privacy.identifiers.host import host_name, is_internal, owner
from zvon.privacy.identifiers.shape import DOT, NAME, OPEN, defanged, put, refang, trimmed
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading

_URL = re.compile(
    rf"(?:(?:h[tx*]{{2}}ps?|s?f[tx]ps?|ldaps?|wss?|smb|ssh|rtsp)(?::|\[:\]|\(:\))//"
    rf"|www(?=\.|\[\.\])){OPEN}+",
    re.IGNORECASE,
)
_SCHEMELESS = re.compile(rf"(?<![\w@./\\-])(?:{NAME})(?::\d{{2,5}})?/{OPEN}*", re.IGNORECASE)
_HOST_IN_URL = re.compile(
    rf"^(?:[a-z*]+(?::|\[:\]|\(:\))//)?(?:[^/\s?#]*@)?"
    rf"(\[[0-9a-f:.]+\]|(?:[^\s/?#:@\[\](){{}}]|{DOT})+)",
    re.IGNORECASE,
)
_DATA = re.compile(r"(?<!\w)data:[\w.+/-]*(?:;[\w.=+-]+)*,[^\s\"'<>)]*", re.IGNORECASE)
_SHORT_DATA = 64


def urls(reading: Reading, zones: Zones) -> None:
    """Take every address with a scheme, then those that only begin with a name."""
    text = reading.text
    for start, end in zones.colon:
        for found in _DATA.finditer(text, start, end):
            if not _harmless(found[0]):
                put(reading, found.start(), found.end(), "ENCODED", found[0], fixed="remove")
    for start, end in (*zones.slash, *zones.dot):
        for found in _URL.finditer(text, start, end):
            _take(reading, found.start(), found.end(), named=False)
    for start, end in zones.slash:
        for found in _SCHEMELESS.finditer(text, start, end):
            _take(reading, found.start(), found.end(), named=True)


def _take(reading: Reading, start: int, end: int, *, named: bool) -> None:
    end = trimmed(reading.text, start, end)
    if not reading.free(start, end):
        return
    raw = reading.text[start:end]
    name, kind = url_host(raw)
    if name and (kind == "name" or not named):
        inside = is_internal(name) if kind == "name" else is_private(ip_address(name))
        put(reading, start, end, "URL", refang(raw),
            owner=owner(name) if kind == "name" else name, defanged=defanged(raw),
            fixed="remove" if inside else "")  # fmt: skip


def _harmless(address: str) -> bool:
    """True for a short text; an image, or what cannot be read, may show anything."""
    head, _, body = address.partition(",")
    if "image" in head.lower() or len(body) > _SHORT_DATA:
        return False
    return ";base64" not in head.lower() or any(True for _ in layers(body))


@lru_cache(maxsize=8192)
def url_host(raw: str) -> tuple[str, str]:
    """The host of a URL as written and what it is: `name`, `ip`, or nothing when unreadable."""
    found = _HOST_IN_URL.match(raw)
    if found is None:
        return "", ""
    bare = refang(found[1])
    try:
        return str(ip_address(bare.strip("[]"))), "ip"
    except ValueError:
        pass
    name = host_name(bare)
    return (name, "name") if name and "." in name else ("", "")


def host_range(raw: str) -> tuple[int, int]:
    """Where in a URL its host stands."""
    found = _HOST_IN_URL.match(raw)
    return found.span(1) if found else (0, 0)
