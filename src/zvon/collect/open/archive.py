"""Archives (ZIP, 7-Zip, tar, and single streams of gzip, bzip2, xz, zstd): their files, unpacked in
memory within the limits.

Sizes that an archive states are not believed: what comes out is counted while it comes.
"""

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import IO

from zvon.collect.open.budget import MAX_FILES, MAX_RATIO, Budget, Unreadable
from zvon.formats.inflate import Bounds, Inflated
from zvon.formats.packing import Packing, packing
from zvon.model.report import PartOutcome

CHUNK = 65_536
SLACK = 1024 * 1024  # small files of one repeated line have any ratio

NO_SEVEN_ZIP = "7-Zip archives cannot be read here: the extra `visual` is not installed"

Member = tuple[str, bytes | Unreadable]
"""The name of a file, and its bytes or why there are none."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}


def members(body: bytes, budget: Budget) -> Iterator[Member]:
    """The files of an archive, in its order. Raises `Unreadable` when it is none or damaged."""
    try:
        packed = packing(body)
        if packed is Packing.GZIP:
            yield from _gzip(body, budget)
        elif body[:2] == b"PK":
            yield from _zip(body, budget)
        elif packed is Packing.SEVEN_ZIP:
            yield from _seven_zip(body, budget)
        elif packed is not None and not packed.holds_files:
            yield "", _stream(body, packed, budget)
        else:
            yield from _tar(body, budget)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError,
            NotImplementedError, ValueError) as problem:  # fmt: skip
        if isinstance(problem, Unreadable):
            raise
        raise Unreadable(PartOutcome.BROKEN, "a damaged archive") from None


def _zip(body: bytes, budget: Budget) -> Iterator[Member]:
    with zipfile.ZipFile(BytesIO(body)) as archive:
        listed = archive.infolist()
        if len(listed) > MAX_FILES:
            raise Unreadable(
                PartOutcome.REFUSED, f"an archive of {len(listed)} files; at most {MAX_FILES}"
            )
        for entry in listed:
            if entry.is_dir():
                continue
            if entry.flag_bits & 1:
                yield entry.filename, Unreadable(PartOutcome.LOCKED, "it needs a password")
                continue
            if entry.compress_type not in _METHODS:
                yield entry.filename, Unreadable(PartOutcome.LISTED, "packed in an unknown way")
                continue
            try:
                with archive.open(entry) as opened:
                    yield entry.filename, _bounded(opened, entry.compress_size, budget)
            except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError):
                yield entry.filename, Unreadable(PartOutcome.BROKEN, "it is damaged")


def _tar(body: bytes, budget: Budget) -> Iterator[Member]:
    with tarfile.open(fileobj=BytesIO(body), mode="r:") as archive:
        for number, entry in enumerate(archive):
            if number >= MAX_FILES:
                raise Unreadable(PartOutcome.REFUSED, f"an archive of more than {MAX_FILES} files")
            opened = archive.extractfile(entry) if entry.isfile() else None
            if opened is not None:
                yield entry.name, _bounded(opened, max(entry.size, 1), budget)


def _stream(body: bytes, packed: Packing, budget: Budget) -> bytes:
    """One file without a name."""
    bounds = Bounds(most=budget.room(), ratio=MAX_RATIO, floor=SLACK)
    stream = Inflated([body], packed, bounds)
    out = b"".join(stream)
    if stream.problem is not None:
        bomb = "more than" in stream.problem
        raise Unreadable(PartOutcome.REFUSED if bomb else PartOutcome.BROKEN, stream.problem)
    budget.unpacked(len(out))
    return out


def _seven_zip(body: bytes, budget: Budget) -> Iterator[Member]:
    try:
        import py7zr  # noqa: PLC0415 -- optional
        from py7zr.exceptions import ArchiveError  # noqa: PLC0415 -- optional
        from py7zr.io import BytesIOFactory  # noqa: PLC0415 -- optional
    except ImportError:
        raise Unreadable(PartOutcome.UNAVAILABLE, NO_SEVEN_ZIP) from None
    try:
        with py7zr.SevenZipFile(BytesIO(body)) as archive:
            if archive.needs_password():
                raise Unreadable(PartOutcome.LOCKED, "it needs a password")
            listed = [entry for entry in archive.list() if not entry.is_directory]
            if len(listed) > MAX_FILES:
                raise Unreadable(PartOutcome.REFUSED,
                                 f"an archive of {len(listed)} files; at most {MAX_FILES}")  # fmt: skip
            size = sum(entry.uncompressed for entry in listed)
            _checked(size, len(body), budget)
            into = BytesIOFactory(limit=size + 1)
            archive.extract(targets=[entry.filename for entry in listed], factory=into)
    except ArchiveError:
        raise Unreadable(PartOutcome.BROKEN, "a damaged 7-Zip archive") from None
    for entry in listed:
        held = into.products.get(entry.filename)
        content = b""
        if held is not None:
            held.seek(0)
            content = held.read()
        budget.unpacked(len(content))
        yield entry.filename, content


def _gzip(body: bytes, budget: Budget) -> Iterator[Member]:
    """One file (RFC 1952); a tar inside is an archive of its own, one level deeper."""
    unpacker = zlib.decompressobj(wbits=31)
    out = bytearray()
    rest = body
    while rest and not unpacker.eof:
        piece = unpacker.decompress(rest, CHUNK)
        rest = unpacker.unconsumed_tail
        if not piece and not rest:
            break
        out += piece
        _checked(len(out), len(body), budget)
    if not unpacker.eof:
        raise Unreadable(PartOutcome.BROKEN, "a gzip archive that is cut off")
    budget.unpacked(len(out))
    yield "", bytes(out)


def _bounded(opened: IO[bytes], packed: int, budget: Budget) -> bytes:
    out = bytearray()
    while piece := opened.read(CHUNK):
        out += piece
        _checked(len(out), packed, budget)
    budget.unpacked(len(out))
    return bytes(out)


def _checked(size: int, packed: int, budget: Budget) -> None:
    """Raise `Unreadable` when what comes out is a bomb."""
    if size > max(SLACK, packed * MAX_RATIO):
        raise Unreadable(PartOutcome.REFUSED, f"it unpacks to more than {MAX_RATIO} times its size")
    if size > budget.room():
        budget.unpacked(size)
