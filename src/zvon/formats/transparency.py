"""The public record of blocks: its entries, and the signed statement of how long it is.

An entry is one line of canonical JSON, and its leaf is the hash of exactly these bytes. It names
no person and no name: of the blocked name there is the SHA-256, so that whoever knows a name finds
what was decided about it, while the record is no directory of fraud.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from zvon.formats import canonical
from zvon.formats.merkle import HASH_BYTES, leaf_hash, root
from zvon.formats.note import Note, PeerError, sign, signers
from zvon.formats.note import decode as decode_note
from zvon.formats.note import encode as encode_note

FORMAT = "zvon.transparency/checkpoint/1"
ROLE = "log"
MAX_ENTRY = 4_096
MAX_SIZE = 2**53

_UUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_TEXT = re.compile(
    rf"{re.escape(FORMAT)}\nnode {_UUID}\nsize (0|[1-9][0-9]{{0,16}})\n"
    r"root ([A-Za-z0-9+/=]{44})\ntime ([0-9T:-]{19})Z\n",
    re.ASCII,
)


class Kind(StrEnum):
    """What took effect."""

    PUBLISHED = "published"
    RENEWED = "renewed"
    LIFTED = "lifted"
    EXPIRED = "expired"
    APPEAL_GRANTED = "appeal_granted"
    APPEAL_REFUSED = "appeal_refused"


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One decision. `seq` counts from 1; leaf `seq - 1` of the tree.

    `ground` is `order` (of an authority) or `terms` (of the feed). `until` is when the block ends
    by itself, as it stood when the entry was written.
    """

    seq: int
    kind: Kind
    block: str
    name_sha256: str
    trigger: str
    scope: str
    category: str
    country: str
    feed: str
    ground: str
    at: datetime
    until: datetime


class Checkpoint(Struct, frozen=True, kw_only=True):
    """`size` entries with Merkle `root`, as `node` signed it at `at` (whole seconds, UTC)."""

    node: UUID
    size: int
    root: bytes
    at: datetime


class Flaw(Struct, frozen=True):
    """Row `seq` (0: the whole record) and what is wrong with it."""

    seq: int
    text: str


def name_hash(name: str) -> str:
    """What stands in the record for a canonical name: SHA-256 in hexadecimal."""
    return hashlib.sha256(name.encode()).hexdigest()


def encode(entry: Entry) -> bytes:
    """The bytes of an entry, one way for each."""
    return canonical.encode(entry)


def decode(data: bytes) -> Entry:
    """Read what `encode` wrote. Raises `PeerError`."""
    return canonical.decode(data, Entry, limit=MAX_ENTRY, what="the entry")


def write_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Sign `checkpoint` with the node's key; the note as it is given out."""
    text = (
        f"{FORMAT}\nnode {checkpoint.node}\nsize {checkpoint.size}\n"
        f"root {base64.b64encode(checkpoint.root).decode()}\n"
        f"time {checkpoint.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z\n"
    )
    return encode_note(Note(text, (sign(text, ROLE, checkpoint.node, key),))).decode()


def read_checkpoint(note: str, key: bytes) -> Checkpoint:
    """Read and verify a signed checkpoint with the node's public key. Raises `PeerError`."""
    decoded = decode_note(note.encode())
    match = _TEXT.fullmatch(decoded.text)
    if match is None:
        raise PeerError("the note is not a checkpoint of a public record")
    try:
        root_hash = base64.b64decode(match[3], validate=True)
        at = datetime.fromisoformat(match[4]).replace(tzinfo=UTC)
    except (binascii.Error, ValueError):
        raise PeerError("the checkpoint has a malformed root or time") from None
    if len(root_hash) != HASH_BYTES or int(match[2]) > MAX_SIZE:
        raise PeerError("the checkpoint's root or size is out of range")
    checkpoint = Checkpoint(node=UUID(match[1]), size=int(match[2]), root=root_hash, at=at)
    if not signers(decoded, ROLE, {checkpoint.node: key}):
        raise PeerError("the checkpoint is not signed with the key of the node")
    return checkpoint


def flaws(rows: Sequence[tuple[bytes, bytes]], checkpoint: Checkpoint) -> list[Flaw]:
    """What is wrong with all rows (entry, leaf as given out) under a checkpoint; empty: nothing.

    A row whose entry is not what its leaf says is named. When every row fits its leaf and the root
    is another one, the record was written anew, and only a proof of each row can name it.
    """
    found: list[Flaw] = []
    for seq, (data, leaf) in enumerate(rows, start=1):
        if leaf_hash(data) != leaf:
            found.append(Flaw(seq, f"row {seq} was changed: its hash is another one"))
            continue
        try:
            entry = decode(data)
        except PeerError as problem:
            found.append(Flaw(seq, f"row {seq}: {problem}"))
            continue
        if entry.seq != seq:
            found.append(Flaw(seq, f"row {seq} says that it is row {entry.seq}"))
    if len(rows) != checkpoint.size:
        found.append(Flaw(0, f"there are {len(rows)} rows, signed were {checkpoint.size}"))
    elif not found and root(leaf for _, leaf in rows) != checkpoint.root:
        found.append(Flaw(0, "the rows do not give the root that was signed"))
    return found
