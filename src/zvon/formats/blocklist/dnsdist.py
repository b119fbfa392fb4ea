"""Rules of dnsdist 1.7 and later (Lua): `includeDirectory` or `dofile` reads them."""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry
from zvon.formats.blocklist.plain import heading
from zvon.formats.blocklist.stream import pieces


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """Two sets of names, with and without those below, and one action for each."""
    yield (
        f"{heading(about, '--')}\n"
        "local below = newSuffixMatchNode()\nlocal exact = newDNSNameSet()\n"
    ).encode()
    yield from pieces(
        f'below:add("{entry.value}")' if entry.below else f'exact:add(newDNSName("{entry.value}"))'
        for entry in entries
    )
    yield (
        b"addAction(SuffixMatchNodeRule(below), RCodeAction(DNSRCode.NXDOMAIN))\n"
        b"addAction(QNameSetRule(exact), RCodeAction(DNSRCode.NXDOMAIN))\n"
    )
