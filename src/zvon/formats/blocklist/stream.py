"""Lines into pieces of a size that is worth sending, so that no list is ever held whole."""

from collections.abc import Iterable, Iterator

PIECE = 64 * 1024


def pieces(lines: Iterable[str], end: str = "\n") -> Iterator[bytes]:
    """Join lines, each closed with `end`, into pieces of about `PIECE` octets (UTF-8)."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= PIECE:
            yield (end.join(held) + end).encode()
            held, size = [], 0
    if held:
        yield (end.join(held) + end).encode()


def separated(items: Iterable[str], separator: str = ",\n") -> Iterator[str]:
    """The items, each but the first with the separator before it."""
    before = ""
    for item in items:
        yield before + item
        before = separator
