"""Configuration of dnsmasq: `conf-file=` reads it.

`local=/name/` answers NXDOMAIN for the name and all below it; a host alone becomes a
`host-record`, because every other option of dnsmasq covers the names below as well.
"""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry
from zvon.formats.blocklist.plain import heading
from zvon.formats.blocklist.stream import pieces


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """One option for each name."""
    yield f"{heading(about)}\n".encode()
    yield from pieces(
        f"local=/{entry.value}/" if entry.below else f"host-record={entry.value},0.0.0.0,::"
        for entry in entries
    )
