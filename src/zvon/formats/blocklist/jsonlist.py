"""One JSON document: the list's heading and its entries, one a line."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from zvon.formats.blocklist.entry import About, Entry
from zvon.formats.blocklist.stream import pieces, separated
from zvon.formats.blocklist.table import instant


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """`{"feed", "change", "changed_at", "entries": […]}`."""
    yield (_head(about) + '"entries":[\n').encode()
    yield from pieces(separated(map(_entry, entries)), "")
    yield b"\n]}\n"


def difference(added: Iterable[Entry], removed: Iterable[str], about: About) -> Iterator[bytes]:
    """`{"feed", "change", "changed_at", "removed": [values], "added": [entries]}`."""
    yield (_head(about) + '"removed":[\n').encode()
    yield from pieces(separated(map(_text, removed)), "")
    yield b'\n],"added":[\n'
    yield from pieces(separated(map(_entry, added)), "")
    yield b"\n]}\n"


def _head(about: About) -> str:
    return f'{{"feed":{_text(about.feed)},"change":{about.seq},"changed_at":"{instant(about.at)}",'


def _entry(entry: Entry) -> str:
    return _text({
        "kind": entry.kind, "value": entry.value, "scope": entry.scope, "action": entry.action,
        "category": entry.category, "added_at": instant(entry.added_at) or None,
        "expires_at": instant(entry.expires_at) or None, "reference": entry.reference,
        "reason": entry.reason,
    })  # fmt: skip


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
