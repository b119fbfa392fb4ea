"""Pseudonyms in the form that a schema demands where a plain token would not be a valid value.

An address becomes one of 2001:db8::/32 (RFC 3849) with 96 keyed bits, never one of RFC 5737: of
these there are 768, and victims would collide. What was an address stays comparable: the same
victim, the same address, for this group and epoch only.
"""

import hashlib
import re
from ipaddress import IPv6Address, IPv6Network
from uuid import UUID

from zvon.privacy.pseudonym import TOKEN, Domain

DOCUMENTATION = IPv6Network("2001:db8::/32")
_REDACTED = re.compile(r"\[[a-z]+\]")


def is_pseudonym(text: str) -> bool:
    """True for one of our pseudonyms, and nothing beside it."""
    return text[:1] != "[" and TOKEN.fullmatch(text) is not None


def is_redaction(text: str) -> bool:
    """True for what stands in place of a value that has no pseudonym."""
    return _REDACTED.fullmatch(text) is not None


def address(keys: Domain, token: str) -> str:
    """An address that stands for the machine behind `token`."""
    return str(DOCUMENTATION[int.from_bytes(_bits(keys, "ip6", token, 12))])


def network(keys: Domain, token: str) -> str:
    """A /64 that stands for the network behind `token`."""
    low = int.from_bytes(_bits(keys, "net6", token, 12)) & ~((1 << 64) - 1)
    return f"{IPv6Address(int(DOCUMENTATION.network_address) | low)}/64"


def uuid(keys: Domain, text: str) -> str:
    """A UUID of version 8 (RFC 9562) that means `text` inside this group and epoch alone.

    Identifiers that formats derive from a value are hashes of it without a key.
    """
    number = int.from_bytes(_bits(keys, "uuid", text, 16))
    number = number & ~(0xF << 76) | 8 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=number))


def valid(keys: Domain, kind: str, token: str) -> str | None:
    """`token` as a valid value of type `kind`, or `None` when there is none."""
    match kind:
        case "IP":
            return address(keys, token)
        case "CIDR":
            return network(keys, token)
        case "URL":
            return f"https://{token}/"
        case "HOST" | "DOMAIN":
            return token if token.endswith(".invalid") else f"{token}.invalid"
        case "EMAIL":
            return token if "@" in token else f"{token}@invalid"
        case "USER" | "NAME" | "ORG" | "FILE" | "PATH":
            return token
        case _:
            return None


def _bits(keys: Domain, kind: str, text: str, size: int) -> bytes:
    return hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"), digest_size=size, key=keys.key, person=kind.encode()
    ).digest()
