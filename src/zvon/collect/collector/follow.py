"""Following files that grow, are rotated, copied, cut or deleted, from where they were read last."""

import glob
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from zvon.collect.collector.piece import Piece
from zvon.model.item import Bad

PIECE = 256 * 1024
MAX_LINE = 1 << 20
HEAD = 512
MOST_FILES = 256
_PACKED = (b"\x1f\x8b", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd")


class FilePlace(Struct, frozen=True, kw_only=True):
    """Up to where one file was read.

    `head` is the checksum of its first `size` bytes, by which a copy is known, or a new file with
    an old number. `taken` things after `offset` are kept already. In a `long` line reading goes
    on behind its end. `changed` is when the file had been written to last (ns).
    """

    device: int
    inode: int
    offset: int = 0
    head: int = 0
    size: int = 0
    taken: int = 0
    long: bool = False
    changed: int = 0


class Places(Struct, frozen=True):
    """The places in all files of a source."""

    files: tuple[FilePlace, ...] = ()


class _Open:
    def __init__(self, path: Path, file: IO[bytes], place: FilePlace) -> None:
        self.path, self.file, self.place = path, file, place


class Follow:
    """The files that `pattern` names, and those that rotation renamed them to.

    `pieces` gives what there is now. Whoever takes a piece keeps it before asking for the next.
    """

    def __init__(self, pattern: str, place: bytes | None, begin: str = "start") -> None:
        self._pattern, self._begin = pattern, begin
        known = msgspec.json.decode(place, type=Places).files if place else ()
        self._first = place is None
        self._known = {(each.device, each.inode): each for each in known}
        self._open: dict[tuple[int, int], _Open] = {}

    def pieces(self) -> Iterator[Piece]:
        """The whole lines that were written since, oldest file first; empty when there are none."""
        self._look()
        for key in list(self._open):
            while (piece := self._piece(key)) is not None:
                yield piece
        self._forget()

    @property
    def place(self) -> bytes:
        """Where reading stands, also when there was nothing to read."""
        return self._encoded()

    def close(self) -> None:
        """Close all files."""
        for each in self._open.values():
            each.file.close()
        self._open = {}

    def _look(self) -> None:
        """Open what is new or renamed; the oldest first."""
        named = set(glob.glob(self._pattern))  # noqa: PTH207  an absolute pattern
        rotated = set(glob.glob(self._pattern + "?*")) - named  # noqa: PTH207
        found: list[tuple[int, bool, Path, os.stat_result]] = []
        for each in named | rotated:
            path = Path(each)
            try:
                stat = path.stat()
            except OSError:
                continue
            if path.is_file():
                found.append((stat.st_mtime_ns, each in named, path, stat))
        newest = max((each.changed for each in self._known.values()), default=0)
        there = {(s.st_dev, s.st_ino): (path, s) for _, _, path, s in found}
        cut = self._cut(there)
        for _, own, path, stat in sorted(found, key=lambda each: each[0])[-MOST_FILES:]:
            key = (stat.st_dev, stat.st_ino)
            if key in self._open:
                self._open[key].path = path
            else:
                self._begin_at(path, stat, cut, newest, own=own)
        self._first = False
        gone = [key for key in self._known if key not in there and key not in self._open]
        for key in gone:
            if len(self._known) > 1:  # the last one still says when we read last
                del self._known[key]

    def _cut(self, there: dict[tuple[int, int], tuple[Path, os.stat_result]]) -> list[FilePlace]:
        """Places in files that were cut since: what stood there may live on in a copy.

        A file that was cut and has grown again is known by its other beginning.
        """
        cut = []
        for key, place in list(self._known.items()):
            path, stat = there.get(key, (None, None))
            if path is None or stat is None or stat.st_mtime_ns == place.changed:
                continue
            if stat.st_size < place.offset or not _same(_head(path), place):
                cut.append(place)
                self._set(key, FilePlace(device=key[0], inode=key[1]))
        return cut

    def _begin_at(
        self, path: Path, stat: os.stat_result, cut: list[FilePlace], newest: int, *, own: bool
    ) -> None:
        """Open a file, and find out where in it reading goes on."""
        key = (stat.st_dev, stat.st_ino)
        place = self._known.get(key)
        try:
            file = path.open("rb")
        except OSError:
            return
        head = file.read(HEAD)
        if place is None:
            place = self._unknown(key, head, stat, cut, newest, own=own)
        if place is None or head.startswith(_PACKED):
            file.close()
            return
        self._open[key] = _Open(path, file, place)
        self._set(key, place)

    def _unknown(
        self, key: tuple[int, int], head: bytes, stat: os.stat_result, cut: list[FilePlace],
        newest: int, *, own: bool,
    ) -> FilePlace | None:  # fmt: skip
        """The place in a file that was never read; `None` when it is not to be read."""
        fresh = FilePlace(device=key[0], inode=key[1])
        for before in cut:
            if before.size and _same(head, before):  # the copy that `copytruncate` made
                return msgspec.structs.replace(before, device=key[0], inode=key[1])
        if any(p.size and _same(head, p) for p in self._known.values()) and not own:
            return None  # a copy whose original is there still
        if own:
            at_end = self._first and self._begin == "end"
            return msgspec.structs.replace(fresh, offset=stat.st_size) if at_end else fresh
        # Rotated while nobody read, and again after that: it has what we never saw.
        return fresh if newest and stat.st_mtime_ns >= newest else None

    def _piece(self, key: tuple[int, int]) -> Piece | None:
        each = self._open[key]
        place = each.place
        stat = os.fstat(each.file.fileno())
        if stat.st_size < place.offset:
            place = FilePlace(device=key[0], inode=key[1])
        each.file.seek(place.offset)
        data = each.file.read(PIECE)
        end = data.rfind(b"\n") + 1
        if place.long or (not end and len(data) == PIECE):
            return self._long(each, key, place, data, end)
        if not end and data and self._over(each):
            end = len(data)  # nobody will end this line any more
        if not end:
            return None
        return self._given(each, key, place, data[:end])

    def _given(
        self, each: _Open, key: tuple[int, int], place: FilePlace, data: bytes
    ) -> Piece:  # fmt: skip
        after = self._after(each, place, len(data))
        preamble = self._preamble(each, place)

        def kept(n: int | None) -> bytes:
            self._set(key, after if n is None else msgspec.structs.replace(place, taken=n))
            return self._encoded()

        return Piece(chunks=(preamble, data) if preamble else (data,), name=str(each.path),
                     label=f"{each.path.name}@{place.offset} ", skip=place.taken,
                     place=kept)  # fmt: skip

    def _long(
        self, each: _Open, key: tuple[int, int], place: FilePlace, data: bytes, end: int
    ) -> Piece | None:
        """A line that is longer than a piece: read whole up to `MAX_LINE`, else left out."""
        if not place.long:
            data += each.file.read(MAX_LINE - len(data))
            end = data.find(b"\n") + 1
            if end:
                return self._given(each, key, place, data[:end])
            if len(data) < MAX_LINE:
                return self._given(each, key, place, data) if self._over(each) else None
            bad = Bad(f"{each.path.name}@{place.offset}",
                      f"the line is longer than {MAX_LINE} bytes", data[:4096])  # fmt: skip
            after = msgspec.structs.replace(self._after(each, place, len(data)), long=True)
        else:
            if not data:
                return None
            bad = None
            end = data.find(b"\n") + 1
            after = self._after(each, place, end or len(data))
            after = msgspec.structs.replace(after, long=not end)

        def kept(n: int | None) -> bytes:
            self._set(key, after)
            return self._encoded()

        return Piece(chunks=(), name=str(each.path), label="", skip=0, place=kept, bad=bad)

    def _preamble(self, each: _Open, place: FilePlace) -> bytes:
        """The comment lines that a file begins with: they say what its columns are (Zeek)."""
        if not place.offset:
            return b""
        each.file.seek(0)
        lines = each.file.read(min(HEAD * 16, place.offset)).split(b"\n")
        kept = []
        for line in lines[:-1]:
            if not line.startswith(b"#"):
                break
            kept.append(line + b"\n")
        return b"".join(kept)

    def _after(self, each: _Open, place: FilePlace, length: int) -> FilePlace:
        offset = place.offset + length
        size, head = place.size, place.head
        if size < HEAD:
            each.file.seek(0)
            first = each.file.read(min(HEAD, offset))
            size, head = len(first), zlib.crc32(first)
        return FilePlace(device=place.device, inode=place.inode, offset=offset, head=head,
                         size=size, changed=os.fstat(each.file.fileno()).st_mtime_ns)  # fmt: skip

    def _over(self, each: _Open) -> bool:
        """True when the file has no name any more that a writer would write to."""
        try:
            now = each.path.stat()
        except OSError:
            return True
        return (now.st_dev, now.st_ino) != (each.place.device, each.place.inode)

    def _forget(self) -> None:
        """Close what was deleted: it is read to its end by now."""
        for key, each in list(self._open.items()):
            if os.fstat(each.file.fileno()).st_nlink == 0:
                each.file.close()
                del self._open[key]
                del self._known[key]

    def _set(self, key: tuple[int, int], place: FilePlace) -> None:
        self._known[key] = place
        if key in self._open:
            self._open[key].place = place

    def _encoded(self) -> bytes:
        return msgspec.json.encode(Places(tuple(self._known.values())))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""


def _same(head: bytes, place: FilePlace) -> bool:
    return len(head) >= place.size and zlib.crc32(head[: place.size]) == place.head
