"""Addresses that nothing may be fetched from: our own list, because `ipaddress.is_global` is wrong.

The standard library calls NAT64 and 6to4 forms of loopback, multicast and `fec0::1` global
(measured, Python 3.11). An address is judged as a number, never as the text that a page wrote.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from zvon.model.prefix import Network

Prefixes = Sequence[Network]
"""The operator's own prefixes: their machines are theirs to protect, public or not."""

METADATA = "metadata"
OWN = "own"
UNREADABLE = "unreadable"

_FOUR = tuple((ip_network(prefix), reason) for prefix, reason in (
    ("0.0.0.0/8", "this_network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "private"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.169.254/32", METADATA),
    ("169.254.0.0/16", "link_local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "translated"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "reserved"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
))  # fmt: skip
# Only 2000::/3 is given out; what else there is has a name of its own where people know one.
_GIVEN_OUT = ip_network("2000::/3")
_SIX_INSIDE = tuple((ip_network(prefix), reason) for prefix, reason in (
    ("2001:db8::/32", "documentation"),
    ("2001::/23", "translated"),
    ("2002::/16", "translated"),
    ("3fff::/20", "documentation"),
))  # fmt: skip
_SIX_OUTSIDE = tuple((ip_network(prefix), reason) for prefix, reason in (
    ("::1/128", "loopback"),
    ("64:ff9b::/96", "translated"),
    ("64:ff9b:1::/48", "translated"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link_local"),
    ("ff00::/8", "multicast"),
))  # fmt: skip


def refuse(ip: str, own: Prefixes = ()) -> str | None:
    """Why `ip` may not be connected to, as a word, or `None` when it may.

    `own` are the operator's prefixes. An IPv4 address inside IPv6 is judged as IPv4; an address
    with a zone (`fe80::1%eth0`) without it; a text that is no address is refused.
    """
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return UNREADABLE
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    reason = _listed(address)
    if reason is None and any(address in each for each in own if each.version == address.version):
        reason = OWN
    return reason


@lru_cache(maxsize=4096)
def _listed(address: IPv4Address | IPv6Address) -> str | None:
    if isinstance(address, IPv4Address):
        table = _FOUR
    else:
        table = _SIX_INSIDE if address in _GIVEN_OUT else _SIX_OUTSIDE
    for prefix, reason in table:
        if address in prefix:
            return reason
    return None if isinstance(address, IPv4Address) or address in _GIVEN_OUT else "reserved"
