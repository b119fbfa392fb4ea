"""Compressed streams undone within bounds: gzip (RFC 1952), xz, bzip2, zstd (RFC 8878).

A few bytes can stand for gigabytes, so what comes out is counted against what went in.
"""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, cast

import zstandard
from msgspec import Struct

from zvon.formats.packing import Packing

STEP = 1 << 18
XZ_MEMORY = 256 * 1024 * 1024  # `xz -9` needs 65 MiB; more is asked for to fill our memory
ZSTD_WINDOW = 128 * 1024 * 1024


class Bounds(Struct, frozen=True, kw_only=True):
    """How much may come out: `most` bytes, and beyond `floor` at most `ratio` times what went in."""

    most: int = 8 * 1024**3
    ratio: int = 200
    floor: int = 64 * 1024 * 1024


class Inflated:
    """The bytes inside a compressed stream, in order, in pieces of at most `STEP`.

    Iterating raises nothing for any input: it ends early, and `problem` says why.
    """

    def __init__(self, chunks: Iterable[bytes], packing: Packing, bounds: Bounds) -> None:
        self.problem: str | None = None
        self._source = _Source(chunks)
        self._packing = packing
        self._bounds = bounds

    def __iter__(self) -> Iterator[bytes]:
        out = 0
        try:
            stream = _OPEN[self._packing](self._source)
            while piece := stream.read(STEP):
                out += len(piece)
                if out > self._bounds.most:
                    self.problem = f"it holds more than {self._bounds.most} bytes"
                    return
                if out > self._bounds.floor and out > self._bounds.ratio * self._source.taken:
                    self.problem = f"it expands to more than {self._bounds.ratio} times its size"
                    return
                yield piece
        except EOFError:
            self.problem = f"the {self._packing} stream ends too early"
        except (OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError, ValueError) as problem:
            self.problem = f"the {self._packing} stream is broken: {problem}"
        except MemoryError:
            self.problem = f"the {self._packing} stream needs too much memory"


class _Source(io.RawIOBase):
    """An iterable of bytes as a file to be read once; `taken` counts them."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        room = memoryview(into).cast("B")
        while not self._rest:
            piece = next(self._chunks, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(room), len(self._rest))
        room[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self.taken += count
        return count


class _Xz(io.RawIOBase):
    """`lzma.LZMAFile` has no limit on memory; this has, and reads streams one after another."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._decoder: lzma.LZMADecompressor | None = self._new()
        self._begun = False

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(format=lzma.FORMAT_AUTO, memlimit=XZ_MEMORY)

    def read(self, size: int = -1) -> bytes:
        while self._decoder is not None:
            data = b""
            if self._decoder.needs_input:
                data = self._source.read(1 << 16) or b""
                if not data:
                    if self._begun:
                        raise EOFError
                    return b""
            self._begun = True
            out = self._decoder.decompress(data, max_length=size)
            if self._decoder.eof:
                self._next()
            if out:
                return out
        return b""

    def _next(self) -> None:
        """Begin the next stream, after padding of zeros; at the end there is none."""
        assert self._decoder is not None
        rest = self._decoder.unused_data.lstrip(b"\0")
        while not rest:
            more = self._source.read(1 << 16)
            if not more:
                self._decoder = None
                return
            rest = more.lstrip(b"\0")
        self._decoder = self._new()
        self._source = _Source(_again(rest, self._source))


def _again(first: bytes, source: _Source) -> Iterator[bytes]:
    yield first
    while piece := source.read(1 << 16):
        yield piece


class _Zstd(io.RawIOBase):
    """The library's own reader does not say whether the stream ended or was cut; this knows.

    It is fed so little at a time that even the densest input (4 bytes for a block of 128 KiB)
    gives no more than 16 MiB at once.
    """

    FED = 512

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._out = memoryview(b"")
        self._frame = self._new()
        self._begun = False  # inside a frame

    @staticmethod
    def _new() -> "zstandard.ZstdDecompressionObj":
        return zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()

    def read(self, size: int = -1) -> bytes:
        while not self._out:
            data = self._source.read(self.FED)
            if not data:
                if self._begun:
                    raise EOFError
                return b""
            parts = []
            while data:
                self._begun = True
                parts.append(self._frame.decompress(data))
                data = b""
                if self._frame.eof:
                    data, self._frame, self._begun = self._frame.unused_data, self._new(), False
            self._out = memoryview(b"".join(parts))
        piece, self._out = self._out[:size], self._out[size:]
        return bytes(piece)


_OPEN: dict[Packing, Callable[[_Source], BinaryIO]] = {
    Packing.GZIP: lambda source: cast(BinaryIO, gzip.GzipFile(fileobj=cast(BinaryIO, source))),
    Packing.BZIP2: lambda source: cast(BinaryIO, bz2.BZ2File(cast(BinaryIO, source))),
    Packing.XZ: lambda source: cast(BinaryIO, _Xz(source)),
    Packing.ZSTD: lambda source: cast(BinaryIO, _Zstd(source)),
}
