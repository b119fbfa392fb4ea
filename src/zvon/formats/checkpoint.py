"""The checkpoint: an origin's signed statement of how long its feed is and what its root is."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from zvon.formats.merkle import HASH_BYTES
from zvon.formats.note import Note, PeerError, decode, encode, sign, signers

FORMAT = "zvon.peer/checkpoint/1"
STALE_AFTER = timedelta(hours=24)
MAX_AHEAD = timedelta(minutes=5)
MAX_SIZE = 2**53

_UUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_TEXT = re.compile(
    rf"{re.escape(FORMAT)}\ngroup {_UUID}\norigin {_UUID}\nsize (0|[1-9][0-9]{{0,16}})\n"
    rf"root ([A-Za-z0-9+/=]{{44}})\ntime ([0-9T:-]{{19}})Z\nmembership ([1-9][0-9]{{0,8}})\n",
    re.ASCII,
)


class Checkpoint(Struct, frozen=True, kw_only=True):
    """`size` entries with Merkle `root`, at `at` (whole seconds, UTC), under a membership version."""

    group: UUID
    origin: UUID
    size: int
    root: bytes
    at: datetime
    membership: int


def write(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> bytes:
    """Sign `checkpoint` with its origin's key; returns the note as sent."""
    text = (
        f"{FORMAT}\ngroup {checkpoint.group}\norigin {checkpoint.origin}\n"
        f"size {checkpoint.size}\nroot {base64.b64encode(checkpoint.root).decode()}\n"
        f"time {checkpoint.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z\n"
        f"membership {checkpoint.membership}\n"
    )
    return encode(Note(text, (sign(text, "origin", checkpoint.origin, key),)))


def parse(note: Note) -> Checkpoint:
    """Read the text of a note. Raises `PeerError`; checks no signature."""
    match = _TEXT.fullmatch(note.text)
    if match is None:
        raise PeerError("the note is not a checkpoint")
    try:
        root = base64.b64decode(match[4], validate=True)
        at = datetime.fromisoformat(match[5]).replace(tzinfo=UTC)
    except (binascii.Error, ValueError):
        raise PeerError("the checkpoint has a malformed root or time") from None
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != match[4]:
        raise PeerError("the checkpoint's root is not 32 bytes")
    size = int(match[3])
    if size > MAX_SIZE:
        raise PeerError("the checkpoint's size is out of range")
    return Checkpoint(
        group=UUID(match[1]),
        origin=UUID(match[2]),
        size=size,
        root=root,
        at=at,
        membership=int(match[6]),
    )


def read(
    data: bytes,
    *,
    group: UUID,
    origin: UUID,
    key: bytes,
    now: datetime,
    witnesses: Mapping[UUID, bytes] | None = None,
    witness_count: int = 0,
) -> Checkpoint:
    """Read and verify a checkpoint of one feed. Raises `PeerError` with the reason.

    Age is not judged here: an old checkpoint is true, only stale.
    """
    note = decode(data)
    checkpoint = parse(note)
    if checkpoint.group != group or checkpoint.origin != origin:
        raise PeerError("the checkpoint belongs to another feed")
    if not signers(note, "origin", {origin: key}):
        raise PeerError("the checkpoint is not signed by its origin")
    if len(signers(note, "witness", witnesses or {})) < witness_count:
        raise PeerError("the checkpoint has too few witnesses")
    if checkpoint.at > now + MAX_AHEAD:
        raise PeerError("the checkpoint's time lies in the future")
    return checkpoint
