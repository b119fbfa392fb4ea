"""DNS messages as the primary needs them: requests taken apart, answers put together (RFC 1035).

Parsing is strict and bounded: a request of more than 512 octets is no request to us.
"""

import struct
from enum import IntEnum

from msgspec import Struct

MAX_REQUEST = 512
SOA_Q, AXFR, IXFR, ANY = 6, 252, 251, 255
TSIG, OPT = 250, 41
IN_CLASS = 1
QR, AA, TC, OPCODE_NOTIFY = 0x8000, 0x0400, 0x0200, 0x2000
_OPCODE = 0x7800
HEADER = struct.Struct("!HHHHHH")


class Rcode(IntEnum):
    """RFC 1035, 4.1.1 and RFC 8945, 3."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NOTIMP = 4
    REFUSED = 5
    NOTAUTH = 9
    BADSIG = 16
    BADKEY = 17
    BADTIME = 18
    BADTRUNC = 22


class WireError(ValueError):
    """The octets are not a message that we take."""


class TsigRecord(Struct, frozen=True, kw_only=True):
    """The TSIG of a message, and `signed`: the message as it was before the record was added."""

    key: str
    algorithm: str
    time: int
    fudge: int
    mac: bytes
    original_id: int
    error: int
    other: bytes
    signed: bytes


class Message(Struct, frozen=True, kw_only=True):
    """What matters of a request or of a reply to a NOTIFY."""

    id: int
    flags: int
    qname: str
    qtype: int
    qclass: int
    question: bytes
    soa_serial: int | None = None
    tsig: TsigRecord | None = None

    @property
    def opcode(self) -> int:
        """The opcode bits, in place."""
        return self.flags & _OPCODE

    @property
    def rcode(self) -> int:
        """The four low bits of the response code."""
        return self.flags & 0xF


def parse(raw: bytes, limit: int = MAX_REQUEST) -> Message:
    """Take a message with one question apart. Raises `WireError`."""
    if len(raw) > limit:
        raise WireError(f"longer than {limit} octets")
    try:
        return _parse(raw)
    except (struct.error, IndexError, UnicodeDecodeError):
        raise WireError("the message ends early or holds a bad name") from None


def _parse(raw: bytes) -> Message:
    ident, flags, questions, answers, authority, additional = HEADER.unpack_from(raw)
    if questions != 1:
        raise WireError("expected one question")
    qname, at = _name(raw, HEADER.size)
    qtype, qclass = struct.unpack_from("!HH", raw, at)
    at += 4
    question = raw[HEADER.size : at]
    serial: int | None = None
    tsig: TsigRecord | None = None
    for n in range(answers + authority + additional):
        start = at
        owner, at = _name(raw, at)
        rtype, _, _, length = struct.unpack_from("!HHIH", raw, at)
        at += 10
        if at + length > len(raw):
            raise WireError("a record ends behind the message")
        if rtype == SOA_Q and answers <= n < answers + authority:
            _, behind = _name(raw, at)
            _, behind = _name(raw, behind)
            serial = struct.unpack_from("!I", raw, behind)[0]
        elif rtype == TSIG:
            if n != answers + authority + additional - 1:
                raise WireError("the TSIG record is not the last one")
            tsig = _tsig(raw, owner, start, at, length, additional)
        at += length
    return Message(id=ident, flags=flags, qname=qname, qtype=qtype, qclass=qclass,
                   question=question, soa_serial=serial, tsig=tsig)  # fmt: skip


def _tsig(raw: bytes, owner: str, start: int, at: int, length: int, additional: int) -> TsigRecord:
    end = at + length
    algorithm, at = _name(raw, at)
    high, low, fudge, size = struct.unpack_from("!HIHH", raw, at)
    at += 10
    mac = raw[at : at + size]
    original, error, more = struct.unpack_from("!HHH", raw, at + size)
    other = raw[at + size + 6 : at + size + 6 + more]
    if len(mac) != size or len(other) != more or at + size + 6 + more != end:
        raise WireError("the TSIG record has a wrong length")
    signed = struct.pack("!H", original) + raw[2:10] + struct.pack("!H", additional - 1)
    return TsigRecord(key=owner, algorithm=algorithm, time=high << 32 | low, fudge=fudge, mac=mac,
                      original_id=original, error=error, other=other,
                      signed=signed + raw[HEADER.size : start])  # fmt: skip


def _name(raw: bytes, at: int) -> tuple[str, int]:
    """A name in lower case, without the dot at the end, and where it stops. Pointers go back."""
    labels: list[str] = []
    stop: int | None = None
    limit = at
    total = 0
    while length := raw[at]:
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | raw[at + 1]
            if target >= limit:
                raise WireError("a pointer must point back")
            stop = at + 2 if stop is None else stop
            at = limit = target
            continue
        if length > 63:
            raise WireError("a label type that we do not know")
        label = raw[at + 1 : at + 1 + length]
        if len(label) != length or b"." in label:
            raise WireError("a label ends behind the message or holds a dot")
        total += length + 1
        if total > 254:
            raise WireError("a name is too long")
        labels.append(label.decode("ascii").lower())
        at += 1 + length
    return ".".join(labels), at + 1 if stop is None else stop


def answer(
    request: Message, rcode: Rcode, body: bytes = b"", count: int = 0, *,
    authoritative: bool = True, truncated: bool = False,
) -> bytes:  # fmt: skip
    """A reply with `count` answer records in `body`; the question stands at octet 12."""
    flags = QR | (request.flags & (_OPCODE | 0x0100)) | (AA if authoritative else 0) | rcode
    flags |= TC if truncated else 0
    return HEADER.pack(request.id, flags, 1, count, 0, 0) + request.question + body


def notify(ident: int, zone: bytes, soa: bytes) -> bytes:
    """A NOTIFY with the zone's SOA as its answer (RFC 1996, 3.7)."""
    record = b"\xc0\x0c" + struct.pack("!HHIH", SOA_Q, IN_CLASS, 60, len(soa)) + soa
    return (
        HEADER.pack(ident, OPCODE_NOTIFY | AA, 1, 1, 0, 0)
        + zone
        + struct.pack("!HH", SOA_Q, IN_CLASS)
        + record
    )


def query(ident: int, name: bytes, qtype: int) -> bytes:
    """A plain question to a resolver."""
    return HEADER.pack(ident, 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", qtype, IN_CLASS)
