"""Items as MISP core JSON: what came from MISP goes out as it came, the rest value by value."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

import msgspec

from zvon.formats.misp import NETWORK, TLP_COLOUR, TYPES, UNTYPED
from zvon.model.item import Item, ItemKind, Value, ValueRole
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import DERIVED, ObservableType
from zvon.model.suffix import registered

# Where an item has no identifier of its own, one follows from what it says.
NAMESPACE = UUID("6f2f3d4e-58f1-5c39-9a4e-2f6d1f0b7c11")
TITLE = "zvon export"

_T = ObservableType
# What `formats.misp` has no type for, since our own events never hold it.
_MORE: dict[ObservableType, tuple[str, str, bool]] = {
    _T.SSDEEP: ("ssdeep", "Payload delivery", True), _T.TLSH: ("tlsh", "Payload delivery", True),
    _T.IMPHASH: ("imphash", "Payload delivery", True),
    _T.JA3: ("ja3-fingerprint-md5", NETWORK, True), _T.JARM: ("jarm-fingerprint", NETWORK, True),
    _T.CWE: ("weakness", "External analysis", False),
    _T.GHSA: ("vulnerability", "External analysis", False),
    _T.FILEPATH: ("filename", "Artifacts dropped", False),
    _T.REGKEY: ("regkey", "Persistence mechanism", True),
    _T.MUTEX: ("mutex", "Artifacts dropped", True),
    _T.PIPE: ("named pipe", "Artifacts dropped", True),
    _T.SERVICE: ("windows-service-name", "Artifacts dropped", False),
    _T.USERAGENT: ("user-agent", NETWORK, False), _T.MAC: ("mac-address", NETWORK, False),
    _T.MSG_ID: ("email-message-id", "Payload delivery", True),
}  # fmt: skip


def encode(items: Iterable[Item]) -> Iterator[bytes]:
    """`{"response": [{"Event": …}, …]}`; an item of kind `event` begins the next one."""
    yield b'{"response": ['
    before = b"\n"
    number = 0

    def event_of(item: Item) -> int:
        nonlocal number
        number += item.kind is ItemKind.EVENT
        return number

    for _, group in groupby(items, event_of):
        yield before
        yield from _event(group)
        before = b",\n"
    yield b"\n]}\n"


def _event(items: Iterator[Item]) -> Iterator[bytes]:
    """One event, its attributes as they come; objects are held, for they hold theirs."""
    first = next(items)
    header = _header(first)
    own = UUID(header["uuid"])
    yield b'{"Event": ' + msgspec.json.encode(header)[:-1] + b', "Attribute": ['
    before = b"\n"
    objects: dict[UUID, dict[str, Any]] = {}
    reports = []
    rest = items if first.kind is ItemKind.EVENT else _with(first, items)
    for item in rest:
        if item.kind is ItemKind.OBJECT and _is_object(item):
            objects[item.id or uuid5(own, item.position)] = {**item.payload, "Attribute": []}
            continue
        if item.kind is ItemKind.DOCUMENT and item.text:
            reports.append(_report(item, own))
            continue
        inside = next((to for kind, to in item.links if kind == "part-of" and to in objects), None)
        for attribute in _attributes(item, own):
            if inside is not None:
                objects[inside]["Attribute"].append(attribute)
                continue
            yield before + msgspec.json.encode(attribute)
            before = b",\n"
    tail = msgspec.json.encode(
        {"Object": list(objects.values()), "EventReport": reports, "Tag": _tags(first)}
    )
    yield b"\n], " + tail[1:] + b"}"


def _with(first: Item, items: Iterator[Item]) -> Iterator[Item]:
    yield first
    yield from items


def _header(item: Item) -> dict[str, Any]:
    """The event's own members; those that are written behind its attributes are left out."""
    left_out = {"Attribute", "Object", "EventReport", "Tag"}
    known = {k: v for k, v in item.payload.items() if k not in left_out} if _is_event(item) else {}
    if "uuid" in known:
        return known
    at = item.at or datetime(1970, 1, 1, tzinfo=UTC)
    own = item.id if item.kind is ItemKind.EVENT and item.id else None
    return {
        "uuid": str(own or uuid5(NAMESPACE, f"{item.id or ''}|{item.position}|{item.title}")),
        "info": item.title or TITLE,
        "date": at.date().isoformat(),
        "timestamp": _epoch(at),
        "published": False,
        "analysis": "0",
        "threat_level_id": "4",
        "distribution": "0",
        **known,
    }


def _tags(item: Item) -> list[dict[str, str]]:
    names = [name for name in item.tags if name.lower().partition(":")[0] not in {"tlp", "pap"}]
    known = _is_event(item) and item.payload.get("Tag")
    if isinstance(known, list):
        return known
    return [*({"name": name} for name in names), *_marking(item.tlp, item.pap)]


def _marking(tlp: Tlp | None, pap: Pap | None) -> list[dict[str, str]]:
    tags = []
    if tlp is not None:
        tags.append({"name": tlp.label.lower(), "colour": TLP_COLOUR[tlp]})
    if pap is not None:
        tags.append({"name": pap.label})
    return tags


def _attributes(item: Item, event: UUID) -> Iterator[dict[str, Any]]:
    if _is_attribute(item):
        yield item.payload
        return
    for value in item.values:
        if value.observable.type not in DERIVED:
            yield _attribute(item, value, event)


def _attribute(item: Item, value: Value, event: UUID) -> dict[str, Any]:
    shape, text = value.observable.type, value.observable.value
    kind, category, acted_on = TYPES.get(shape) or _MORE.get(shape) or UNTYPED
    if shape is ObservableType.DOMAIN and registered(text) != text:
        kind = "hostname"
    attribute: dict[str, Any] = {
        "uuid": str(uuid5(item.id or event, f"{kind}|{text}")),
        "type": kind,
        "category": category,
        "value": text,
        "to_ids": acted_on and value.role is ValueRole.SAID,
        "comment": item.title if kind != "other" else f"{shape.value} {item.title}".strip(),
        "distribution": "5",
        "deleted": item.deleted,
    }
    if item.at is not None:
        attribute["timestamp"] = _epoch(item.at)
    if value.at is not None:
        attribute["last_seen"] = value.at.isoformat()
    tags = [{"name": name} for name in item.tags]
    if item.kind is not ItemKind.EVENT:
        tags += [tag for tag in _marking(item.tlp, item.pap) if tag["name"] not in item.tags]
    return attribute | ({"Tag": tags} if tags else {})


def _report(item: Item, event: UUID) -> dict[str, Any]:
    payload = item.payload if isinstance(item.payload, dict) else {}
    known = payload if "event_id" in payload or "distribution" in payload else {}
    return {
        "uuid": str(item.id or uuid5(event, f"report|{item.position}")),
        "name": item.title,
        **{key: each for key, each in known.items() if key not in {"body", "kind"}},
        "content": item.text,
    }


def _is_event(item: Item) -> bool:
    return (
        item.kind is ItemKind.EVENT and isinstance(item.payload, dict) and ("info" in item.payload)
    )


def _is_object(item: Item) -> bool:
    return isinstance(item.payload, dict) and {"name", "template_uuid"} <= item.payload.keys()


def _is_attribute(item: Item) -> bool:
    return isinstance(item.payload, dict) and {"type", "value", "category"} <= item.payload.keys()


def _epoch(at: datetime) -> str:
    return str(int(at.timestamp()))
