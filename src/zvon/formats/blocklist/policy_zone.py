"""A response policy zone as text (RFC 1035 section 5; draft-vixie-dnsop-dns-rpz), for files.

Knot Resolver ignores a rule that points to a host of ours, and a rule that is ignored blocks
nothing: in its file every such rule is NXDOMAIN.
"""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry, Kind
from zvon.formats.blocklist.plain import heading
from zvon.formats.blocklist.stream import pieces
from zvon.model import prefix
from zvon.model.zone import TOP

TTL = 60
_TARGET = {"nxdomain": ".", "nodata": "*."}
_SERIALS = (1 << 32) - 1


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """The zone `<feed>.zvon` with every kind of trigger."""
    yield from _zone(entries, about, about.landing)


def encode_kresd(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """The same for Knot Resolver 5 and 6: no target but NXDOMAIN and NODATA."""
    yield from _zone(entries, about, None)


def _zone(entries: Iterable[Entry], about: About, landing: str | None) -> Iterator[bytes]:
    yield (
        f"{heading(about, ';')}\n$ORIGIN {about.feed}.{TOP}.\n$TTL {TTL}\n"
        f"@ SOA localhost. hostmaster.localhost. {about.seq % _SERIALS + 1} 60 30 604800 60\n"
        "@ NS localhost.\n"
    ).encode()
    yield from pieces(line for entry in entries for line in _rules(entry, landing))


def _rules(entry: Entry, landing: str | None) -> Iterator[str]:
    target = _TARGET.get(entry.action) or (f"{landing}." if landing else ".")
    if entry.kind is Kind.NAME:
        yield f"{entry.value} CNAME {target}"
        if entry.below:
            yield f"*.{entry.value} CNAME {target}"
    elif entry.kind is Kind.NSDNAME:
        yield f"{entry.value}.rpz-nsdname CNAME {target}"
        if entry.below:
            yield f"*.{entry.value}.rpz-nsdname CNAME {target}"
    else:
        kind = "rpz-ip" if entry.kind is Kind.IP else "rpz-nsip"
        yield f"{prefix.owner(entry.value, kind)} CNAME {target}"
