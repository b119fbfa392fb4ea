"""IDEA0 events of Warden and Mentat (CESNET, Intrusion Detection Extensible Alert)."""

from collections.abc import Iterable, Iterator
from typing import Any

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, SAID, Found
from zvon.formats.json_field import objects_in, text, texts, uuid
from zvon.formats.json_objects import guess_by, read_objects
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options, ValueRole
from zvon.model.observable import ObservableType

_T = ObservableType

_TIMES = ("EventTime", "WinStartTime", "DetectTime", "CreateTime")


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One alert for each event, known by its `ID`."""
    reason = "This is no IDEA event: its `Format` is not IDEA0."
    return read_objects(chunks, options, _item, reason)


def sniff(sample: bytes, name: str) -> Guess | None:
    """`Format` says it."""
    return guess_by(sample, 98, "Format: IDEA0", _is_event)


def _is_event(value: dict[str, Any]) -> bool:
    return text(value.get("Format")).startswith("IDEA")


def _item(value: dict[str, Any], position: str, options: Options) -> Item | None:
    if not _is_event(value):
        return None
    said = next((value[each] for each in _TIMES if value.get(each)), None)
    at, clock = read_time(said, options)
    categories = texts(value.get("Category"))
    found = Found(options.region, at)
    # What is vulnerable is no attacker, although IDEA calls it the source.
    accused = NAMED if all(each.startswith("Vulnerable") for each in categories) else SAID
    for source in objects_in(value.get("Source")):
        _end(source, found, accused)
    for target in objects_in(value.get("Target")):
        _end(target, found, NAMED)
    for attached in objects_in(value.get("Attach")):
        for written in texts(attached.get("Hash")):
            found.hash(written.rpartition(":")[2])
        found.add(_T.FILENAME, attached.get("FileName"))
        found.add(_T.URL, attached.get("ExternalURI"), NAMED)
    for reference in texts(value.get("Ref")):
        found.add(_T.CVE, reference.removeprefix("cve:"), NAMED)
    return Item(
        kind=ItemKind.ALERT, position=position, payload=value, values=found.values(), at=at,
        id=uuid(value.get("ID")), title=text(value.get("Description")) or ", ".join(categories),
        text=text(value.get("Note")), tags=(*dict.fromkeys(categories), *clock),
    )  # fmt: skip


def _end(end: dict[str, Any], found: Found, role: ValueRole) -> None:
    found.address(_ranges(end.get("IP4")) + _ranges(end.get("IP6")), role)
    found.host(end.get("Hostname"), role)
    found.add(_T.URL, end.get("URL"), role)
    found.add(_T.EMAIL, end.get("Email"), role)
    found.add(_T.MAC, end.get("MAC"), NAMED)
    found.add(_T.USERNAME, end.get("UserName"), NAMED)
    found.add(_T.ASN, [asn.upper() for asn in texts(end.get("ASN"))], NAMED)


def _ranges(value: Any) -> list[str]:
    """Addresses; a range `first-last` is named by its two ends."""
    return [end.strip() for each in texts(value) for end in each.split("-", 1)]


FORMAT = Format(name="idea", sniff=sniff, decode=decode, media_type="application/json")
