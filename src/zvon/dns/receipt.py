"""Signed statements of our probe: that a resolver answered as ordered, and when."""

import hashlib
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct


class Statement(Struct, frozen=True, kw_only=True):
    """What is signed, as canonical JSON; `answer` is the SHA-256 of the answer's octets."""

    block: str
    name: str
    kind: str
    subscriber: str
    serial: int
    ordered_at: datetime
    seen_at: datetime
    answer: str

    def octets(self) -> bytes:
        """The form that is signed."""
        return b"zvon receipt 1\n" + msgspec.json.encode(self, order="sorted")


def digest(answer: bytes) -> str:
    """How an answer stands in a statement."""
    return hashlib.sha256(answer).hexdigest()


def sign(key: Ed25519PrivateKey, statement: Statement) -> bytes:
    """Sign the statement (Ed25519, RFC 8032)."""
    return key.sign(statement.octets())


def verify(key: Ed25519PublicKey, statement: Statement, signature: bytes) -> bool:
    """True when `signature` is of this statement."""
    try:
        key.verify(signature, statement.octets())
    except InvalidSignature:
        return False
    return True
