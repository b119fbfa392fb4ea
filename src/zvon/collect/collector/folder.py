"""A folder where finished files are dropped: each is read whole, once, and put away."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from zvon.collect.collector.piece import Piece
from zvon.formats.detect import packing
from zvon.formats.inflate import Bounds, Inflated
from zvon.formats.kind import SAMPLE
from zvon.model.item import Bad

CHUNK = 256 * 1024
DONE = "done"
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", "~")

log = structlog.get_logger("zvon.collector")


class Known(Struct, frozen=True, kw_only=True):
    """A file that was begun: what identifies it, and how many things of it are kept."""

    inode: int
    size: int
    changed: int
    taken: int = 0
    whole: bool = False


class Begun(Struct, frozen=True):
    """The files that were begun and are not put away yet, by name."""

    files: dict[str, Known] = {}


class Folder:
    """Finished files of a folder, the oldest first; hidden ones and `*.part` are not looked at.

    A file is finished when nobody wrote to it for `settle_s`. Whoever takes a piece keeps it
    before asking for the next.
    """

    def __init__(
        self, path: Path, place: bytes | None, clock: Callable[[], datetime], *, settle_s: float,
        delete: bool,
    ) -> None:  # fmt: skip
        """`clock` is that of this machine, which also dates its files."""
        self._path, self._settle_s, self._delete = path, settle_s, delete
        self._clock = clock
        self._begun = dict(msgspec.json.decode(place, type=Begun).files) if place else {}

    @property
    def place(self) -> bytes:
        """The files that are begun."""
        return msgspec.json.encode(Begun(self._begun))

    def pieces(self) -> Iterator[Piece]:
        """What was dropped and is finished. Raises `OSError` when the folder cannot be read."""
        now = self._clock().timestamp()
        found = []
        for path in self._path.iterdir():
            name = path.name
            if name.startswith(".") or name.endswith(_UNFINISHED) or not path.is_file():
                continue
            stat = path.stat()
            if now - stat.st_mtime >= self._settle_s or stat.st_mtime > now + 60:
                found.append((stat.st_mtime_ns, name, stat.st_ino, stat.st_size))
        for changed, name, inode, size in sorted(found):
            given = Known(inode=inode, size=size, changed=changed)
            known = self._begun.get(name)
            if known is None or (known.inode, known.size, known.changed) != (inode, size, changed):
                known = given
            if known.whole:
                self._put_away(name)
            else:
                yield self._piece(name, known)
        there = {name for _, name, _, _ in found}
        self._begun = {n: k for n, k in self._begun.items() if n in there or not k.whole}

    def _piece(self, name: str, known: Known) -> Piece:
        path = self._path / name

        def kept(n: int | None) -> bytes:
            self._begun[name] = msgspec.structs.replace(
                known, taken=known.taken if n is None else n, whole=n is None
            )
            return self.place

        try:
            with path.open("rb") as file:
                layer = packing(file.read(SAMPLE))
        except OSError as problem:
            layer, bad = None, Bad(name, f"the file cannot be read: {problem.strerror}")
            return Piece(chunks=(), name=name, label="", skip=0, place=kept, bad=bad)
        if layer is not None and layer.holds_files:
            bad = Bad(name, f"a collector does not open archives ({layer}); drop the files in it")
            return Piece(chunks=(), name=name, label="", skip=known.taken, place=kept, bad=bad,
                         done=lambda: self._put_away(name))  # fmt: skip
        chunks: Iterator[bytes] | Inflated = _chunks(path)
        if layer is not None:
            chunks = Inflated(chunks, layer, Bounds())
        return Piece(chunks=chunks, name=name, label=f"{name} ", skip=known.taken, place=kept,
                     done=lambda: self._put_away(name))  # fmt: skip

    def _put_away(self, name: str) -> None:
        """Out of the folder; a file that cannot be moved is not read again all the same."""
        path = self._path / name
        try:
            if self._delete:
                path.unlink()
            else:
                done = self._path / DONE
                done.mkdir(exist_ok=True)
                known = self._begun[name]
                path.rename(done / f"{name}.{known.changed // 10**9}" if (done / name).exists()
                            else done / name)  # fmt: skip
        except OSError as problem:
            log.warning("a read file stays where it is", file=str(path), problem=str(problem))
        else:
            self._begun.pop(name, None)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
