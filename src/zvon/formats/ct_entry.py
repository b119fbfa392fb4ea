"""Entries of certificate transparency logs, read for their names (RFC 6962, static-ct-api 1.0).

Only what names a certificate is read: the subject's common name and the DNS names of its
extension (RFC 5280). The walk goes over lengths and never decodes the rest, because a log holds
thousands of certificates a second and some of them are malformed on purpose.
"""

import base64
import binascii
from collections.abc import Iterator

import msgspec
from msgspec import Struct

MAX_NAMES = 2_000  # of one certificate
FINGERPRINT = 32
_HEAD = 10  # milliseconds and entry type

_COMMON_NAME = bytes.fromhex("0603550403")
_SUBJECT_NAMES = bytes.fromhex("0603551d11")
_SEQUENCE, _OCTETS, _BOOLEAN, _EXTENSIONS, _DNS = 0x30, 0x04, 0x01, 0xA3, 0x82


class BadEntry(ValueError):
    """The bytes are no log entry; says what was expected."""


class Entry(Struct, frozen=True, kw_only=True):
    """The names of one certificate and when the log took it in (milliseconds since 1970).

    `names` are in lower case as the certificate has them, sorted, each once; a wildcard keeps
    its star. `precert` says that the certificate itself will follow with the same names.
    """

    at_ms: int
    names: tuple[str, ...]
    precert: bool = False


def decode_tile(data: bytes) -> Iterator[Entry | BadEntry]:
    """The entries of a data tile (TileLeaf, static-ct-api), in order.

    A certificate that cannot be read comes as a `BadEntry` in its place. Raises `BadEntry` when
    the tile itself is cut or garbled, since nothing after that can be found.
    """
    at, end = 0, len(data)
    while at < end:
        when, kind, at = _head(data, at)
        start, stop, at = _signed(data, at, kind)
        _, at = _sized(data, at, 2)  # extensions
        if kind == 1:
            (start, stop), at = _sized(data, at, 3)
        chain, at = _sized(data, at, 2)
        if (chain[1] - chain[0]) % FINGERPRINT:
            raise BadEntry("a chain is a list of 32-byte fingerprints")
        yield _read(data, start, stop, when, kind, bare=False)


def decode_leaf(leaf: bytes) -> Entry:
    """One `leaf_input` of `get-entries` (MerkleTreeLeaf, RFC 6962 section 3.4). Raises `BadEntry`."""
    if leaf[:2] != b"\0\0":
        raise BadEntry("expected a version 1 timestamped entry")
    when, kind, at = _head(leaf, 2)
    start, stop, at = _signed(leaf, at, kind)
    _, at = _sized(leaf, at, 2)
    if at != len(leaf):
        raise BadEntry("bytes after the entry")
    found = _read(leaf, start, stop, when, kind, bare=kind == 1)
    if isinstance(found, BadEntry):
        raise found
    return found


class _Leaf(Struct):
    leaf_input: str


class _Leaves(Struct):
    entries: list[_Leaf]


_leaves = msgspec.json.Decoder(_Leaves)


def decode_leaves(body: bytes) -> list[Entry | BadEntry]:
    """The answer of `get-entries` (RFC 6962 section 4.6), in order.

    An entry that cannot be read comes as a `BadEntry` in its place. Raises `BadEntry` when the
    answer is none.
    """
    try:
        said = _leaves.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise BadEntry("the answer of get-entries is not what RFC 6962 says") from None
    found: list[Entry | BadEntry] = []
    for leaf in said.entries:
        try:
            found.append(decode_leaf(base64.b64decode(leaf.leaf_input, validate=True)))
        except BadEntry as problem:
            found.append(problem)
        except (binascii.Error, ValueError):
            found.append(BadEntry("the entry is not Base64"))
    return found


class _Trimmed(Struct, rename="pascal"):
    timestamp: int = 0
    dns: list[str] | None = msgspec.field(default=None, name="DNS")


_trimmed = msgspec.json.Decoder(_Trimmed)


def decode_names(data: bytes) -> Iterator[Entry | BadEntry]:
    """The entries of a names tile: one JSON object a line, with `Timestamp` and `DNS`."""
    for line in data.splitlines():
        try:
            row = _trimmed.decode(line)
        except (msgspec.DecodeError, msgspec.ValidationError):
            yield BadEntry("a line of a names tile is a JSON object with Timestamp and DNS")
            continue
        yield Entry(at_ms=row.timestamp, names=_tidy(row.dns or ()))


def certificate_names(data: bytes, start: int = 0, stop: int | None = None) -> tuple[str, ...]:
    """The names of the DER certificate `data[start:stop]`. Raises `BadEntry`."""
    stop = len(data) if stop is None else stop
    inner, _ = _into(data, start, stop, _SEQUENCE)
    return _tbs(data, inner, stop)


def _read(
    data: bytes, start: int, stop: int, when: int, kind: int, *, bare: bool
) -> Entry | BadEntry:
    try:
        names = _tbs(data, start, stop) if bare else certificate_names(data, start, stop)
    except BadEntry as problem:
        return problem
    return Entry(at_ms=when, names=names, precert=kind == 1)


def _tbs(data: bytes, start: int, stop: int) -> tuple[str, ...]:
    """The names of a TBSCertificate: version, serial, algorithm, issuer, validity, subject, …"""
    at, end = _into(data, start, stop, _SEQUENCE)
    if at < end and data[at] == 0xA0:
        at = _skip(data, at, end)
    for _ in range(4):
        at = _skip(data, at, end)
    subject, at = at, _skip(data, at, end)
    at = _skip(data, at, end)  # public key
    while at < end and data[at] != _EXTENSIONS:
        at = _skip(data, at, end)
    names: list[bytes] = []
    if at < end:
        names = _extension(data, at, end)
    if common := _common_name(data, subject, end):
        names.append(common)
    return _tidy(name.decode("latin-1") for name in names)


def _extension(data: bytes, at: int, end: int) -> list[bytes]:
    at, end = _into(data, at, end, _EXTENSIONS)
    at, end = _into(data, at, end, _SEQUENCE)
    while at < end:
        inner, after = _into(data, at, end, _SEQUENCE)
        if data.startswith(_SUBJECT_NAMES, inner):
            inner += len(_SUBJECT_NAMES)
            if inner < after and data[inner] == _BOOLEAN:
                inner = _skip(data, inner, after)
            inner, after = _into(data, inner, after, _OCTETS)
            return _general_names(data, *_into(data, inner, after, _SEQUENCE))
        at = after
    return []


def _general_names(data: bytes, at: int, end: int) -> list[bytes]:
    found: list[bytes] = []
    while at < end and len(found) < MAX_NAMES:
        length = data[at + 1] if at + 1 < end else 0x80
        if data[at] == _DNS and length < 0x80:  # a name is shorter than 128 nearly always
            after = at + 2 + length
            if after > end:
                raise BadEntry("a name is longer than its list")
            found.append(data[at + 2 : after])
            at = after
            continue
        inner, after = _value(data, at, end)
        if data[at] == _DNS:
            found.append(data[inner:after])
        at = after
    return found


def _common_name(data: bytes, at: int, end: int) -> bytes | None:
    inner, end = _into(data, at, end, _SEQUENCE)
    found = data.find(_COMMON_NAME, inner, end)
    if found < 0:
        return None
    inner, after = _value(data, found + len(_COMMON_NAME), end)
    name = data[inner:after]
    return name if b"." in name and b" " not in name and b"@" not in name else None


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Milliseconds, kind (0 certificate, 1 precertificate) and the place after them."""
    if at + _HEAD > len(data):
        raise BadEntry("the entry is cut")
    kind = int.from_bytes(data[at + 8 : at + _HEAD])
    if kind > 1:
        raise BadEntry(f"unknown kind of entry {kind}")
    return int.from_bytes(data[at : at + 8]), kind, at + _HEAD


def _signed(data: bytes, at: int, kind: int) -> tuple[int, int, int]:
    """Where the signed certificate begins and ends, and the place after it."""
    if kind == 1:
        at += FINGERPRINT  # of the issuer's key
    (start, stop), at = _sized(data, at, 3)
    return start, stop, at


def _sized(data: bytes, at: int, width: int) -> tuple[tuple[int, int], int]:
    start = at + width
    stop = start + int.from_bytes(data[at:start])
    if stop > len(data):
        raise BadEntry("the entry is cut")
    return (start, stop), stop


def _value(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the content of the DER value at `at` begins and ends."""
    if at + 2 > end:
        raise BadEntry("the certificate is cut")
    length = data[at + 1]
    start = at + 2
    if length >= 0x80:
        width = length & 0x7F
        if not 1 <= width <= 4:
            raise BadEntry("a length of the certificate is not DER")
        length = int.from_bytes(data[start : start + width])
        start += width
    if start + length > end:
        raise BadEntry("a value is longer than what it lies in")
    return start, start + length


def _into(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    if at >= end or data[at] != tag:
        raise BadEntry(f"expected DER tag {tag:#04x}")
    return _value(data, at, end)


def _skip(data: bytes, at: int, end: int) -> int:
    return _value(data, at, end)[1]


def _tidy(names: Iterator[str] | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Names in lower case, sorted, each once; at most `MAX_NAMES`."""
    kept = {name.lower().rstrip(".") for name in names}
    kept.discard("")
    return tuple(sorted(kept)[:MAX_NAMES])
