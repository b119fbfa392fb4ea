"""Where a static log keeps its tiles, and the signed heads of logs (static-ct-api 1.0, RFC 6962).

<prefix>/checkpoint
<prefix>/tile/data/x001/x234/067
<prefix>/tile/data/x001/x234/067.p/12
"""

import base64
import binascii
import hashlib
import re

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from msgspec import Struct

WIDTH = 256
MAX_SIZE = 2**53
MAX_HEAD = 64 * 1024
_ROOT_BYTES = 32
_NOTE_TYPE = b"\x05"
_ALGORITHMS = {(4, 1): "rsa", (4, 3): "ecdsa"}  # SHA-256 with either, RFC 5246
_SIGNATURE = re.compile(r"\N{EM DASH} (\S{1,255}) ([A-Za-z0-9+/=]{8,4096})", re.ASCII)


class BadHead(ValueError):
    """What the log says of itself is not what the standard says, or not signed by it."""


class Head(Struct, frozen=True, kw_only=True):
    """How many entries a log has, and the root of its tree. `at_ms` is `None` when unsigned."""

    size: int
    root: bytes
    at_ms: int | None = None


def tile_path(kind: str, tile: int, width: int = WIDTH) -> str:
    """The path of tile number `tile` of `kind` (`data`, `names`), a partial one below `WIDTH`.

    1234067 becomes `x001/x234/067`.
    """
    groups = [f"{tile % 1000:03d}"]
    while tile >= 1000:
        tile //= 1000
        groups.append(f"x{tile % 1000:03d}")
    path = f"tile/{kind}/" + "/".join(reversed(groups))
    return path if width == WIDTH else f"{path}.p/{width}"


def read_checkpoint(data: bytes, key: bytes | None = None) -> Head:
    """Read a checkpoint; with the log's `key` (DER) its signature is checked. Raises `BadHead`."""
    try:
        text, gap, tail = data[:MAX_HEAD].decode().partition("\n\n")
    except UnicodeDecodeError:
        raise BadHead("the checkpoint is not UTF-8") from None
    lines = text.split("\n")
    if not gap or len(lines) < 3:
        raise BadHead("a checkpoint has three lines, an empty one and signatures")
    origin, size = lines[0], lines[1]
    if not re.fullmatch(r"0|[1-9][0-9]{0,16}", size, re.ASCII):
        raise BadHead("the size of the checkpoint is no number")
    head = Head(size=_bounded(int(size)), root=_root(lines[2]))
    if key is None:
        return head
    name = origin.encode()
    wanted = hashlib.sha256(name + b"\n" + _NOTE_TYPE + hashlib.sha256(key).digest()).digest()[:4]
    for found in _SIGNATURE.finditer(tail):
        raw = _base64(found[2])
        if found[1] == origin and raw[:4] == wanted:
            at_ms = int.from_bytes(raw[4:12])
            _check(key, head, at_ms, raw[12:])
            return msgspec.structs.replace(head, at_ms=at_ms)
    raise BadHead("the checkpoint is not signed with the key of the log")


class _Sth(Struct):
    tree_size: int
    timestamp: int
    sha256_root_hash: str
    tree_head_signature: str = ""


def read_sth(data: bytes, key: bytes | None = None) -> Head:
    """Read the answer of `get-sth`; with `key` (DER) its signature is checked. Raises `BadHead`."""
    try:
        said = msgspec.json.decode(data[:MAX_HEAD], type=_Sth)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise BadHead("the answer of get-sth is not what RFC 6962 says") from None
    if said.tree_size < 0 or not 0 <= said.timestamp < MAX_SIZE:
        raise BadHead("the size or time of the tree head is out of range")
    head = Head(size=_bounded(said.tree_size), root=_root(said.sha256_root_hash))
    if key is None:
        return head
    _check(key, head, said.timestamp, _base64(said.tree_head_signature))
    return msgspec.structs.replace(head, at_ms=said.timestamp)


def tree_head(head: Head, at_ms: int) -> bytes:
    """What a log signs: version, type, time, size and root (RFC 6962 section 3.5)."""
    return b"\0\1" + at_ms.to_bytes(8) + head.size.to_bytes(8) + head.root


def _check(key: bytes, head: Head, at_ms: int, signed: bytes) -> None:
    kind = _ALGORITHMS.get((signed[0], signed[1])) if len(signed) > 4 else None
    signature = signed[4:]
    if kind is None or int.from_bytes(signed[2:4]) != len(signature):
        raise BadHead("the signature of the log is malformed")
    try:
        public = load_der_public_key(key)
        if kind == "ecdsa" and isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, tree_head(head, at_ms), ec.ECDSA(SHA256()))
            return
        if kind == "rsa" and isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, tree_head(head, at_ms), padding.PKCS1v15(), SHA256())
            return
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise BadHead("the signature of the log is wrong") from None
    raise BadHead("the key of the log is of another kind than its signature")


def _bounded(size: int) -> int:
    if size > MAX_SIZE:
        raise BadHead("the size of the log is out of range")
    return size


def _root(text: str) -> bytes:
    root = _base64(text)
    if len(root) != _ROOT_BYTES:
        raise BadHead("the root of the log is not 32 bytes")
    return root


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadHead("a value of the log is not Base64") from None
