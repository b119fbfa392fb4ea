"""MISP core JSON: events, answers with `response`, lists of attributes, feeds (core format 2.4)."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from msgspec.structs import replace

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, SAID, Found
from zvon.formats.intel.misp_type import PROSE, take
from zvon.formats.intel.misp_write import encode
from zvon.formats.json_field import items, text, true, uuid
from zvon.formats.json_objects import objects, sample_objects
from zvon.formats.json_stream import Piece
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.marking import Pap, Tlp, parse_pap, parse_tlp

# An event is held until its header is complete; of a larger one the parts go on before that.
MAX_HELD = 16 * 1024 * 1024
# MISP writes the tags of an event behind its attributes: until they are read, the strictest holds.
UNTIL_KNOWN = Tlp.RED

Marking = TypeVar("Marking", Tlp, Pap)

_EVENTS = ("response[].Event", "[].Event", "Event", "response.Event")
_PATHS = (
    *(f"{event}.{part}[]" for event in _EVENTS for part in ("Attribute", "Object")),
    "response.Attribute[]", "Attribute[]", "Object[]", "[]",
)  # fmt: skip


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """Events, then their objects and attributes; attributes of a list each by itself."""
    held: list[Piece] = []
    size = 0
    for piece in objects(chunks, _PATHS):
        if isinstance(piece, Bad):
            yield piece
        elif (
            piece.path.endswith(("Attribute[]", "Object[]"))
            and piece.path != "response.Attribute[]"
        ):
            held.append(piece)
            size += piece.size
            if size > MAX_HELD:
                event = piece.above[-1]
                yield from _parts(held, event, options, complete=False)
                held, size = [], 0
        elif piece.path.endswith("Event") or _is_event(piece.value):
            event = piece.value
            yield from _event(event, piece.position, options)
            yield from _parts(held, event, options, complete=True)
            held, size = [], 0
        else:
            if held:  # `{"Attribute": […]}` without a header
                yield from _parts(held, {}, options, complete=True)
                held, size = [], 0
            yield from _alone(piece, options)
    if held:
        yield from _parts(held, {}, options, complete=True)


def sniff(sample: bytes, name: str) -> Guess | None:
    """An event or an attribute by its own keys; the manifest of a feed by those of its entries."""
    for path, found in sample_objects(sample):
        if path.endswith("Event") and {"uuid", "info"} & found.keys():
            return Guess(97, "KEYS", {"keys": "Event"})
        if path.endswith("Attribute[]") and {"type", "value"} <= found.keys():
            return Guess(96, "KEYS", {"keys": "Attribute, type, value"})
        if {"type", "value", "category", "to_ids"} <= found.keys():
            return Guess(95, "KEYS", {"keys": "type, value, category, to_ids"})
        if path == "response[]" and {"Object", "Attribute"} & found.keys():
            return Guess(95, "KEYS", {"keys": "response, Object"})
        if _is_event(found) or _is_manifest(found):
            return Guess(95, "KEYS", {"keys": "info, Orgc, threat_level_id"})
    return None


def _alone(piece: Piece, options: Options) -> Iterator[Item | Bad]:
    """Something at the top: an attribute, a wrapped event, the manifest of a feed, or an envelope."""
    value = piece.value
    if not isinstance(value, dict):
        yield Bad(piece.position, "This is no MISP event or attribute.")
    elif {"type", "value"} <= value.keys():
        yield _attribute(value, piece.position, options, _Event({}))
    elif isinstance(value.get("Object"), dict):
        around = _Event({})
        yield from _object(value["Object"], f"{piece.position}.Object", options, around)
    elif isinstance(value.get("Attribute"), dict):
        around = _Event({})
        yield _attribute(value["Attribute"], f"{piece.position}.Attribute", options, around)
    elif isinstance(value.get("Event"), dict):
        yield from _whole(value["Event"], f"{piece.position}.Event", options)
    elif _is_manifest(value):
        for key, entry in value.items():
            if isinstance(entry, dict):
                yield from _event({"uuid": key, **entry}, f"{piece.position}.{key}", options)
    elif not piece.through and value:
        yield Bad(piece.position, "This is no MISP event or attribute.", str(value)[:4096].encode())


def _whole(event: dict[str, Any], position: str, options: Options) -> Iterator[Item | Bad]:
    parts = [
        Piece(f"Event.{name}[]", f"{position}.{name}[{n}]", each, 0)
        for name in ("Attribute", "Object")
        for n, each in enumerate(items(event.get(name)))
    ]
    header = {key: each for key, each in event.items() if key not in {"Attribute", "Object"}}
    yield from _event(header, position, options)
    yield from _parts(parts, header, options, complete=True)


class _Event:
    """What the parts of an event take from it."""

    __slots__ = ("pap", "tlp", "uuid")

    def __init__(self, event: dict[str, Any]) -> None:
        self.uuid = uuid(event.get("uuid"))
        self.tlp, self.pap = markings(tag_names(event))


def _event(event: dict[str, Any], position: str, options: Options) -> Iterator[Item | Bad]:
    tags = tag_names(event)
    tlp, pap = markings(tags)
    own = uuid(event.get("uuid"))
    at, clock = read_time(event.get("date") or event.get("timestamp"), options)
    extended = uuid(event.get("extends_uuid"))
    yield Item(
        kind=ItemKind.EVENT, position=position, payload=event, id=own, at=at,
        title=text(event.get("info")), tags=(*tags, *clock), tlp=tlp, pap=pap,
        deleted=true(event.get("deleted")),
        links=(("extends", extended),) if extended else (),
    )  # fmt: skip
    for n, report in enumerate(items(event.get("EventReport"))):
        if isinstance(report, dict):
            yield Item(
                kind=ItemKind.DOCUMENT, position=f"{position}.EventReport[{n}]",
                payload={key: each for key, each in report.items() if key != "content"},
                id=uuid(report.get("uuid")), container=own, title=text(report.get("name")),
                text=text(report.get("content")), at=read_time(report.get("timestamp"), options)[0],
                tlp=tlp, pap=pap, deleted=true(report.get("deleted")),
            )  # fmt: skip


def _parts(
    parts: list[Piece], event: dict[str, Any], options: Options, *, complete: bool
) -> Iterator[Item | Bad]:
    around = _Event(event)
    if not complete and "Tag" not in event:
        around.tlp = UNTIL_KNOWN
    for piece in parts:
        value = piece.value
        if not isinstance(value, dict):
            yield Bad(piece.position, "This is no MISP attribute or object.")
        elif piece.path.endswith("Object[]"):
            yield from _object(value, piece.position, options, around)
        else:
            yield _attribute(value, piece.position, options, around)


def _object(
    value: dict[str, Any], position: str, options: Options, event: _Event
) -> Iterator[Item | Bad]:
    own = uuid(value.get("uuid"))
    links = [
        (text(each.get("relationship_type")) or "related-to", target)
        for each in items(value.get("ObjectReference"))
        if isinstance(each, dict) and (target := uuid(each.get("referenced_uuid")))
    ]
    at, clock = _time(value, options)
    yield Item(
        kind=ItemKind.OBJECT, position=position, id=own, container=event.uuid, at=at,
        payload={key: each for key, each in value.items() if key != "Attribute"},
        title=text(value.get("name")), text=text(value.get("comment")), tags=clock,
        links=tuple(links), tlp=event.tlp, pap=event.pap, deleted=true(value.get("deleted")),
    )  # fmt: skip
    for n, each in enumerate(items(value.get("Attribute"))):
        where = f"{position}.Attribute[{n}]"
        if not isinstance(each, dict):
            yield Bad(where, "This is no MISP attribute.")
            continue
        item = _attribute(each, where, options, event)
        yield replace(item, links=(("part-of", own),)) if own else item


def _attribute(value: dict[str, Any], position: str, options: Options, event: _Event) -> Item:
    kind, content = value.get("type"), value.get("value")
    at, clock = _time(value, options)
    span = value.get("last_seen") or value.get("first_seen")
    seen = read_time(span, options)[0] if span else None
    found = Found(options.region, seen)
    if isinstance(kind, str) and isinstance(content, str):
        take(found, kind, content, SAID if true(value.get("to_ids")) else NAMED)
    tlp, pap = event.tlp, event.pap
    tags: tuple[str, ...] = ()
    if "Tag" in value:
        tags = tag_names(value)
        own_tlp, own_pap = markings(tags)
        tlp, pap = stricter(own_tlp, tlp), stricter(own_pap, pap)
    return Item(
        kind=ItemKind.INDICATOR if found else ItemKind.OBJECT,
        position=position, payload=value, values=found.values(), at=seen or at,
        id=uuid(value.get("uuid")), container=event.uuid or uuid(value.get("event_uuid")),
        title=text(value.get("object_relation") or kind),
        text=text(content) if kind in PROSE else text(value.get("comment")),
        tags=(*tags, *clock), tlp=tlp, pap=pap, deleted=true(value.get("deleted")),
    )  # fmt: skip


def tag_names(value: dict[str, Any]) -> tuple[str, ...]:
    """The names of the tags; MISP writes objects, some tools only the names."""
    names = []
    for tag in items(value.get("Tag")):
        name = tag.get("name") if isinstance(tag, dict) else tag
        if isinstance(name, str) and name:
            names.append(name)
    return tuple(names)


def markings(tags: Iterable[str]) -> tuple[Tlp | None, Pap | None]:
    """The strictest of the `tlp:` tags and of the `PAP:` tags."""
    tlp: Tlp | None = None
    pap: Pap | None = None
    for tag in tags:
        word = tag.lower()
        if word.startswith("tlp:"):
            tlp = stricter(tlp, parse_tlp(tag))
        elif word.startswith("pap:"):
            pap = stricter(pap, parse_pap(tag))
    return tlp, pap


def stricter(one: Marking | None, other: Marking | None) -> Marking | None:
    """The stricter of two markings, where there is one at all."""
    return other if one is None else one if other is None else max(one, other)


def _time(value: dict[str, Any], options: Options) -> tuple[Any, tuple[str, ...]]:
    return read_time(value.get("timestamp"), options)


def _is_event(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and "info" in value
        and bool({"Orgc", "threat_level_id", "analysis", "publish_timestamp"} & value.keys())
    )


def _is_manifest(value: dict[str, Any]) -> bool:
    """A feed's `manifest.json`: entries by the uuid of their events."""
    first = next(iter(value.items()), None)
    return (
        first is not None
        and uuid(first[0]) is not None
        and isinstance(first[1], dict)
        and ("info" in first[1])
    )


FORMAT = Format(
    name="misp", sniff=sniff, decode=decode, encode=encode, media_type="application/json"
)
