"""Files for `acl` lines of Squid: `acl zvon dstdomain "FILE"`, `acl zvonu url_regex "FILE"`.

Squid sees the path of an address only where it opens TLS; a rule for an address never matches
the bare `CONNECT host:443`, so that no page can cost its whole host.
"""

import re
from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry, url_parts
from zvon.formats.blocklist.plain import heading
from zvon.formats.blocklist.stream import pieces

# POSIX extended regular expressions (IEEE 1003.1, 9.4.3).
_SPECIAL = re.compile(r"([.\[\]\\()*+?{}|^$])")


def encode_names(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """`.name` also matches the names below, `name` only itself."""
    yield f"{heading(about)}\n".encode()
    yield from pieces(f".{entry.value}" if entry.below else entry.value for entry in entries)


def encode_urls(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """One anchored expression for each address."""
    yield f"{heading(about)}\n".encode()
    yield from pieces(map(expression, entries))


def expression(entry: Entry) -> str:
    """The expression that matches this address; with any query when it has none itself."""
    rest = "$" if url_parts(entry).query is not None else r"(\?.*)?$"
    return "^" + _SPECIAL.sub(r"\\\1", entry.value) + rest
