"""Mail folders in one file (RFC 4155, the mboxrd way): each mail is a document of its own."""

import re
from collections.abc import Iterable, Iterator

from zvon.formats.document.whole import MAX_BYTES, document
from zvon.formats.kind import Kind, is_mail
from zvon.model.item import Bad, Format, Guess, Item, Options

_FROM = re.compile(
    rb"From [^\s]*[^\n]{0,200}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d"
)
_QUOTED = re.compile(rb"(?m)^>(>*From )")


def sniff(sample: bytes, name: str) -> Guess | None:
    """A line `From sender date` first, and a mail behind it."""
    head, _, rest = sample.partition(b"\n")
    if not _FROM.match(head) or not is_mail(rest):
        return None
    return Guess(95, "HEADER", {"header": head[:80].decode("utf-8", "replace").strip()})


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """The mails in their order; one that is too long is `Bad`, and the next one is read."""
    at, start, empty = 0, 0, True
    held: list[bytes] = []
    size = 0
    for line in _lines(chunks):
        if empty and _FROM.match(line):
            if held:
                yield _mail(held, start, size, options)
            held, size, start = [], 0, at + len(line)
        elif size <= MAX_BYTES:
            held.append(line)
            size += len(line)
        empty = not line.strip()
        at += len(line)
    if held:
        yield _mail(held, start, size, options)


def _mail(held: list[bytes], start: int, size: int, options: Options) -> Item | Bad:
    body = _QUOTED.sub(rb"\1", b"".join(held)).rstrip(b"\r\n") + b"\n"
    return document([body] if size <= MAX_BYTES else held, Kind.MAIL, options.name, f"byte {start}")


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their ends; a very long one comes in pieces."""
    rest = b""
    for chunk in chunks:
        pieces = (rest + chunk).splitlines(keepends=True) if b"\r" not in chunk else None
        if pieces is None:
            pieces = re.split(rb"(?<=\n)", rest + chunk)
        rest = b"" if not pieces or pieces[-1].endswith(b"\n") else pieces.pop()
        yield from (piece for piece in pieces if piece)
        if len(rest) > 1 << 20:
            yield rest
            rest = b""
    if rest:
        yield rest


FORMAT = Format(name="mbox", sniff=sniff, decode=decode, media_type="application/mbox")
