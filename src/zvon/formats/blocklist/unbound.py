"""Local zones of Unbound, for a resolver that takes no policy zones: `include:` reads it.

A local zone speaks for all names below it. A host alone is therefore a transparent zone with
data of its own: its name gets the address of nobody, the names below are resolved as always.
"""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry
from zvon.formats.blocklist.plain import heading
from zvon.formats.blocklist.stream import pieces

_TYPE = {"nodata": "always_nodata"}


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """A `server:` clause with a local zone for each name."""
    yield f"{heading(about)}\nserver:\n".encode()
    yield from pieces(map(_zone, entries))


def _zone(entry: Entry) -> str:
    name = entry.value
    if entry.below:
        return f'local-zone: "{name}." {_TYPE.get(entry.action, "always_nxdomain")}'
    return (
        f'local-zone: "{name}." transparent\n'
        f'local-data: "{name}. 60 IN A 0.0.0.0"\n'
        f'local-data: "{name}. 60 IN AAAA ::"'
    )
