"""Items as a STIX 2.1 bundle: what came from STIX goes out as it came, the rest value by value."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from zvon.formats.intel.stix_marking import KNOWN, TLP2, definition
from zvon.model.item import Item, Value, ValueRole
from zvon.model.marking import Tlp
from zvon.model.observable import DERIVED, Observable, ObservableType

NAMESPACE = UUID("8b9c3c0e-2b1d-5e0b-8a52-3a5d4f1c9e77")

_T = ObservableType
# The property that a pattern compares, and the object that states the value; none: a name of ours.
_PATHS: dict[ObservableType, str] = {
    _T.URL: "url:value", _T.DOMAIN: "domain-name:value", _T.EMAIL: "email-addr:value",
    _T.IPV4: "ipv4-addr:value", _T.IPV6: "ipv6-addr:value", _T.MAC: "mac-addr:value",
    _T.MD5: "file:hashes.MD5", _T.SHA1: "file:hashes.'SHA-1'", _T.SHA256: "file:hashes.'SHA-256'",
    _T.SHA512: "file:hashes.'SHA-512'", _T.SSDEEP: "file:hashes.SSDEEP",
    _T.TLSH: "file:hashes.TLSH", _T.IMPHASH: "file:hashes.IMPHASH", _T.FILENAME: "file:name",
    _T.FILEPATH: "directory:path", _T.REGKEY: "windows-registry-key:key", _T.MUTEX: "mutex:name",
    _T.USERNAME: "user-account:user_id", _T.MSG_ID: "email-message:message_id",
    _T.WALLET: "cryptocurrency-wallet:value", _T.PHONE: "phone-number:value",
    _T.HOSTNAME: "hostname:value", _T.USERAGENT: "user-agent:value", _T.IBAN: "bank-account:iban",
}  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode(items: Iterable[Item]) -> Iterator[bytes]:
    """The bundle, one object a line; markings that are used stand at its end."""
    used: set[Tlp] = set()
    written: set[str] = set()
    yield f'{{"type":"bundle","id":"bundle--{uuid5(NAMESPACE, "bundle")}","objects":['.encode()
    before = b"\n"
    for item in items:
        for each in _objects(item):
            if item.tlp is not None and TLP2[item.tlp] in each.get("object_marking_refs", ()):
                used.add(item.tlp)
            if each["type"] == "marking-definition":
                written.add(each["id"])
            yield before + msgspec.json.encode(each)
            before = b",\n"
    for tlp in sorted(used):
        if TLP2[tlp] not in written:
            yield before + msgspec.json.encode(definition(tlp))
            before = b",\n"
    yield b"\n]}\n"


def pattern(observable: Observable) -> str | None:
    """The pattern that an observation of the value fulfils; none where STIX has no property."""
    value = observable.value.replace("\\", "\\\\").replace("'", "\\'")
    if observable.type is ObservableType.CIDR:
        return f"[ipv{6 if ':' in value else 4}-addr:value ISSUBSET '{value}']"
    if observable.type is ObservableType.ASN:
        return f"[autonomous-system:number = {value.removeprefix('AS')}]"
    path = _PATHS.get(observable.type)
    return None if path is None else f"[{path} = '{value}']"


def _objects(item: Item) -> Iterator[dict[str, Any]]:
    if _is_stix(item.payload):
        yield _lifted(item.payload)
        return
    for value in item.values:
        if value.role is ValueRole.SAID and value.observable.type not in DERIVED:
            yield _indicator(item, value)


def _indicator(item: Item, value: Value) -> dict[str, Any]:
    kind, text = value.observable.type, value.observable.value
    at = _instant(item.at or EPOCH)
    compared = pattern(value.observable)
    found: dict[str, Any] = {
        "type": "indicator", "spec_version": "2.1",
        "id": f"indicator--{uuid5(item.id or NAMESPACE, f'{kind}|{text}')}",
        "created": at, "modified": at, "valid_from": at, "name": item.title or text,
        "pattern": compared or f"[x-zvon-{kind.replace('_', '-')}:value = '{_quoted(text)}']",
        "pattern_type": "stix", "pattern_version": "2.1",
        "indicator_types": ["malicious-activity"],
    }  # fmt: skip
    if item.text:
        found["description"] = item.text
    if item.tags:
        found["labels"] = list(item.tags)
    if item.tlp is not None:
        found["object_marking_refs"] = [TLP2[item.tlp]]
    if item.deleted:
        found["revoked"] = True
    return found


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _lifted(value: dict[str, Any]) -> dict[str, Any]:
    """An object of STIX 2.0 in the form of 2.1; one of 2.1 as it is."""
    if "spec_version" in value:
        return value
    lifted: dict[str, Any] = {"type": value["type"], "spec_version": "2.1", **value}
    if value["type"] == "indicator":
        lifted.setdefault("pattern_type", "stix")
        if "labels" in value:
            lifted.setdefault("indicator_types", value["labels"])
    elif value["type"] in {"malware", "tool"} and "labels" in value:
        lifted.setdefault(f"{value['type']}_types", value["labels"])
        if value["type"] == "malware":
            lifted.setdefault("is_family", True)
    elif value["type"] == "marking-definition" and value["id"] not in KNOWN:
        lifted.setdefault("name", value.get("definition_type", "marking"))
    return lifted


def _is_stix(payload: Any) -> bool:
    if not isinstance(payload, dict):
        return False
    kind, own = payload.get("type"), payload.get("id")
    return isinstance(kind, str) and isinstance(own, str) and own.startswith(f"{kind}--")


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
