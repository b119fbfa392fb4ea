"""The manifest of a feed's lists: what each one is, signed by the node (Ed25519, RFC 8032).

A text for people, scripts and `sha256sum`; the signature line is that of `formats.note`.

    zvon/lists/1
    feed si
    node 0199…
    change 4711
    time 2026-11-22T09:00:00Z
    <sha256> <octets> <format>
"""

import re
from datetime import UTC, datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from zvon.formats.note import Note, PeerError, decode, encode, sign, signers

FORMAT = "zvon/lists/1"
ROLE = "origin"

_HEAD = re.compile(
    rf"{re.escape(FORMAT)}\nfeed ([a-z0-9-]{{1,19}})\n"
    r"node ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\nchange (0|[1-9][0-9]{0,17})\n"
    r"time ([0-9T:-]{19})Z\n((?:[0-9a-f]{64} [0-9]{1,15} [a-z0-9-]{1,40}\n)*)",
    re.ASCII,
)


class ListHash(Struct, frozen=True):
    """What one list is: its hash, and its size in octets."""

    format: str
    sha256: str
    size: int


class Manifest(Struct, frozen=True, kw_only=True):
    """All lists of a feed at one moment. `seq` never falls, so an old manifest is known as old."""

    feed: str
    node: UUID
    seq: int
    at: datetime
    lists: tuple[ListHash, ...]


def write(manifest: Manifest, key: Ed25519PrivateKey) -> bytes:
    """Sign with the node's key; gives the note as it is served."""
    text = (
        f"{FORMAT}\nfeed {manifest.feed}\nnode {manifest.node}\nchange {manifest.seq}\n"
        f"time {manifest.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z\n"
        + "".join(f"{one.sha256} {one.size} {one.format}\n" for one in manifest.lists)
    )
    return encode(Note(text, (sign(text, ROLE, manifest.node, key),)))


def read(data: bytes, key: bytes) -> Manifest:
    """Read a manifest that the node with this public key (32 octets) signed. Raises `PeerError`."""
    note = decode(data)
    found = _HEAD.fullmatch(note.text)
    if found is None:
        raise PeerError("this is not a manifest of lists")
    node = UUID(found[2])
    if not signers(note, ROLE, {node: key}):
        raise PeerError("the manifest is not signed with the key that was expected")
    try:
        at = datetime.fromisoformat(found[4]).replace(tzinfo=UTC)
    except ValueError:
        raise PeerError("the manifest has no time") from None
    lists = (line.split(" ") for line in found[5].splitlines())
    return Manifest(
        feed=found[1], node=node, seq=int(found[3]), at=at,
        lists=tuple(ListHash(name, sha256, int(size)) for sha256, size, name in lists),
    )  # fmt: skip
