"""One value a line, as people and small scripts read it; the difference with + and - before it."""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry
from zvon.formats.blocklist.stream import pieces
from zvon.formats.blocklist.table import instant


def heading(about: About, sign: str = "#") -> str:
    """The comment above a list: which one, and up to which change it is complete."""
    return f"{sign} zvon feed {about.feed}, change {about.seq}, {instant(about.at)}"


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """Names, addresses and prefixes, one a line, under a `#` line."""
    yield f"{heading(about)}\n".encode()
    yield from pieces(entry.value for entry in entries)


def difference(added: Iterable[Entry], removed: Iterable[str], about: About) -> Iterator[bytes]:
    """`-value` for what ended, then `+value` for what came or changed."""
    yield f"{heading(about)}\n".encode()
    yield from pieces(f"-{value}" for value in removed)
    yield from pieces(f"+{entry.value}" for entry in added)
