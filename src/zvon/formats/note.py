"""Signed notes: a text, an empty line, and signature lines (in the manner of C2SP signed-note).

Checkpoints, memberships and acknowledgements are notes. What is signed is the text exactly as
it was sent; the first line names the format, so that a signature under one kind of note can
never be read as a signature under another.

    zvon.peer/checkpoint/1
    group 01a2…
    …

    — origin 0199… c2lnbmF0dXJl…
"""

import base64
import binascii
import re
from collections.abc import Mapping
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

MAX_NOTE = 512 * 1024
MAX_SIGNATURES = 64
KEY_BYTES = 32
SIGNATURE_BYTES = 64

_SIGNATURE = re.compile(
    r"\N{EM DASH} ([a-z]{1,20}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) ([A-Za-z0-9+/=]{88})",
    re.ASCII,
)


class PeerError(ValueError):
    """What a peer sent is not what the protocol says; the message names the reason.

    `code` is a message of the catalogue `share`, as `PEER_<code>`.
    """

    code = "PROTOCOL"


class Signature(Struct, frozen=True):
    """One signature line: in which role (`origin`, `admin`, `witness`, `member`), which node."""

    role: str
    node: UUID
    value: bytes


class Note(Struct, frozen=True):
    """A text that ends with a newline, and who signed it."""

    text: str
    signatures: tuple[Signature, ...]


def public_key(raw: bytes) -> Ed25519PublicKey:
    """Read 32 raw bytes. Raises `PeerError`."""
    try:
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        raise PeerError("a signing key is 32 bytes") from None


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """True when `signature` is the Ed25519 signature of `message` (RFC 8032)."""
    try:
        public_key(key).verify(signature, message)
    except (InvalidSignature, PeerError):
        return False
    return True


def sign(text: str, role: str, node: UUID, key: Ed25519PrivateKey) -> Signature:
    """Sign `text` for `node`."""
    return Signature(role, node, key.sign(text.encode()))


def encode(note: Note) -> bytes:
    """Write the note; `decode` reads the same one back."""
    lines = [
        f"\N{EM DASH} {s.role} {s.node} {base64.b64encode(s.value).decode()}\n"
        for s in note.signatures
    ]
    return (note.text + "\n" + "".join(lines)).encode()


def decode(data: bytes) -> Note:
    """Read a note strictly: one way to write it, bounded, no signature twice.

    Raises `PeerError`. Checks no signature.
    """
    if len(data) > MAX_NOTE:
        raise PeerError("the note is too long")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise PeerError("the note is not UTF-8") from None
    text, gap, tail = whole.rpartition("\n\n")
    if not gap or not text or not tail.endswith("\n"):
        raise PeerError("the note has no signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise PeerError("the note has too many signatures")
    signatures = tuple(_signature(line) for line in lines)
    if len({(s.role, s.node) for s in signatures}) != len(signatures):
        raise PeerError("the note is signed twice by the same node")
    note = Note(text + "\n", signatures)
    if encode(note) != data:
        raise PeerError("the note is not written in its one form")
    return note


def _signature(line: str) -> Signature:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        raise PeerError("a signature line is malformed")
    try:
        value = base64.b64decode(match[3], validate=True)
    except binascii.Error:
        raise PeerError("a signature is not base64") from None
    if len(value) != SIGNATURE_BYTES:
        raise PeerError("a signature is 64 bytes")
    return Signature(match[1], UUID(match[2]), value)


def signers(note: Note, role: str, keys: Mapping[UUID, bytes]) -> set[UUID]:
    """The nodes among `keys` whose signature in `role` is valid."""
    message = note.text.encode()
    return {
        s.node
        for s in note.signatures
        if s.role == role and s.node in keys and verify(keys[s.node], message, s.value)
    }
