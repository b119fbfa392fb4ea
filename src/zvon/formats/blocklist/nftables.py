"""Sets for nftables: `nft -f FILE` replaces their content in one transaction.

The file only fills sets; what happens to a packet whose address is in one stays the operator's.
"""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry
from zvon.formats.blocklist.plain import heading
from zvon.formats.blocklist.stream import pieces

TABLE = "inet zvon"


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """Two sets, `<feed>4` and `<feed>6`, emptied and filled."""
    four, six = (f"{TABLE} {about.feed.replace('-', '_')}{version}" for version in "46")
    yield f"{heading(about)}\nadd table {TABLE}\n".encode()
    for name, kind in ((four, "ipv4_addr"), (six, "ipv6_addr")):
        yield (
            f"add set {name} {{ type {kind}; flags interval; auto-merge; }}\nflush set {name}\n"
        ).encode()
    yield from pieces(
        f"add element {six if ':' in entry.value else four} {{ {entry.value} }}"
        for entry in entries
    )
