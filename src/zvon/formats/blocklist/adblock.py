"""Filter rules of browser blockers (Adblock Plus syntax, as uBlock Origin and AdGuard read it).

`||name^` also covers the names below, so a host alone is anchored at its scheme.
"""

import re
from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry, Kind, url_parts
from zvon.formats.blocklist.plain import heading
from zvon.formats.blocklist.stream import pieces

# Everything else has a meaning in a filter: `*`, `^`, `|`, `$` (options), `#` (cosmetic), `,`.
_PLAIN = re.compile(r"[A-Za-z0-9./:_~%=&?@!+-]*")


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """Names as `||name^` (with those below) or anchored at the scheme; addresses exactly."""
    yield f"[Adblock Plus 2.0]\n{heading(about, '!')}\n".encode()
    yield from pieces(rule for entry in entries for rule in _rules(entry))


def _rules(entry: Entry) -> Iterator[str]:
    if entry.kind is Kind.NAME:
        if entry.below:
            yield f"||{entry.value}^"
        else:  # `://` cannot be reached by a name above, so nothing below is covered
            yield f"|http://{entry.value}^"
            yield f"|https://{entry.value}^"
        return
    part = url_parts(entry)
    if not _PLAIN.fullmatch(entry.value):
        yield "/^" + "".join(map(_escaped, entry.value)) + ("$/" if part.query else r"(?:\x3f|$)/")
    elif part.query is not None:
        yield f"|{entry.value}|"
    else:  # `^` would also match a slash, and with it all pages below
        yield f"|{entry.value}|"
        yield f"|{entry.value}?"


def _escaped(char: str) -> str:
    """A character of a regular expression that no filter parser can take for anything else."""
    return char if char.isalnum() else f"\\x{ord(char):02x}"
