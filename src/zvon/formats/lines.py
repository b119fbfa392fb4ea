"""The lines of a stream as text: numbered, bounded, and each in the character set that it is in.

Files are pasted together from several places, so the character set is asked line by line: UTF-8
where a line is valid, else the one that its file was found to be written in.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec import Struct

MAX_LINE = 1 << 20
"""Bytes of a line that are kept; a longer one is given as too long, whatever it holds."""

WINDOWS, LATIN2 = "cp1250", "iso-8859-2"

_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The letters Š Ž š ž: where Windows-1250 has control characters of ISO 8859-2, and the reverse.
_ONLY_WINDOWS = re.compile(rb"[\x80-\x9f]")
_ONLY_LATIN2 = re.compile(rb"[A-Za-z][\xa9\xae\xb9\xbe]|[\xa9\xae\xb9\xbe][a-z]")
_HIGH = re.compile(rb"[\x80-\xff]")
_UTF8_PAIR = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)


class Line(Struct, frozen=True, gc=False):
    """A line without its end, numbered from 1. `text` is `None` when it was too long; `raw` is
    its beginning then.
    """

    number: int
    text: str | None
    raw: bytes = b""


def charset_of(sample: bytes) -> str:
    """The character set of a file by its beginning: `utf-8`, `utf-16-le` and its kin when a mark
    says so, else `cp1250` or `iso-8859-2`, which share most letters of our languages.
    """
    for mark, name in _WIDE:
        if sample.startswith(mark):
            return name
    high = len(_HIGH.findall(sample))
    if not high or sum(map(len, _UTF8_PAIR.findall(sample))) * 2 >= high:
        return "utf-8"
    if _ONLY_LATIN2.search(sample) and not _ONLY_WINDOWS.search(sample):
        return LATIN2
    return WINDOWS


def fallback_of(sample: bytes) -> str:
    """The character set of those lines of the file that are no UTF-8."""
    found = charset_of(sample)
    if found in {WINDOWS, LATIN2}:
        return found
    rest = _UTF8_PAIR.sub(b"", sample)
    return LATIN2 if _ONLY_LATIN2.search(rest) and not _ONLY_WINDOWS.search(rest) else WINDOWS


def text_of(raw: bytes, fallback: str = WINDOWS) -> str:
    """One line as text; what no character set knows is replaced, and so is NUL."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode(fallback, "replace")
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}") if "\x00" in text else text


def lines(chunks: Iterable[bytes], *, fallback: str = "") -> Iterator[Line]:
    """The lines of a stream (LF, CRLF), one at a time; never more than one is held.

    `fallback` is what lines are in that are no UTF-8; without it the first chunk decides.
    """
    stream = iter(chunks)
    first = next(stream, b"")
    wide = next(((mark, name) for mark, name in _WIDE if first.startswith(mark)), None)
    if wide is not None:
        stream = _narrow(chain((first[len(wide[0]) :],), stream), wide[1])
        first = next(stream, b"")
    first = first.removeprefix(codecs.BOM_UTF8)
    fallback = fallback or fallback_of(first[: 1 << 16])
    number, rest, cut = 0, b"", b""
    for chunk in chain((first,), stream):
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            number += 1
            if cut or len(piece) > MAX_LINE:
                yield Line(number, None, cut or piece[:200])
                cut = b""
                continue
            yield Line(number, text_of(piece, fallback).removesuffix("\r"))
        if len(rest) > MAX_LINE:
            cut = cut or rest[:200]
            rest = b""
    if cut:
        yield Line(number + 1, None, cut)
    elif rest:
        yield Line(number + 1, text_of(rest, fallback).removesuffix("\r"))


def _narrow(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    reader = codecs.getincrementaldecoder(name)("replace")
    for chunk in chunks:
        yield reader.decode(chunk).encode("utf-8", "replace")
    yield reader.decode(b"", True).encode("utf-8", "replace")
