"""Datasets and rules of Suricata 6 and later.

A dataset of strings holds base64, one a line, and matches a whole buffer; what lies below a name
needs a rule of its own. No value is ever written into a rule as it is.
"""

import base64
import zlib
from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry, Kind, url_parts
from zvon.formats.blocklist.plain import heading
from zvon.formats.blocklist.stream import pieces

# Numbers above three million are left to local rules by the known rule sets.
FIRST_SID, SIDS = 7_000_000, 1_000_000
NAMES = "zvon-domains.lst"


def encode_names(entries: Iterable[Entry], _about: About) -> Iterator[bytes]:
    """The dataset of names: `type string`, base64."""
    yield from pieces(base64.b64encode(entry.value.encode()).decode() for entry in entries)


def encode_urls(entries: Iterable[Entry], _about: About) -> Iterator[bytes]:
    """The dataset of whole addresses, for `http.uri.raw` of requests to a proxy."""
    yield from pieces(base64.b64encode(entry.value.encode()).decode() for entry in entries)


def encode_rules(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """Rules that ask the dataset of names, and one for each scope or address beyond it."""
    taken = {FIRST_SID, FIRST_SID + 1, FIRST_SID + 2}
    yield f"{heading(about)}\n".encode()
    ask = f"dataset:isset,zvon-{about.feed},type string,load {NAMES}"
    yield from pieces(
        f'alert {protocol} any any -> any any (msg:"zvon {about.feed}: listed name"; {buffer}; '
        f"{ask}; sid:{FIRST_SID + n}; rev:1;)"
        for n, (protocol, buffer) in enumerate(
            (("dns", "dns.query"), ("tls", "tls.sni"), ("http", "http.host"))
        )
    )
    yield from pieces(rule for entry in entries for rule in _rules(entry, about, taken))


def _rules(entry: Entry, about: About, taken: set[int]) -> Iterator[str]:
    if entry.kind is Kind.NAME:
        if entry.below:
            yield (
                f'alert dns any any -> any any (msg:"zvon {about.feed}: below a listed name"; '
                f'dns.query; dotprefix; content:"{_content("." + entry.value)}"; nocase; endswith; '
                f"sid:{_sid(entry, taken)}; rev:1;)"
            )
        return
    part = url_parts(entry)
    # With a port of its own the host is asked as it was sent; without, in its normal form.
    buffer = "http.host.raw" if part.port else "http.host"
    if part.query is None:  # the page with any query: what follows the path is its end or a `?`
        path = part.path
        rest = f'startswith; pcre:"/^.{{{len(path)}}}(?:\\x3f|$)/"'
    else:
        path, rest = f"{part.path}?{part.query}", "startswith; endswith"
    yield (
        f'alert http any any -> any any (msg:"zvon {about.feed}: listed address"; {buffer}; '
        f'content:"{_content(part.host + part.port)}"; startswith; endswith; http.uri.raw; '
        f'content:"{_content(path)}"; {rest}; sid:{_sid(entry, taken)}; rev:1;)'
    )


def _content(text: str) -> str:
    """Text of a `content`: letters, digits and dots as they are, all else as hexadecimal."""
    return "".join(c if c.isalnum() or c == "." else f"|{ord(c):02x}|" for c in text)


def _sid(entry: Entry, taken: set[int]) -> int:
    """The same number for the same value in every list, unless two fall on one."""
    sid = FIRST_SID + zlib.crc32(entry.value.encode()) % SIDS
    while sid in taken:
        sid += 1
    taken.add(sid)
    return sid
