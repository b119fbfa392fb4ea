"""An answer of a resolver, as far as it says whether and by whom a name is blocked.

RFC 1035; RFC 8914 for extended errors. A resolver that applies a policy zone may add the zone's
SOA: BIND and Unbound do, which is how an answer proves that it is ours.
"""

import struct
from functools import cached_property

import dns.edns
import dns.exception
import dns.message
import dns.rdatatype
from msgspec import Struct

HEADER_BYTES = 12
AA, RA = 0x0400, 0x0080
NXDOMAIN, SERVFAIL = 3, 2
BLOCKED_CODES = frozenset({15, 16, 17})
"""Blocked, Censored, Filtered (RFC 8914, 4.16 to 4.18)."""
_MAX_BYTES = 65_535


class BadAnswer(ValueError):
    """The octets are not an answer."""


class Answer(Struct, frozen=True, dict=True):
    """One answer, as it came, with what its header says; the rest is read when asked for."""

    raw: bytes
    rcode: int
    answers: int

    @classmethod
    def of(cls, raw: bytes) -> "Answer":
        """Read the header. Raises `BadAnswer` for what is no answer."""
        if not HEADER_BYTES <= len(raw) <= _MAX_BYTES:
            raise BadAnswer("too short or too long for an answer")
        _, flags, _, answers = struct.unpack_from("!HHHH", raw)
        if not flags & 0x8000:
            raise BadAnswer("a question, not an answer")
        return cls(raw, flags & 0xF, answers)

    def blocks(self, action: str, landing: str | None = None) -> bool:
        """True when this is what `action` orders; `landing` is the host that visitors are led to."""
        if action == "nodata":
            return self.rcode == 0 and self.answers == 0
        if action == "landing" and landing is not None:
            return self.rcode == 0 and landing.rstrip(".").lower() in self.targets
        return self.rcode == NXDOMAIN

    @property
    def resolves(self) -> bool:
        """True when there is a real answer."""
        return self.rcode == 0 and self.answers > 0

    @property
    def local(self) -> bool:
        """True when a recursive resolver says that it is the authority: it made the answer up."""
        (flags,) = struct.unpack_from("!H", self.raw, 2)
        return bool(flags & (AA | RA) == AA | RA)

    @cached_property
    def question(self) -> tuple[str, int] | None:
        """Name and type asked for, or `None` when it cannot be read."""
        message = self._message
        if message is None or len(message.question) != 1:
            return None
        asked = message.question[0]
        return _text(asked.name), int(asked.rdtype)

    @cached_property
    def soa_owners(self) -> frozenset[str]:
        """Zones whose SOA stands behind the answer."""
        message = self._message
        if message is None:
            return frozenset()
        return frozenset(
            _text(found.name)
            for found in (*message.authority, *message.additional)
            if found.rdtype == dns.rdatatype.SOA
        )

    @cached_property
    def targets(self) -> frozenset[str]:
        """Names that the answer's CNAME records point to."""
        message = self._message
        if message is None:
            return frozenset()
        return frozenset(
            _text(record.target)
            for found in message.answer
            if found.rdtype == dns.rdatatype.CNAME
            for record in found
        )

    @cached_property
    def extended(self) -> frozenset[int]:
        """Codes of extended errors (RFC 8914)."""
        message = self._message
        options = message.options if message is not None else ()
        return frozenset(int(one.code) for one in options if isinstance(one, dns.edns.EDEOption))

    @cached_property
    def _message(self) -> dns.message.Message | None:
        try:
            return dns.message.from_wire(self.raw, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError, struct.error):
            return None


def _text(name: object) -> str:
    return str(name).rstrip(".").lower()
