"""Typed pseudonyms that mean something inside one group and epoch, and nothing outside.

A pseudonym is keyed BLAKE2b over a canonical form, 60 bits of it in Crockford's base 32. The key
is random for each (group, epoch) and never derived, so destroying it ends the epoch. Four further
characters are a keyed check: who has no key cannot write a pseudonym that passes for ours, so a
text that imitates one is told from a text that went through the gate before. `.invalid` (RFC
2606) carries hosts and mail addresses. Never a documentation address (RFC 5737): it has 768.
"""

import hashlib
import re

from msgspec import Struct

from zvon.privacy.fold import fold

KEY_BYTES = 32
LENGTH = 12
CHECK = 4
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

_B32 = f"[{ALPHABET}]{{{LENGTH + CHECK}}}"
_HOST = rf"(?:host-{_B32}\.)?org-{_B32}\.invalid"
_KINDS = ("person", "org", "user", "card", "ip-v", "net-v", "file", "mac", "track", "host", "hash",
          "wallet", "path", "asn", "cve", "device", "token")  # fmt: skip
TOKEN = re.compile(
    rf"(?<![\w-])(?:user-{_B32}@{_HOST}|{_HOST}|host-{_B32}\.invalid"
    rf"|(?:{'|'.join(_KINDS)})-{_B32}|(?:phone|iban|nid)-[a-z]{{2}}-{_B32})(?!\w)"
)
"""Every pseudonym that this module can put into a text, and whatever is written like one."""

REDACTION = re.compile(
    r"(?<![\w-])\[(?:secret|address|card|date|place|document|plate|encoded|ask:[A-Z]+)\](?!\w)"
)
"""What stands for a value that gets no pseudonym."""

_CODE = re.compile(rf"(?<![^\W_]){_B32}(?![^\W_])")


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
        """60 bits of a keyed hash of `canonical`, and their check; equal values, equal codes."""
        bits = self._hash(kind, canonical)
        code = _written(bits, LENGTH)
        return code + self._check(code)

    def genuine(self, pseudonym: str) -> bool:
        """True when every code in `pseudonym` was made with this key.

        Another's guess passes once in a million times (20 bits for each code).
        """
        codes = _CODE.findall(pseudonym)
        return bool(codes) and all(self._check(c[:LENGTH]) == c[LENGTH:] for c in codes)

    def _check(self, code: str) -> str:
        return _written(self._hash("check", code), CHECK)

    def _hash(self, kind: str, canonical: str) -> int:
        digest = hashlib.blake2b(
            canonical.encode("utf-8", "surrogatepass"),
            digest_size=8,
            key=self.key,
            person=kind.encode()[:16],
        ).digest()
        return int.from_bytes(digest) >> 4


_PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)


def _written(bits: int, length: int) -> str:
    """The lowest `length` times 5 bits in base 32, two letters at a time; `length` is even."""
    return "".join([_PAIRS[bits >> shift & 1023] for shift in range(5 * length - 10, -1, -10)])


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
