"""Reading a log that grows, is rotated or cut, from where it was read last."""

import os
from pathlib import Path
from typing import IO

from zvon.collect.hit_spool import Place

CHUNK = 1 << 17
"""So many octets hold fewer rules than half a batch of hits."""
MAX_LINE = 1 << 16


class Follower:
    """Lines of `path` as they come. `place` is after the last whole line that `read` gave.

    A file that was renamed is read to its end before the new one, also when that happened while
    nobody read. Without a place reading begins at the end: what was there before is not counted.
    """

    def __init__(self, path: Path, place: Place | None) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.place = place or Place()
        if place is None:
            self._from_the_end()

    def read(self) -> list[bytes]:
        """The next whole lines, at most `CHUNK` octets of them; empty when there are none now."""
        if self._file is None and not self._open():
            return []
        assert self._file is not None
        if os.fstat(self._file.fileno()).st_size < self.place.offset:  # cut in place
            self._at(0)
        self._file.seek(self.place.offset)
        data = self._file.read(CHUNK)
        end = data.rfind(b"\n") + 1
        if end == 0 and len(data) >= MAX_LINE:  # no log of a resolver has such a line
            end = len(data)
        if end == 0:
            if self._renamed():
                self._file.close()
                self._file = None
                self.place = Place()
                return self.read() if self._open() else []
            return []
        self._at(self.place.offset + end)
        return data[:end].splitlines()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _from_the_end(self) -> None:
        if self._open():
            assert self._file is not None
            self._at(os.fstat(self._file.fileno()).st_size)

    def _open(self) -> bool:
        """Open the file that `place` is in, wherever it was moved to; else the current one."""
        for path in (self._path, *self._moved()):
            try:
                opened = path.open("rb")
            except OSError:
                continue
            found = os.fstat(opened.fileno())
            known = (found.st_dev, found.st_ino) == (self.place.device, self.place.inode)
            if known or not self.place.inode:
                self._file = opened
                self._at(self.place.offset if known else 0)
                return True
            opened.close()
        if not self.place.inode or not self._path.exists():
            return False
        self.place = Place()  # the file that we read is gone for good
        return self._open()

    def _moved(self) -> list[Path]:
        if not self.place.inode:
            return []
        near = self._path.parent.glob(f"{self._path.name}*")
        return sorted(path for path in near if path != self._path)

    def _renamed(self) -> bool:
        assert self._file is not None
        try:
            now = self._path.stat()
        except OSError:
            return False
        return (now.st_dev, now.st_ino) != (self.place.device, self.place.inode)

    def _at(self, offset: int) -> None:
        assert self._file is not None
        found = os.fstat(self._file.fileno())
        self.place = Place(device=found.st_dev, inode=found.st_ino, offset=offset)
