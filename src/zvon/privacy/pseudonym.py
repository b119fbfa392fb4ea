"""Typed pseudonyms that mean something inside one group and epoch, and nothing outside.

A pseudonym is keyed BLAKE2b over a canonical form, 60 bits of it in Crockford's base 32. The key
is random for each (group, epoch) and never derived, so destroying it ends the epoch. `.invalid`
(RFC 2606) carries hosts and mail addresses. Never a documentation address (RFC 5737): it has 768.
"""

import hashlib
import re

from msgspec import Struct

from zvon.privacy.fold import fold

KEY_BYTES = 32
LENGTH = 12
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

_B32 = f"[{ALPHABET}]{{{LENGTH}}}"
_HOST = rf"(?:host-{_B32}\.)?org-{_B32}\.invalid"
TOKEN = re.compile(
    rf"(?<![\w-])(?:user-{_B32}@{_HOST}|{_HOST}|host-{_B32}\.invalid"
    rf"|(?:person|org|user|card|ip-v|net-v|file|mac|track|host|hash|wallet|path|asn|cve)-{_B32}"
    rf"|(?:phone|iban|nid)-[a-z]{{2}}-{_B32}"
    r"|\[(?:secret|address|card|date|place|document|plate|encoded|ask:[A-Z]+)\])(?![\w])"
)
"""Everything that this module, or a redaction, can put into a text."""


class BadKey(ValueError):
    """A pseudonym key has the wrong length."""


class Domain(Struct, frozen=True):
    """A pseudonymisation domain: one group, one epoch (`2026-11`), one random key."""

    group: str
    epoch: str
    key: bytes

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise BadKey(f"a pseudonym key has {KEY_BYTES} bytes")

    def __repr__(self) -> str:
        return f"Domain(group={self.group!r}, epoch={self.epoch!r})"

    def code(self, kind: str, canonical: str) -> str:
        """60 bits of a keyed hash of `canonical`; the same `kind` and value, the same code."""
        digest = hashlib.blake2b(
            canonical.encode("utf-8", "surrogatepass"),
            digest_size=8,
            key=self.key,
            person=kind.encode()[:16],
        ).digest()
        number = int.from_bytes(digest) >> 4
        return "".join(ALPHABET[number >> shift & 31] for shift in range(55, -1, -5))


def token(domain: Domain, kind: str, canonical: str, *, country: str = "") -> str:
    """The pseudonym of a value of type `kind` in its canonical form.

    `country` is two letters for phones, accounts and national ids; unknown is `zz`.
    """
    match kind:
        case "EMAIL":
            address, _, registered = canonical.partition("|")
            return f"user-{domain.code('user', fold(address))}@{_org(domain, registered)}"
        case "DOMAIN" | "HOST" | "URL":
            return _host(domain, canonical)
        case "PHONE" | "IBAN":
            return f"{kind.lower()}-{country or 'zz'}-{domain.code(kind.lower(), canonical)}"
        case "OIB" | "EMSO" | "TAX" | "REG":
            return f"nid-{country or 'zz'}-{domain.code('nid', canonical)}"
        case "NAME":
            return f"person-{domain.code('person', canonical)}"
        case "IP":
            return f"ip-v-{domain.code('ip', canonical)}"
        case "CIDR":
            return f"net-v-{domain.code('net', canonical)}"
        case _:
            return f"{kind.lower()}-{domain.code(kind.lower(), canonical)}"


def _org(domain: Domain, registered: str) -> str:
    return f"org-{domain.code('org', registered)}.invalid"


def _host(domain: Domain, canonical: str) -> str:
    """`canonical` is `name` or `name|registered`; hosts of one owner share the `org-` part."""
    name, _, registered = canonical.partition("|")
    if not registered:
        return f"host-{domain.code('host', name)}"
    if name == registered:
        return _org(domain, registered)
    return f"host-{domain.code('host', name)}.{_org(domain, registered)}"
