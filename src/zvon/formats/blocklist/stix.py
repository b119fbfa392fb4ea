"""A STIX 2.1 bundle: who says it, and an indicator for each entry (OASIS STIX 2.1, 4.7).

Identifiers follow from the node and the value, so that the same entry is the same object in
every edition of the list.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import uuid5

import msgspec

from zvon.formats.blocklist.entry import About, Entry, Kind
from zvon.formats.blocklist.stream import pieces, separated


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """The bundle, one object a line."""
    yield f'{{"type":"bundle","id":"bundle--{uuid5(about.node, f"{about.feed} {about.seq}")}",'.encode()
    yield b'"objects":[\n'
    yield from pieces(separated(_objects(entries, about)), "")
    yield b"\n]}\n"


def _objects(entries: Iterable[Entry], about: About) -> Iterator[str]:
    maker = f"identity--{uuid5(about.node, 'identity')}"
    start = _instant(about.at)
    yield _text({
        "type": "identity", "spec_version": "2.1", "id": maker, "created": start,
        "modified": start, "name": about.node_name or str(about.node),
        "identity_class": "organization",
    })  # fmt: skip
    for entry in entries:
        yield _indicator(entry, about, maker)


def _indicator(entry: Entry, about: About, maker: str) -> str:
    since = _instant(entry.added_at or about.at)
    found = {
        "type": "indicator", "spec_version": "2.1",
        "id": f"indicator--{uuid5(about.node, f'{entry.kind}|{entry.value}')}",
        "created_by_ref": maker, "created": since, "modified": since,
        "name": entry.reference or entry.value, "indicator_types": ["malicious-activity"],
        "pattern": pattern(entry), "pattern_type": "stix", "pattern_version": "2.1",
        "valid_from": since,
    }  # fmt: skip
    if entry.category:
        found["labels"] = [entry.category]
    if entry.expires_at is not None and (entry.added_at or about.at) < entry.expires_at:
        found["valid_until"] = _instant(entry.expires_at)
    return _text(found)


def pattern(entry: Entry) -> str:
    """The STIX pattern that an observation of the entry fulfils (STIX 2.1, 9.2)."""
    value = entry.value.replace("\\", "\\\\").replace("'", "\\'")
    if entry.kind is Kind.URL:
        return f"[url:value = '{value}']"
    if entry.kind is Kind.IP:
        return f"[ipv{6 if ':' in value else 4}-addr:value = '{value}']"
    if entry.below:
        below = value.replace(".", "\\\\.")
        return f"[domain-name:value = '{value}' OR domain-name:value MATCHES '\\\\.{below}$']"
    return f"[domain-name:value = '{value}']"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
