"""Lines of text out of a stream, each an item of its own: what all such formats share."""

from collections.abc import Callable, Iterable, Iterator

from zvon.formats.charset import text_of
from zvon.formats.line_stream import MAX_LINE, PIECE, lines
from zvon.model.item import Bad, Guess, Item, Options

Read = Callable[[str, str, Options], Item | None]

# So many lines of the first bytes are looked at, and this share of them decides.
_LOOKED_AT = 100
_MOST = 0.6


def read_lines(
    chunks: Iterable[bytes], options: Options, read: Read, reason: str
) -> Iterator[Item | Bad]:
    """One item for each line by `read(line, position, options)`; none of it is `Bad`."""
    for line in lines(chunks, MAX_LINE):
        if isinstance(line, Bad):
            yield line
            continue
        number, raw = line
        if raw.isspace():
            continue
        item = read(line_text(raw), f"line {number}", options)
        yield Bad(f"line {number}", reason, raw[:PIECE]) if item is None else item


def line_text(raw: bytes) -> str:
    """The characters of a line; what no text may hold becomes U+FFFD."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = text_of(raw)[0]
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def sample_lines(sample: bytes) -> list[str]:
    """The first lines of the first bytes, without empty ones and without one that is cut off."""
    pieces = sample.split(b"\n")
    whole = pieces[:-1] if len(pieces) > 1 else pieces
    kept = [piece for piece in whole if piece.strip()]
    return [line_text(piece.rstrip(b"\r")) for piece in kept[:_LOOKED_AT]]


def guess_by_lines(sample: bytes, score: int, is_ours: Callable[[str], bool]) -> Guess | None:
    """How sure it is by the share of the first lines that are ours."""
    found = sample_lines(sample)
    matched = sum(map(is_ours, found))
    if not found or matched < _MOST * len(found):
        return None
    return Guess(
        round(score * matched / len(found)), "LINES", {"matched": matched, "of": len(found)}
    )
