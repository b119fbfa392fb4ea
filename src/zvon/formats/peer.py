"""Entries of a peer feed, and the batches in which they travel.

An entry is hashed exactly as it was sent and never written again: its leaf hash stands in the
origin's Merkle tree, and the origin signs the tree (`formats.checkpoint`). A batch is zstd over
frames of one tag byte, a length and a body; of an erased entry only the leaf hash travels.
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

import zstandard
from msgspec import Meta, Struct

from zvon.formats import canonical
from zvon.formats.merkle import HASH_BYTES, leaf_hash
from zvon.formats.note import PeerError
from zvon.model.marking import Pap, Tlp

MAX_ENTRY = 1024 * 1024
MAX_BATCH = 8 * 1024 * 1024  # compressed, and also the sum of the entries
MAX_BATCH_ENTRIES = 10_000
MAX_INFLATED = MAX_BATCH + MAX_BATCH_ENTRIES * 8 + MAX_ENTRY
SALT_BYTES = 16

_FRAME = struct.Struct(">BI")
_ENTRY, _BARE = 0, 1

Hex32 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Hex16 = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Instant = Annotated[datetime, Meta(tz=True)]


class EntryKind(StrEnum):
    """What an entry does with its object."""

    ADD = "add"
    SUPERSEDE = "supersede"
    NARROW = "narrow"
    REVOKE = "revoke"
    SIGHTING = "sighting"
    OPINION = "opinion"
    VERDICT = "verdict"


class Marking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the receiver may do with the entry; labels in lower case, `amber+strict`."""

    tlp: Literal["clear", "green", "amber", "amber+strict", "red"]
    pap: Literal["clear", "green", "amber", "red"]

    @classmethod
    def of(cls, tlp: Tlp, pap: Pap) -> "Marking":
        """The marking in its wire form."""
        return cls(tlp=_TLP_WORD[tlp], pap=_PAP_WORD[pap])

    @property
    def tlp_level(self) -> Tlp:
        """The TLP label as an ordered value."""
        return Tlp[self.tlp.upper().replace("+", "_")]

    @property
    def pap_level(self) -> Pap:
        """The PAP label as an ordered value."""
        return Pap[self.pap.upper()]


_TLP_WORD: dict[Tlp, Any] = {tlp: tlp.name.lower().replace("_", "+") for tlp in Tlp}
_PAP_WORD: dict[Pap, Any] = {pap: pap.name.lower() for pap in Pap}


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Entry `n` of a feed about the object `id`.

    `prev` is the leaf hash of entry n - 1 (`genesis` for the first). `salt` keeps a leaf hash
    from telling whether the entry holds a value that somebody guesses.
    """

    v: Literal[1] = 1
    kind: EntryKind
    id: UUID
    n: Annotated[int, Meta(ge=0, le=2**53)]
    prev: Hex32
    salt: Hex16
    at: Instant
    policy: Marking
    body: dict[str, Any]

    def __post_init__(self) -> None:
        if self.at.utcoffset() != timedelta(0):
            raise ValueError("at must be in UTC")


def genesis(group: UUID, origin: UUID) -> bytes:
    """What the first entry of a feed names as its predecessor; ties the chain to its feed."""
    return sha256(f"zvon.peer/feed/1\ngroup {group}\norigin {origin}\n".encode()).digest()


def write_entry(
    kind: EntryKind,
    object_id: UUID,
    body: dict[str, Any],
    *,
    n: int,
    prev: bytes,
    salt: bytes,
    at: datetime,
    policy: Marking,
) -> bytes:
    """Make the bytes of an entry. Raises `PeerError` when it would be refused on receipt."""
    entry = Entry(
        kind=kind,
        id=object_id,
        n=n,
        prev=prev.hex(),
        salt=salt.hex(),
        at=at.astimezone(UTC),
        policy=policy,
        body=body,
    )
    data = canonical.encode(entry)
    read_entry(data)
    return data


def read_entry(data: bytes) -> Entry:
    """Read one entry strictly. Raises `PeerError`; the chain is checked by `check_chain`."""
    return canonical.decode(data, Entry, limit=MAX_ENTRY, what="the entry")


class Frame(Struct, frozen=True):
    """One place of a batch: its leaf hash, and the entry's bytes unless it was erased."""

    leaf: bytes
    data: bytes | None


def write_batch(frames: Iterable[Frame]) -> bytes:
    """Pack frames in order. Raises `PeerError` when they are more than one batch may hold."""
    parts: list[bytes] = []
    size = count = 0
    for frame in frames:
        tag, body = (_BARE, frame.leaf) if frame.data is None else (_ENTRY, frame.data)
        parts += (_FRAME.pack(tag, len(body)), body)
        size += len(body)
        count += 1
    if size > MAX_BATCH or count > MAX_BATCH_ENTRIES:
        raise PeerError("too much for one batch")
    return zstandard.ZstdCompressor(level=3).compress(b"".join(parts))


def read_batch(data: bytes) -> list[Frame]:
    """Unpack a batch; sizes are judged before anything is parsed. Raises `PeerError`."""
    if len(data) > MAX_BATCH + 1024:
        raise PeerError("the batch is longer than 8 MiB")
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj(
            read_across_frames=False
        )
        raw = _inflate(reader, data)
    except zstandard.ZstdError:
        raise PeerError("the batch is not zstd") from None
    frames: list[Frame] = []
    place = 0
    while place < len(raw):
        if len(frames) == MAX_BATCH_ENTRIES:
            raise PeerError("the batch has more than 10,000 entries")
        if place + _FRAME.size > len(raw):
            raise PeerError("the batch ends inside a frame")
        tag, length = _FRAME.unpack_from(raw, place)
        place += _FRAME.size
        body = raw[place : place + length]
        place += length
        if len(body) != length:
            raise PeerError("the batch ends inside an entry")
        frames.append(_frame(tag, body))
    return frames


def _inflate(reader: Any, data: bytes) -> bytes:
    """Decompress in small steps and stop as soon as the sum is too large."""
    out: list[bytes] = []
    size = 0
    for start in range(0, len(data), 4096):
        piece = reader.decompress(data[start : start + 4096])
        size += len(piece)
        if size > MAX_INFLATED:
            raise PeerError("the batch is too large when inflated")
        out.append(piece)
        if reader.eof:
            if reader.unused_data or start + 4096 < len(data):
                raise PeerError("the batch has bytes after its end")
            return b"".join(out)
    raise PeerError("the batch is cut off")


def _frame(tag: int, body: bytes) -> Frame:
    match tag:
        case 0:
            if len(body) > MAX_ENTRY:
                raise PeerError("an entry is too long")
            return Frame(leaf_hash(body), body)
        case 1:
            if len(body) != HASH_BYTES:
                raise PeerError("a leaf hash is 32 bytes")
            return Frame(body, None)
        case _:
            raise PeerError("a frame has an unknown tag")


def check_chain(frames: Sequence[Frame], *, start: int, prev: bytes) -> list[Entry | None]:
    """Read the entries of a batch that begins at `start` after the leaf `prev`.

    Each entry must carry its own place and the hash of the one before it. An erased entry
    gives `None`. Raises `PeerError`.
    """
    entries: list[Entry | None] = []
    for n, frame in enumerate(frames, start=start):
        if frame.data is None:
            entries.append(None)
        else:
            entry = read_entry(frame.data)
            if entry.n != n:
                raise PeerError(f"entry {n} says that it is entry {entry.n}")
            if entry.prev != prev.hex():
                raise PeerError(f"entry {n} does not follow the entry before it")
            entries.append(entry)
        prev = frame.leaf
    return entries
