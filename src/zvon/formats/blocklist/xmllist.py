"""XML 1.0: one element `entry` for each, its value as text, the rest as attributes."""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry
from zvon.formats.blocklist.stream import pieces
from zvon.formats.blocklist.table import instant

_MEANT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """`<blocklist feed change changedAt><entry kind …>value</entry>…</blocklist>`."""
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<blocklist feed="{_text(about.feed)}" change="{about.seq}"'
        f' changedAt="{instant(about.at)}">\n'
    ).encode()
    yield from pieces(map(_entry, entries))
    yield b"</blocklist>\n"


def _entry(entry: Entry) -> str:
    known = {"kind": entry.kind.value, "scope": entry.scope.value, "action": entry.action,
             "category": entry.category, "addedAt": instant(entry.added_at),
             "expiresAt": instant(entry.expires_at), "reference": entry.reference,
             "reason": entry.reason}  # fmt: skip
    attributes = "".join(f' {key}="{_text(value)}"' for key, value in known.items() if value)
    return f"<entry{attributes}>{_text(entry.value)}</entry>"


def _text(text: str) -> str:
    return text.translate(_MEANT)
