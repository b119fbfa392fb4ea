"""Network addresses: IPv4, IPv6, networks, MAC."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from zvon.privacy.identifiers.shape import DOT, defanged, put, refang
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading

_IPV4 = re.compile(
    rf"(?<![\w.@-])(?:\d{{1,3}}{DOT}){{3}}\d{{1,3}}(/\d{{1,2}})?(?![\w]|{DOT}\d)", re.IGNORECASE
)
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9a-f]{1,4}:){1,7}(?::?[0-9a-f]{1,4}){0,7}(?:::)?(?:/\d{1,3})?(?![\w:])"
    r"|(?<![\w:.])::(?:[0-9a-f]{1,4}:){0,6}[0-9a-f]{1,4}(?![\w:])",
    re.IGNORECASE,
)
_MAC = re.compile(
    r"(?<![\w:-])(?:(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})(?![\w:-]|\.\w)",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"(?<!\w)(?:v|ver\.?|version|verzij\w|različic\w|build|firmware) ?$", re.IGNORECASE
)
_SHORTEST_MAC = 14
_NOT_HEX = re.compile(r"[^0-9a-f]")

_PRIVATE = tuple(map(ip_network, (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16",
    "100.64.0.0/10", "0.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128",
)))  # fmt: skip


def is_private(address: IPv4Address | IPv6Address) -> bool:
    """True for addresses that only exist inside an organisation; documentation ones do not."""
    return any(address in net for net in _PRIVATE if net.version == address.version)


@lru_cache(maxsize=16384)
def _known(raw: str) -> tuple[str, str, bool] | None:
    """Type, canonical form and whether it is private, or `None` for what is no address."""
    try:
        if "/" in raw:
            net = ip_network(raw, strict=False)
            return "CIDR", str(net), is_private(net.network_address)
        address = ip_address(raw)
    except ValueError:
        return None
    return "IP", str(address), is_private(address)


def addresses(reading: Reading, zones: Zones) -> None:
    """Take MAC and network addresses; a version of a program is none."""
    text = reading.text
    for start, end in zones.digit:
        if end - start >= _SHORTEST_MAC:
            for found in _MAC.finditer(text, start, end):
                value = _NOT_HEX.sub("", found[0].lower())
                put(reading, found.start(), found.end(), "MAC", value, fixed="remove")
    for start, end in zones.dotted:
        for found in _IPV4.finditer(text, start, end):
            _take(reading, found)
    for start, end in zones.colon:
        if text.count(":", start, end) > 1:
            for found in _IPV6.finditer(text, start, end):
                _take(reading, found)


def _take(reading: Reading, found: re.Match[str]) -> None:
    known = _known(refang(found[0]))
    start = found.start()
    if known is None or _VERSION.search(reading.text[max(0, start - 14) : start]):
        return
    kind, value, private = known
    put(reading, start, found.end(), kind, value,
        defanged=defanged(found[0]), fixed="remove" if private else "")  # fmt: skip
