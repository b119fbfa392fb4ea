"""One MISP event with an attribute for each entry (misp-standard.org core format).

The identifiers are of the same making as in `formats.misp`: event and value give the attribute's.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC
from uuid import UUID, uuid5

import msgspec

from zvon.formats.blocklist.entry import About, Entry, Kind
from zvon.formats.blocklist.stream import pieces, separated
from zvon.formats.misp import NETWORK
from zvon.model.suffix import registered


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """`{"Event": {…, "Attribute": […]}}`, as `GET /events/<uuid>.json` of a MISP feed gives it."""
    event = uuid5(about.node, f"feed {about.feed}")
    stamp = str(int(about.at.timestamp()))
    head = {
        "uuid": str(event), "info": f"zvon: {about.feed}", "date": about.at.astimezone(UTC).date().isoformat(),
        "timestamp": stamp, "publish_timestamp": stamp, "published": True, "analysis": "2",
        "threat_level_id": "2", "distribution": "0",
        "Orgc": {"uuid": str(about.node), "name": about.node_name or str(about.node)},
        "Tag": [{"name": "tlp:amber", "colour": "#ffc000"}],
    }  # fmt: skip
    yield b'{"Event":' + msgspec.json.encode(head)[:-1] + b',"Attribute":[\n'
    yield from pieces(separated(_attribute(entry, event, stamp) for entry in entries), "")
    yield b"\n]}}\n"


def _attribute(entry: Entry, event: UUID, stamp: str) -> str:
    kind = _type(entry)
    value = entry.value
    if entry.kind is Kind.IP:  # an address alone is written without its length
        value = value.removesuffix("/32").removesuffix("/128")
    at = stamp if entry.added_at is None else str(int(entry.added_at.timestamp()))
    return msgspec.json.encode({
        "uuid": str(uuid5(event, f"{kind}|{value}")), "type": kind, "category": NETWORK,
        "value": value, "to_ids": True, "comment": " ".join(filter(None, (entry.category, entry.reference))),
        "timestamp": at, "distribution": "5", "disable_correlation": False,
    }).decode()  # fmt: skip


def _type(entry: Entry) -> str:
    if entry.kind is Kind.URL:
        return "url"
    if entry.kind is Kind.IP:
        return "ip-dst"
    return "domain" if registered(entry.value) == entry.value else "hostname"
