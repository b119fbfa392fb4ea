"""Pseudonyms where a schema wants a valid address: 2001:db8::/32 with 96 keyed bits (RFC 3849).

Nothing of the address is kept, no prefix either. Never a documentation address of IPv4 (RFC
5737): there are 768 of them, and two victims would soon be one.
"""

import hashlib
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from zvon.privacy.pseudonym import Domain

PREFIX = bytes.fromhex("20010db8")
_BITS = 96


def address(domain: Domain, value: IPv4Address | IPv6Address) -> IPv6Address:
    """The pseudonym of one address; equal addresses, equal pseudonyms inside the domain."""
    return IPv6Address(addresses(domain, [value.packed])[0])


def addresses(domain: Domain, packed: Iterable[bytes]) -> list[bytes]:
    """The pseudonyms of many addresses, packed as they are (4 or 16 bytes), in order.

    The state after the key is made once and copied (2.4 million/s instead of 1.6; HMAC-SHA256
    0.6).
    """
    keyed = hashlib.blake2b(digest_size=_BITS // 8, key=domain.key, person=b"address").copy
    out = []
    for value in packed:
        state = keyed()
        state.update(value)
        out.append(PREFIX + state.digest())
    return out
