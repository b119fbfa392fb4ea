"""The way a mail came: `Received` fields (RFC 5321 section 4.4), newest first.

The first host outside the recipient's own network is the one that delivered the mail; what it
says of the way before is a claim. Private addresses and the recipient's names are the victim's.
"""

import re
from collections.abc import Collection, Iterable
from ipaddress import ip_address, ip_network

from msgspec import Struct

from zvon.model import suffix
from zvon.model.name import BadName, canonical

_FROM = re.compile(r"(?i)^\s*from\s+(?P<helo>[^\s()]{1,255})(?:\s*\((?P<detail>[^()]{0,500})\))?")
_BY = re.compile(r"(?i)\bby\s+(?P<by>[^\s();]{1,255})")
_FOR = re.compile(r"(?i)\bfor\s+<?(?P<to>[^\s<>;]{3,254})>?")
_IP = re.compile(r"(?:IPv6:)?(?P<ip>[0-9A-Fa-f:.]{7,45})")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*\.)+[A-Za-z0-9-]{2,63}")
_PRIVATE_TLDS = frozenset({"local", "lan", "internal", "intranet", "home", "corp", "localdomain",
                           "localhost", "arpa"})  # fmt: skip

_NETWORKS = tuple(
    ip_network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)


class Hop(Struct, frozen=True, kw_only=True):
    """One `Received` field: the names and addresses on each of its sides, canonical."""

    names: tuple[str, ...]
    ips: tuple[str, ...]
    by: str | None
    to: str | None


def hop(field: str) -> Hop:
    """Read one field; what it lacks is missing, nothing raises."""
    flat = " ".join(field.split())[:2000]
    sender = _FROM.match(flat)
    by, to = _BY.search(flat), _FOR.search(flat)
    text = "" if sender is None else f"{sender['helo']} {sender['detail'] or ''}"
    return Hop(
        names=_unique(n for m in _NAME.finditer(text) if (n := _name(m[0])) is not None),
        ips=_unique(ip for m in _IP.finditer(text) if (ip := _address(m["ip"])) is not None),
        by=_name(by["by"]) if by else None,
        to=to["to"].lower() if to and "@" in to["to"] else None,
    )


def own(name: str, recipients: Collection[str]) -> bool:
    """True for a name of the recipient's network; `recipients` are registered names."""
    if name.rpartition(".")[2] in _PRIVATE_TLDS or "." not in name:
        return True
    return (suffix.registered(name) or name) in recipients


def private(address: str) -> bool:
    """True for an address that only means something inside a network (RFC 1918, RFC 4193 …).

    Addresses kept for documentation count as public: they stand for somebody.
    """
    ip = ip_address(address)
    if ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast:
        return True
    return any(ip in net for net in _NETWORKS if net.version == ip.version)


def _name(text: str) -> str | None:
    try:
        name = canonical(text.strip("[]<>"))
    except BadName:
        return None
    return name if "." in name else None


def _address(text: str) -> str | None:
    try:
        return ip_address(text).compressed
    except ValueError:
        return None


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
