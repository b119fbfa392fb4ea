"""The files inside a delivery: layers of compression taken off, archives gone through, bounded."""

import io
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from zvon.collect.read.seven_zip import Files
from zvon.formats.detect import Packing, packing
from zvon.formats.inflate import STEP, Bounds, Inflated
from zvon.formats.kind import SAMPLE
from zvon.model.item import Bad

BOUNDS = Bounds()
NESTED = 4  # layers: a compressed archive of compressed files has three
MEMBERS = 20_000
_ENDINGS = (".gz", ".xz", ".bz2", ".zst", ".zstd", ".lzma")


class Member(Struct, frozen=True):
    """One file to be read now: before the next one is asked for. `packed` is what was around it."""

    name: str
    sample: bytes
    chunks: Iterable[bytes]
    packed: tuple[str, ...] = ()
    inside: bool = False  # of an archive


def members(
    chunks: Iterable[bytes], name: str, packed: tuple[str, ...] = (), *, inside: bool = False
) -> Iterator[Member | Bad]:
    """Each file of a delivery, and what could not be opened, in order. Raises nothing."""
    sample, chunks = peeked(chunks)
    found = packing(sample)
    if found is None:
        yield Member(name, sample, chunks, packed, inside)
    elif len(packed) >= NESTED:
        yield Bad(_place(name, inside), f"it is packed more than {NESTED} times", sample[:100])
    elif found.holds_files:
        yield from _archive(chunks, name, found, (*packed, found.value), inside)
    else:
        stream = Inflated(chunks, found, BOUNDS)
        bare = next((name[: -len(e)] for e in _ENDINGS if name.lower().endswith(e)), name)
        if name.lower().endswith(".tgz"):
            bare = name[:-3] + "tar"
        yield from members(stream, bare, (*packed, found.value), inside=inside)
        if stream.problem is not None:
            yield Bad(_place(name, inside), stream.problem)


def peeked(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first 64 KiB, and all the chunks."""
    waiting, first, size = iter(chunks), [], 0
    while size < SAMPLE and (piece := next(waiting, None)) is not None:
        first.append(piece)
        size += len(piece)
    return b"".join(first)[:SAMPLE], chain(first, waiting)


def _place(name: str, inside: bool) -> str:
    return f"{name}: byte 0" if inside else "byte 0"


def _archive(
    chunks: Iterable[bytes], name: str, found: Packing, packed: tuple[str, ...], inside: bool
) -> Iterator[Member | Bad]:
    way = _WAYS.get(found)
    if way is None:
        yield Bad(_place(name, inside), f"archives of the kind {found} are not opened")
        return
    spent = _Spent()
    try:
        for n, (inner, opened) in enumerate(way(chunks, spent)):
            if n >= MEMBERS:
                yield Bad(_place(name, inside), f"it holds more than {MEMBERS} files")
                return
            full = f"{name}/{inner}" if inside else inner
            if isinstance(opened, str):
                yield Bad(f"{full}: byte 0", opened)
                continue
            stream = _Guarded(opened, spent)
            yield from members(stream, full, packed, inside=True)
            if stream.problem is not None:
                yield Bad(f"{full}: byte 0", stream.problem)
            if spent.problem is not None:
                yield Bad(_place(name, inside), spent.problem)
                return
    except Exception as problem:  # noqa: BLE001  three libraries, each with errors of its own
        yield Bad(_place(name, inside), f"the {found} archive is broken: {_said(problem)}")


def _said(problem: BaseException) -> str:
    if isinstance(problem, MemoryError):
        return "it needs too much memory"
    return str(problem)[:200] or type(problem).__name__


class _Spent:
    """What went into an archive and came out of all its files together."""

    def __init__(self) -> None:
        self.taken = 0
        self.out = 0
        self.problem: str | None = None

    def count(self, piece: bytes) -> None:
        self.out += len(piece)
        if self.out > BOUNDS.most:
            self.problem = f"it holds more than {BOUNDS.most} bytes"
        elif self.out > BOUNDS.floor and self.out > BOUNDS.ratio * self.taken:
            self.problem = f"it expands to more than {BOUNDS.ratio} times its size"


class _Guarded:
    """A file of an archive; iterating raises nothing and ends at the archive's bounds."""

    def __init__(self, opened: Callable[[], IO[bytes]], spent: _Spent) -> None:
        self.problem: str | None = None
        self._opened = opened
        self._spent = spent

    def __iter__(self) -> Iterator[bytes]:
        try:
            with self._opened() as file:
                while piece := file.read(STEP):
                    self._spent.count(piece)
                    if self._spent.problem is not None:
                        return
                    yield piece
        except Exception as problem:  # noqa: BLE001  as above
            self.problem = f"it is broken: {_said(problem)}"


_Way = Callable[[Iterable[bytes], _Spent], Iterator[tuple[str, Callable[[], IO[bytes]] | str]]]


def _tar(chunks: Iterable[bytes], spent: _Spent) -> Iterator[tuple[str, Any]]:
    with tarfile.open(fileobj=_Stream(chunks, spent), mode="r|") as archive:
        for each in archive:
            if each.isfile():
                file = archive.extractfile(each)
                assert file is not None
                yield each.name, lambda file=file: file


def _zip(chunks: Iterable[bytes], spent: _Spent) -> Iterator[tuple[str, Any]]:
    with _kept(chunks, spent) as file, zipfile.ZipFile(file) as archive:
        for each in archive.infolist():
            if each.is_dir():
                continue
            if each.flag_bits & 1:
                yield each.filename, "it is encrypted"
            else:
                yield each.filename, lambda each=each: archive.open(each)


def _seven_zip(chunks: Iterable[bytes], spent: _Spent) -> Iterator[tuple[str, Any]]:
    try:
        import py7zr  # noqa: PLC0415  an extra that may be missing
    except ImportError:
        yield "7z", "7-Zip archives need the extra `visual`"
        return
    with _kept(chunks, spent) as file, py7zr.SevenZipFile(file) as archive:
        if archive.needs_password():
            yield "7z", "it is encrypted"
            return
        large = sum(each.uncompressed for each in archive.list())
        if large > BOUNDS.most or large > max(BOUNDS.floor, BOUNDS.ratio * spent.taken):
            yield "7z", f"it expands to {large} bytes"
            return
        with tempfile.TemporaryDirectory() as folder:
            factory = Files(Path(folder), large)
            archive.extract(targets=None, factory=factory)
            for name, path in factory.written:
                yield name, lambda path=path: path.open("rb")


_WAYS: dict[Packing, _Way] = {
    Packing.TAR: _tar,
    Packing.ZIP: _zip,
    Packing.SEVEN_ZIP: _seven_zip,
}


def _kept(chunks: Iterable[bytes], spent: _Spent) -> IO[bytes]:
    """The chunks in a file that has no name: some archives are read from their end."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed by its reader
    for piece in chunks:
        spent.taken += len(piece)
        file.write(piece)
    file.seek(0)
    return file


class _Stream(io.RawIOBase):
    """Chunks as a file that is read once."""

    def __init__(self, chunks: Iterable[bytes], spent: _Spent) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self._spent = spent

    def read(self, size: int = -1) -> bytes:
        parts, missing = [], size
        while missing > 0:
            if not self._rest:
                self._rest = next(self._chunks, b"")
                self._spent.taken += len(self._rest)
                if not self._rest:
                    break
            parts.append(self._rest[:missing])
            self._rest = self._rest[missing:]
            missing -= len(parts[-1])
        return b"".join(parts)
