"""Objects out of JSON in any of its containers: one a line, a list, or inside a known answer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from zvon.formats.json_stream import Piece, pieces
from zvon.formats.json_value import BadJson, value_of
from zvon.formats.line_stream import PIECE, blocks, lines, utf8
from zvon.model.item import Bad, Guess, Item, Options

Make = Callable[[dict[str, Any], str, Options], Item | None]

# From so many of the first bytes it is decided whether each line is a value.
HEAD = 1024 * 1024
MAX_LINE = 16 * 1024 * 1024

# Where formats keep their elements; a sample is looked at along all of them.
_KNOWN = (
    "[]", "[].Event.Attribute[]", "response[].Event.Attribute[]", "response.Attribute[]",
    "Event.Attribute[]", "Event.Object[]", "Attribute[]", "objects[]", "data[]", "hits.hits[]",
    "Event.System[]",
)  # fmt: skip
_LOOKED_AT = 50


def objects(chunks: Iterable[bytes], paths: Sequence[str] = ("[]",)) -> Iterator[Piece | Bad]:
    """Elements as `json_stream.pieces` gives them; one on each line is placed by its line.

    A line that is no JSON is `Bad`, and the next is read.
    """
    stream = blocks(utf8(chunks), HEAD)
    head = next(stream)
    everything = chain((head,), stream)
    if not _is_lines(head, {path.partition("[")[0].partition(".")[0] for path in paths}):
        yield from pieces(everything, paths)
        return
    for line in lines(everything, MAX_LINE):
        if isinstance(line, Bad):
            yield line
            continue
        number, raw = line
        try:
            yield Piece("", f"line {number}", value_of(raw), len(raw))
        except BadJson as problem:
            if not raw.isspace():
                yield Bad(f"line {number}", str(problem), raw[:PIECE])


def read_objects(
    chunks: Iterable[bytes],
    options: Options,
    make: Make,
    reason: str,
    paths: Sequence[str] = ("[]",),
) -> Iterator[Item | Bad]:
    """One item for each object by `make(object, position, options)`.

    What `make` gives none for, and what is no object, is `Bad` with `reason`. What is left of an
    answer around its list is no element, and passed over.
    """
    for piece in objects(chunks, paths):
        if isinstance(piece, Bad):
            yield piece
            continue
        item = make(piece.value, piece.position, options) if isinstance(piece.value, dict) else None
        if item is not None:
            yield item
        elif not piece.through:
            yield Bad(piece.position, reason, str(piece.value)[:PIECE].encode("utf-8", "replace"))


def guess_by(
    sample: bytes, score: int, keys: str, is_ours: Callable[[dict[str, Any]], bool]
) -> Guess | None:
    """How sure it is when the first objects are `ours`, most of them at least."""
    found = [value for _, value in sample_objects(sample)]
    ours = sum(map(is_ours, found))
    if not ours or ours * 2 < len(found):
        return None
    return Guess(score, "KEYS", {"keys": keys})


@lru_cache(maxsize=4)
def sample_objects(sample: bytes) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The first objects in the first bytes of something, each with its path; none: no JSON."""
    start = sample.lstrip(b"\xef\xbb\xbf \t\r\n\x1e")[:1]
    if start not in {b"{", b"["} and not sample.startswith((b"\xff\xfe", b"\xfe\xff", b"Record ")):
        return ()
    found = []
    for piece in objects([sample], _KNOWN):
        if isinstance(piece, Piece) and isinstance(piece.value, dict) and piece.value:
            found.append((piece.path, piece.value))
            if len(found) == _LOOKED_AT:
                break
    return tuple(found)


def _is_lines(head: bytes, names: set[str]) -> bool:
    """Whether the first line is a value of its own, and the next begins like another."""
    first, newline, more = head.lstrip(b"\r\n").partition(b"\n")
    after = more.lstrip()[:1]
    if not newline or after not in {b"{", b""} or not first.startswith(b"{"):
        return False
    try:
        value = value_of(first)
    except BadJson:
        # A damaged line among lines; a value that is written over several begins with less.
        return after == b"{" and first.rstrip().endswith(b"}")
    return isinstance(value, dict) and not names & value.keys()
