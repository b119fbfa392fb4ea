"""What a collector holds until its node has it: numbered records in segment files, no database.

Each record carries the place up to which its source was read, so that one `fsync` makes both
safe: after a crash reading goes on from there, and nothing is lost or sent twice. A record is a
head with its length and checksum, the place, and a body; both are the writer's own. Only the
oldest record is in memory. Full segments that the node has are deleted; what else has to go when
the node is away for too long is decided by whoever knows the room, a whole segment at a time.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from msgspec import Struct

SEGMENT_BYTES = 1 << 20
_HEAD = struct.Struct(
    "!IIQQIQI"
)  # length and checksum of what follows, n, before, count, lost, place
_CHECKED = struct.Struct("!II")
_NAME = "spool"


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """Record `n` of a spool.

    `count` is how many things `body` holds, `before` how many all earlier records held. `lost` of
    those had to go since the record before this one was written.
    """

    n: int
    before: int
    count: int
    lost: int
    place: bytes
    body: bytes


class _Segment(Struct):
    first: int
    path: Path
    size: int


class Spool:
    """Opened on a folder of its own. One process at a time."""

    def __init__(
        self, folder: Path, identifier: str, *, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        """`identifier` (32 hex digits) names a new spool; an old one keeps its own."""
        self._folder, self._segment_bytes = folder, segment_bytes
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = folder / _NAME
        if not name.exists():
            _write(name, identifier.encode())
        self.identifier = name.read_text(encoding="ascii")
        self.place: bytes | None = None
        self.lost = self.dropped = self.end = self._last = 0
        self._segments = [
            _Segment(int(path.stem), path, path.stat().st_size)
            for path in sorted(folder.glob("*.seg"))
        ]
        for segment in self._segments[-1:]:
            self._mend(segment)
        self._file = self._open(new=False)
        self._at = 0
        self._head: Record | None = None
        self._find()

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(segment.size for segment in self._segments)

    @property
    def waiting(self) -> int:
        """How many things the node does not have yet."""
        return 0 if self._head is None else self.end - self._head.before

    @property
    def number(self) -> int:
        """The number of the next record."""
        return self._last + 1

    @property
    def droppable(self) -> bool:
        """True when there is a segment that could go."""
        return len(self._segments) > 1

    def append(self, body: bytes, place: bytes, count: int) -> int:
        """Keep a record; it is on the disk when this returns its number. Raises `OSError`."""
        if self._segments[-1].size >= self._segment_bytes:
            self._file.close()
            self._file = self._open(new=True)
        segment = self._segments[-1]
        rest = struct.pack(
            "!QQIQI", self._last + 1, self.end, count, self.lost, len(place)
        )  # fmt: skip
        check = zlib.crc32(body, zlib.crc32(place, zlib.crc32(rest)))
        octets = b"".join(
            (_CHECKED.pack(len(rest) + len(place) + len(body), check), rest, place, body)
        )
        try:
            self._file.write(octets)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError:  # a full disk: what follows must not come after half a record
            self._file.close()
            with segment.path.open("r+b") as torn:
                torn.truncate(segment.size)
            self._file = segment.path.open("ab")
            raise
        segment.size += len(octets)
        self._last += 1
        self.end += count
        self.lost = 0
        self.place = place
        if self._head is None:
            self._find()
        return self._last

    def next(self) -> Record | None:
        """The oldest record that the node has not taken, or `None`."""
        return self._head

    def taken(self, n: int) -> None:
        """The node has everything up to record `n`; what only held that is deleted."""
        n = min(n, self._last)
        while len(self._segments) > 1 and self._segments[1].first <= n + 1:
            self._segments.pop(0).path.unlink()
            self._at, self._head = 0, None
        while self._head is None or self._head.n <= n:
            if not self._find():
                break

    def drop(self) -> int:
        """Let the oldest segment go; how many things that the node has not taken were in it.

        The newest segment stays, because it knows the place.
        """
        if not self.droppable:
            return 0
        head, gone = self._head, self._segments.pop(0)
        left = [] if head is None else [r for _, r in _read(gone.path, 0) if r.n >= head.n]
        gone.path.unlink()
        if not left:
            return 0
        self._at, self._head = 0, None
        self._find()
        lost = sum(record.count for record in left)
        self.dropped += lost
        # What these records would have told of earlier ones is told by the next one instead.
        self.lost += lost + sum(record.lost for record in left)
        return lost

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _find(self) -> bool:
        """Go on to the record after the present one; false when there is none."""
        while True:
            for at, record in _read(self._segments[0].path, self._at):
                self._at, self._head = at, record
                return True
            if len(self._segments) == 1:
                self._head = None
                return False
            # Its end is not readable any more; the `before` of the next record tells what is gone.
            self._segments.pop(0).path.unlink()
            self._at = 0

    def _mend(self, segment: _Segment) -> None:
        """Cut a torn record off the newest segment, and learn how far all was written."""
        end = 0
        for at, record in _read(segment.path, 0):
            end = at
            self._last, self.place = record.n, record.place
            self.end = record.before + record.count
        if end < segment.size:
            with segment.path.open("r+b") as opened:
                opened.truncate(end)
                os.fsync(opened.fileno())
            segment.size = end
        if end == 0:
            self._before(segment)

    def _before(self, segment: _Segment) -> None:
        """The newest segment is empty: how far all was written stands in the one before."""
        self._last = segment.first - 1
        for other in self._segments[-2:-1]:
            for _, record in _read(other.path, 0):
                self.place, self.end = record.place, record.before + record.count

    def _open(self, *, new: bool) -> IO[bytes]:
        """The newest segment, or a new one named after the first record that it will hold."""
        if new or not self._segments:
            path = self._folder / f"{self._last + 1:016d}.seg"
            self._segments.append(_Segment(self._last + 1, path, 0))
        opened = self._segments[-1].path.open("ab")
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return opened


def _read(path: Path, at: int) -> Iterator[tuple[int, Record]]:
    """The whole records of a segment from an offset on, each with the offset after it."""
    with path.open("rb") as opened:
        opened.seek(at)
        while len(head := opened.read(_HEAD.size)) == _HEAD.size:
            length, check, n, before, count, lost, place = _HEAD.unpack(head)
            size = length - (_HEAD.size - _CHECKED.size)
            if size < place:
                return
            rest = opened.read(size)
            if len(rest) != size or zlib.crc32(rest, zlib.crc32(head[_CHECKED.size :])) != check:
                return
            at = opened.tell()
            yield at, Record(n=n, before=before, count=count, lost=lost, place=rest[:place],
                             body=rest[place:])  # fmt: skip


def _write(path: Path, text: bytes) -> None:
    with path.open("xb") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
