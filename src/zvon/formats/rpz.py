"""Response policy zones in wire form: owner names and records (draft-vixie-dnsop-dns-rpz; RFC 1035).

Names are taken strictly: what any resolver would drop is refused here, never cut to fit.
"""

import re
import struct
from enum import StrEnum
from functools import cache

CNAME, SOA, NS, TXT = 5, 6, 2, 16
IN = 1
MAX_OWNER, MAX_LABEL = 255, 63
# A compression pointer has 14 bits (RFC 1035, 4.1.4).
MAX_POINTER = 0x3FFF

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")


class Answer(StrEnum):
    """What the resolver answers instead of the truth: the target of the rule's CNAME."""

    NXDOMAIN = "."
    NODATA = "*."
    PASS = "rpz-passthru."  # noqa: S105


class RpzError(ValueError):
    """The text is not a rule that every resolver would load."""


def check_owner(owner: str, zone: str) -> str:
    """Give back `owner` (relative to `zone`, `*.` only leftmost) when it can be published.

    Raises `RpzError`: upper case, a dot at the end, a bad label, more than 255 octets with the
    zone, or an `rpz-…` trigger, which is not a name.
    """
    name = owner.removeprefix("*.")
    labels = name.split(".")
    for label in labels:
        if len(label) > MAX_LABEL or not _LABEL.fullmatch(label):
            raise RpzError(f"{owner!r}: the label {label!r} cannot stand in an owner name")
    if labels[-1].startswith("rpz-"):
        raise RpzError(f"{owner!r} is a trigger, not a name")
    if len(owner) + 1 + len(zone) + 2 > MAX_OWNER:
        raise RpzError(f"{owner!r} is longer than an owner name in {zone} may be")
    return owner


def name_wire(name: str) -> bytes:
    """A name in wire form, without compression; `.` or the empty text is the root."""
    out = bytearray()
    for label in name.strip(".").split(".") if name.strip(".") else []:
        raw = label.encode("ascii")
        if not 0 < len(raw) <= MAX_LABEL:
            raise RpzError(f"{name!r}: a label has 1 to {MAX_LABEL} octets")
        out += bytes((len(raw),)) + raw
    out.append(0)
    if len(out) > MAX_OWNER:
        raise RpzError(f"{name!r} has more than {MAX_OWNER} octets")
    return bytes(out)


def name_text(wire: bytes) -> str:
    """The text of an uncompressed wire name, without the dot at the end; the root is `.`."""
    labels, at = [], 0
    while wire[at]:
        labels.append(wire[at + 1 : at + 1 + wire[at]].decode("ascii"))
        at += 1 + wire[at]
    return ".".join(labels) or "."


RDATA: dict[str, bytes] = {answer.value: name_wire(answer.value) for answer in Answer}


@cache
def tail(rdata: str, ttl: int) -> bytes:
    """What follows the owner name in a rule's record. Raises `RpzError` for another target."""
    data = RDATA.get(rdata)
    if data is None:
        raise RpzError(f"a rule cannot point to {rdata!r}")
    return struct.pack("!HHIH", CNAME, IN, ttl, len(data)) + data


def record(rtype: int, ttl: int, data: bytes) -> bytes:
    """What follows the owner name of any record."""
    return struct.pack("!HHIH", rtype, IN, ttl, len(data)) + data


def soa_rdata(serial: int) -> bytes:
    """The SOA of every policy zone: refresh 60, retry 30, expire 604800, minimum 60.

    The long expiry keeps resolvers blocking for a week while we are away.
    """
    names = name_wire("localhost") + name_wire("hostmaster.localhost")
    return names + struct.pack("!IIIII", serial, 60, 30, 604_800, 60)


def txt_rdata(text: str) -> bytes:
    """One character string (RFC 1035, 3.3.14)."""
    raw = text.encode("ascii")
    return bytes((len(raw),)) + raw


class Packer:
    """Puts records into the body of one message, pointing to names that stand there already.

    `start` is where the body begins in the message. The question holds the zone's name at octet
    12, so every owner ends with a pointer to it.
    """

    def __init__(self, start: int) -> None:
        self.start = start
        self.body = bytearray()
        self.count = 0
        self._seen: dict[str, bytes] = {"": b"\xc0\x0c"}

    def add(self, owner: str, tail: bytes) -> None:
        """Append one record; `owner` is relative to the zone, empty for the zone itself."""
        body, seen = self.body, self._seen
        while True:
            pointer = seen.get(owner)
            if pointer is not None:
                body += pointer
                break
            at = self.start + len(body)
            if at <= MAX_POINTER:
                seen[owner] = struct.pack("!H", 0xC000 | at)
            label, _, owner = owner.partition(".")
            body.append(len(label))
            body += label.encode("ascii")
        body += tail
        self.count += 1

    def __len__(self) -> int:
        return len(self.body)
