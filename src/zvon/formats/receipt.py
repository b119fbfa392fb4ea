"""Signed statements of a probe: that a resolver answered as ordered, and when.

The statements of one prober form a chain: each carries its number and the hash of the one before,
so that none can be changed, taken out or put in between without being seen.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import Struct

from zvon.formats.note import verify as _verify

FORMAT = b"zvon receipt 2\n"
START = bytes(32)
"""What the first statement of a chain follows."""
MAX_BYTES = 4096


class BadReceipt(ValueError):
    """The statement cannot be believed; says why."""


class Statement(Struct, frozen=True, kw_only=True):
    """What is signed, as canonical JSON; `answer` is the SHA-256 of the answer's octets.

    `prober` is `node` or the identifier of an outpost. `existed_before` says whether this resolver
    gave the name an address before, `None` when nobody asked. `control` is the name that resolved
    in the same round. `sample` is how many names were asked for a batch, 0 when this name itself.
    """

    block: str
    name: str
    kind: str
    subscriber: str
    prober: str
    zone: str
    serial: int
    approved_at: datetime | None
    ordered_at: datetime
    notified_at: datetime | None = None
    transferred_at: datetime | None = None
    seen_at: datetime
    grade: str
    answer: str
    evidence: str
    existed_before: bool | None = None
    control: str
    sample: int = 0
    n: int = 0
    prev: str = START.hex()

    def octets(self) -> bytes:
        """The form that is signed."""
        return FORMAT + msgspec.json.encode(self, order="sorted")


def digest(answer: bytes) -> str:
    """How an answer stands in a statement."""
    return hashlib.sha256(answer).hexdigest()


def chained(
    statement: Statement, n: int, prev: bytes, sign: Callable[[bytes], bytes]
) -> tuple[bytes, bytes, bytes]:
    """Number, link and sign a statement; return its octets, signature and hash."""
    octets = msgspec.structs.replace(statement, n=n, prev=prev.hex()).octets()
    signature = sign(octets)
    return octets, signature, link(octets, signature)


def link(octets: bytes, signature: bytes) -> bytes:
    """The hash that the next statement of the chain carries."""
    return hashlib.sha256(octets + signature).digest()


def read(octets: bytes, signature: bytes, key: bytes) -> Statement:
    """Take a signed statement apart; `key` is the prober's public key. Raises `BadReceipt`."""
    if len(octets) > MAX_BYTES or not octets.startswith(FORMAT):
        raise BadReceipt("not a statement that we know")
    if not _verify(key, octets, signature):
        raise BadReceipt("the signature is not of this statement")
    try:
        statement = msgspec.json.decode(octets[len(FORMAT) :], type=Statement)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise BadReceipt(f"the statement does not read: {problem}") from None
    if statement.octets() != octets:
        raise BadReceipt("the statement is not in its canonical form")
    return statement
