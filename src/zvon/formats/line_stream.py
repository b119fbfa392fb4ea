"""Lines of a stream, without holding more than one of them: numbered, bounded, in UTF-8."""

import codecs
from collections.abc import Iterable, Iterator

from zvon.model.item import Bad

MAX_LINE = 1024 * 1024
PIECE = 4096

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes without a byte order mark, and UTF-16 (told by its mark) as UTF-8."""
    stream = iter(chunks)
    head = b""
    for chunk in stream:
        head += chunk
        if len(head) >= 4:
            break
    wide = _UTF16.get(head[:2])
    if wide is None or head[:4] == codecs.BOM_UTF32_LE:
        if head := head.removeprefix(codecs.BOM_UTF8):
            yield head
        yield from stream
        return
    decoder = codecs.getincrementaldecoder(wide)("replace")
    if first := decoder.decode(head[2:]).encode("utf-8", "replace"):
        yield first
    for chunk in stream:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def blocks(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of exactly `size`, the last one smaller; at least one piece.

    What is decided from a piece is then the same however the bytes came.
    """
    held = b""
    for chunk in chunks:
        held = held + chunk if held else chunk
        start = 0
        while len(held) - start >= size:
            yield held[start : start + size]
            start += size
        if start:
            held = held[start:]
    yield held


def lines(chunks: Iterable[bytes], limit: int = MAX_LINE) -> Iterator[tuple[int, bytes] | Bad]:
    """Each line with its number from 1, without its end; one over `limit` bytes is `Bad`.

    A line ends with LF, or CR LF. Empty lines are counted and left out.
    """
    number = 0
    rest = b""
    lost = False  # the bytes of the line that `rest` began are too many, and gone
    for chunk in utf8(chunks):
        first, *others = chunk.split(b"\n")
        rest += first
        if others:
            complete = (rest, *others[:-1])
            rest = others[-1]
            for line in complete:
                number += 1
                if lost:
                    lost = False
                elif len(line) > limit:
                    yield too_long(number, line, limit)
                elif bare := line.removesuffix(b"\r"):
                    yield number, bare
        if len(rest) > limit:
            if not lost:
                yield too_long(number + 1, rest, limit)
            lost, rest = True, b""
    if rest and not lost and (bare := rest.removesuffix(b"\r")):
        yield number + 1, bare


def too_long(number: int, line: bytes, limit: int) -> Bad:
    """What is said of a line that nobody should hold in memory."""
    return Bad(f"line {number}", f"The line is longer than {limit} bytes.", line[:PIECE])
