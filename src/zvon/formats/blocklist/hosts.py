"""A hosts file (hosts(5)): each name at the address of nobody, in both families.

It cannot speak for names below another, so it blocks exactly what it lists.
"""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry
from zvon.formats.blocklist.plain import heading
from zvon.formats.blocklist.stream import pieces


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """Two lines for each name: `0.0.0.0 name` and `:: name`."""
    yield f"{heading(about)}\n".encode()
    yield from pieces(f"0.0.0.0 {entry.value}\n:: {entry.value}" for entry in entries)
