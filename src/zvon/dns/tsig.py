"""Transaction signatures: who asks, and that nobody changed it on the way (RFC 8945)."""

import hashlib
import hmac
import struct
from collections.abc import Mapping

from msgspec import Struct

from zvon.dns.wire import TSIG, Message, Rcode, TsigRecord
from zvon.formats.rpz import name_wire

FUDGE_S = 300
ALGORITHMS = {
    "hmac-sha256": hashlib.sha256,
    "hmac-sha384": hashlib.sha384,
    "hmac-sha512": hashlib.sha512,
}
_ANY = 255


class Key(Struct, frozen=True):
    """A shared secret under its name; `subscriber` is whose it is."""

    name: str
    algorithm: str
    secret: bytes
    subscriber: int


class TsigFailure(Exception):
    """The signature does not hold; carries what the answer must say (RFC 8945, 5.2)."""

    def __init__(self, error: Rcode, rcode: Rcode = Rcode.NOTAUTH) -> None:
        super().__init__(error.name)
        self.error = error
        self.rcode = rcode


def _time(now: float, fudge: int = FUDGE_S) -> bytes:
    seconds = int(now)
    return struct.pack("!HIH", seconds >> 32, seconds & 0xFFFFFFFF, fudge)


def _record(key: str, algorithm: str, times: bytes, mac: bytes, ident: int, error: int,
            other: bytes) -> bytes:  # fmt: skip
    data = (
        name_wire(algorithm) + times + struct.pack("!H", len(mac)) + mac
        + struct.pack("!HHH", ident, error, len(other)) + other
    )  # fmt: skip
    return name_wire(key) + struct.pack("!HHIH", TSIG, _ANY, 0, len(data)) + data


def _append(message: bytes, record: bytes) -> bytes:
    additional = struct.unpack_from("!H", message, 10)[0] + 1
    return message[:10] + struct.pack("!H", additional) + message[12:] + record


def verify(request: Message, keys: Mapping[str, Key], now: float) -> Key:
    """The key that signed `request`. Raises `TsigFailure`; the caller checked that it is signed."""
    tsig = request.tsig
    if tsig is None:
        raise TsigFailure(Rcode.BADKEY)
    key = keys.get(tsig.key)
    if key is None or key.algorithm != tsig.algorithm:
        raise TsigFailure(Rcode.BADKEY)
    digest = _mac(key, b"", tsig)
    full = len(digest)
    if len(tsig.mac) > full or len(tsig.mac) < max(10, full // 2):
        raise TsigFailure(Rcode.FORMERR, Rcode.FORMERR)
    if not hmac.compare_digest(digest[: len(tsig.mac)], tsig.mac):
        raise TsigFailure(Rcode.BADSIG)
    # A peer cannot make its own requests last longer than we let them.
    if abs(int(now) - tsig.time) > min(tsig.fudge, FUDGE_S):
        raise TsigFailure(Rcode.BADTIME)
    if len(tsig.mac) < full:
        raise TsigFailure(Rcode.BADTRUNC)
    return key


def verify_reply(reply: Message, key: Key, request_mac: bytes, now: float) -> bool:
    """True when `reply` answers our signed request under the same key."""
    tsig = reply.tsig
    if tsig is None or tsig.key != key.name or tsig.algorithm != key.algorithm:
        return False
    prior = struct.pack("!H", len(request_mac)) + request_mac
    return (
        hmac.compare_digest(_mac(key, prior, tsig), tsig.mac)
        and abs(int(now) - tsig.time) <= tsig.fudge
    )


def _mac(key: Key, prior: bytes, tsig: TsigRecord) -> bytes:
    times = struct.pack("!HIH", tsig.time >> 32, tsig.time & 0xFFFFFFFF, tsig.fudge)
    h = hmac.new(key.secret, prior + tsig.signed, ALGORITHMS[key.algorithm])
    h.update(_variables(key.name, key.algorithm, times, tsig.error, tsig.other))
    return h.digest()


def _variables(key: str, algorithm: str, times: bytes, error: int, other: bytes) -> bytes:
    return (
        name_wire(key) + struct.pack("!HI", _ANY, 0) + name_wire(algorithm) + times
        + struct.pack("!HH", error, len(other)) + other
    )  # fmt: skip


class Signer:
    """Signs the messages of one answer in order; each digest covers the one before.

    `mac` starts as the digest of the request, or empty for a request of our own.
    """

    def __init__(self, key: Key, mac: bytes) -> None:
        self.key = key
        self.mac = mac
        self.first = True

    def sign(self, message: bytes, now: float, error: int = 0, other: bytes = b"") -> bytes:
        """`message` with its TSIG record."""
        key, times = self.key, _time(now)
        prior = struct.pack("!H", len(self.mac)) + self.mac if self.mac else b""
        after = _variables(key.name, key.algorithm, times, error, other) if self.first else times
        self.first = False
        whole = b"".join((prior, message, after))
        # One call of the library for all: three times as fast as feeding it piece by piece.
        self.mac = hmac.digest(key.secret, whole, key.algorithm.removeprefix("hmac-"))
        ident = struct.unpack_from("!H", message)[0]
        return _append(
            message, _record(key.name, key.algorithm, times, self.mac, ident, error, other)
        )


def refusal(
    request: Message, failure: TsigFailure, message: bytes, keys: Mapping[str, Key], now: float
) -> bytes:
    """`message` with the TSIG record that tells the peer what is wrong (RFC 8945, 5.2 and 5.3.2).

    BADTIME and BADTRUNC are signed, BADTIME with our time; BADKEY and BADSIG are not.
    """
    tsig = request.tsig
    assert tsig is not None
    key = keys.get(tsig.key)
    if failure.rcode == Rcode.FORMERR:
        return message
    if failure.error in {Rcode.BADTIME, Rcode.BADTRUNC} and key is not None:
        seconds = int(now)
        other = struct.pack("!HI", seconds >> 32, seconds & 0xFFFFFFFF)
        shown = other if failure.error == Rcode.BADTIME else b""
        # The times of the request are repeated, or the peer could not check the digest.
        return Signer(key, tsig.mac).sign(
            message, tsig.time if failure.error == Rcode.BADTIME else now, failure.error, shown
        )
    times = _time(tsig.time, tsig.fudge)
    return _append(
        message,
        _record(tsig.key, tsig.algorithm, times, b"", request.id, failure.error, b""),
    )
