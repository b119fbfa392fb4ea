"""Counts of hits in a spool, each batch with the place in the resolver's log after it."""

from pathlib import Path

import msgspec
from msgspec import Struct

from zvon.collect.spool import SEGMENT_BYTES, Spool
from zvon.model.hit import HitCount

MOST_BYTES = 64 << 20


class Place(Struct, frozen=True, kw_only=True):
    """Up to where a log was read: the file (device and inode) and the octets of it."""

    device: int = 0
    inode: int = 0
    offset: int = 0


class Record(Struct, frozen=True, kw_only=True):
    """One batch of counts, and how many hits before it had no room."""

    n: int
    lost: int
    rows: list[HitCount]


class HitSpool:
    """Opened on a folder of its own; when it is full the oldest counts go, and are counted."""

    def __init__(
        self, folder: Path, identifier: str, *, segment_bytes: int = SEGMENT_BYTES,
        most_bytes: int = MOST_BYTES,
    ) -> None:  # fmt: skip
        """`identifier` (32 hex digits) names a new spool; an old one keeps its own."""
        self._spool, self._most = Spool(folder, identifier, segment_bytes=segment_bytes), most_bytes
        self.identifier = self._spool.identifier
        at = self._spool.place
        self.place = None if at is None else msgspec.json.decode(at, type=Place)

    @property
    def lost(self) -> int:
        """Hits that went and that no batch has told yet."""
        return self._spool.lost

    def append(self, rows: list[HitCount], place: Place) -> None:
        """Keep a batch; it is on the disk when this returns."""
        self._spool.append(
            msgspec.json.encode(rows), msgspec.json.encode(place), sum(row.hits for row in rows)
        )
        self.place = place
        while self._spool.size > self._most and self._spool.droppable:
            self._spool.drop()

    def next(self) -> Record | None:
        """The oldest batch that the node has not taken, or `None`."""
        found = self._spool.next()
        if found is None:
            return None
        rows = msgspec.json.decode(found.body, type=list[HitCount])
        return Record(n=found.n, lost=found.lost, rows=rows)

    def taken(self, n: int) -> None:
        """The node has everything up to batch `n`."""
        self._spool.taken(n)

    def close(self) -> None:
        """Close the file."""
        self._spool.close()
