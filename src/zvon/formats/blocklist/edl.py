"""External dynamic lists of Palo Alto and Fortinet firewalls: one entry a line, nothing else.

In a list of addresses `*` and `^` are wildcards; an address that holds one would cover more than
itself and is left out.
"""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry, Kind
from zvon.formats.blocklist.stream import pieces


def encode_names(entries: Iterable[Entry], _about: About) -> Iterator[bytes]:
    """`name`, and `*.name` when the names below are meant."""
    yield from pieces(
        f"{entry.value}\n*.{entry.value}" if entry.below else entry.value for entry in entries
    )


def encode_urls(entries: Iterable[Entry], _about: About) -> Iterator[bytes]:
    """Addresses without their scheme, as both read them."""
    yield from pieces(entry.value.partition("://")[2] for entry in entries)


def encode_addresses(entries: Iterable[Entry], _about: About) -> Iterator[bytes]:
    """Prefixes."""
    yield from pieces(entry.value for entry in entries)


def exact(entry: Entry) -> bool:
    """True for an address that means itself in such a list."""
    return entry.kind is Kind.URL and not set("*^") & set(entry.value)
