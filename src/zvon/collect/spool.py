"""What a collector has counted and its node has not taken yet: segment files, no database.

Each record carries the place in the log up to which it counts, so that one `fsync` makes both
safe: after a crash the log is read on from there, and nothing is lost or counted twice. A record
is its length, a checksum, and JSON. Full segments that the node has taken are deleted; when the
node is away for too long the oldest counts go, and their number is told.
"""

import os
import struct
import zlib
from collections import deque
from itertools import pairwise
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from zvon.model.hit import HitCount

SEGMENT_BYTES = 1 << 20
MOST_BYTES = 64 << 20
_HEAD = struct.Struct("!II")
_SPOOL = "spool"


class Place(Struct, frozen=True, kw_only=True):
    """Up to where a log was read: the file (device and inode) and the octets of it."""

    device: int = 0
    inode: int = 0
    offset: int = 0


class Record(Struct, frozen=True, kw_only=True):
    """One batch of counts, and the place in the log after it."""

    n: int
    place: Place
    lost: int
    rows: list[HitCount]


class Spool:
    """Opened on a folder of its own. One process at a time."""

    def __init__(
        self, folder: Path, identifier: str, *, segment_bytes: int = SEGMENT_BYTES,
        most_bytes: int = MOST_BYTES,
    ) -> None:  # fmt: skip
        """`identifier` (32 hex digits) names a new spool; an old one keeps its own."""
        self._folder, self._segment_bytes, self._most = folder, segment_bytes, most_bytes
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = folder / _SPOOL
        if not name.exists():
            _write(name, identifier.encode())
        self.identifier = name.read_text(encoding="ascii")
        self._waiting: deque[Record] = deque()
        self.place: Place | None = None
        self.lost = 0
        self._last = 0
        for path in self._segments():
            for record in _read(path):
                self._waiting.append(record)
                self.place, self._last = record.place, record.n
        self._file: IO[bytes] = self._open(new=False)

    def append(self, rows: list[HitCount], place: Place) -> None:
        """Keep a batch; it is on the disk when this returns."""
        if self._file.tell() >= self._segment_bytes:
            self._file.close()
            self._file = self._open(new=True)
        self._last += 1
        record = Record(n=self._last, place=place, lost=self.lost, rows=rows)
        self.lost = 0
        body = msgspec.json.encode(record)
        self._file.write(_HEAD.pack(len(body), zlib.crc32(body)) + body)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._waiting.append(record)
        self.place = place
        self._bound()

    def next(self) -> Record | None:
        """The oldest batch that the node has not taken, or `None`."""
        return self._waiting[0] if self._waiting else None

    def taken(self, n: int) -> None:
        """The node has everything up to batch `n`; what only held that is deleted."""
        while self._waiting and self._waiting[0].n <= n:
            self._waiting.popleft()
        self._drop(n)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _drop(self, n: int) -> None:
        """Delete segments whose every record is taken; that of the last record knows the place."""
        paths = self._segments()
        for path, following in pairwise(paths):
            if int(following.stem) > min(n + 1, self._last):
                break
            path.unlink()

    def _bound(self) -> None:
        """Let the oldest segment go when there is no more room for the newest."""
        paths = self._segments()
        while len(paths) > 1 and sum(path.stat().st_size for path in paths) > self._most:
            first_kept = int(paths[1].stem)
            while self._waiting and self._waiting[0].n < first_kept:
                gone = self._waiting.popleft()
                self.lost += gone.lost + sum(row.hits for row in gone.rows)
            paths.pop(0).unlink()

    def _segments(self) -> list[Path]:
        return sorted(self._folder.glob("*.seg"))

    def _open(self, *, new: bool) -> IO[bytes]:
        """The newest segment, or a new one named after the first record that it will hold."""
        there = self._segments()
        path = self._folder / f"{self._last + 1:016d}.seg"
        opened = (path if new or not there else there[-1]).open("ab")
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return opened


def _read(path: Path) -> list[Record]:
    """The whole records of a segment; a torn one at its end is cut off."""
    data = path.read_bytes()
    records, at = [], 0
    while at + _HEAD.size <= len(data):
        size, check = _HEAD.unpack_from(data, at)
        body = data[at + _HEAD.size : at + _HEAD.size + size]
        if len(body) != size or zlib.crc32(body) != check:
            break
        records.append(msgspec.json.decode(body, type=Record))
        at += _HEAD.size + size
    if at < len(data):
        with path.open("r+b") as opened:
            opened.truncate(at)
            os.fsync(opened.fileno())
    return records


def _write(path: Path, text: bytes) -> None:
    with path.open("xb") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
