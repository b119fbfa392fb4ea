"""STIX 2.0 and 2.1: bundles, envelopes of TAXII (`objects`), objects one a line (OASIS STIX 2.1)."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, SAID, Found
from zvon.formats.intel.misp_type import take_rules
from zvon.formats.intel.stix_marking import KNOWN, defined, tlp_of
from zvon.formats.intel.stix_pattern import BadPattern, comparisons
from zvon.formats.intel.stix_value import take_object, take_observed, take_path
from zvon.formats.intel.stix_write import encode
from zvon.formats.json_field import objects_in, text, texts, true
from zvon.formats.json_objects import objects, sample_objects
from zvon.formats.line_stream import PIECE
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.marking import Tlp
from zvon.model.observable import ObservableType

# Objects of different types may share the UUID in their identifiers; the whole of it is theirs.
NAMESPACE = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")

_EVENTS = frozenset({"report", "grouping", "incident"})
# The time that an object is about, the first that it has.
_TIMES = ("last_observed", "last_seen", "valid_from", "published", "modified", "created")
_ENVELOPE = frozenset({"type", "id", "spec_version", "objects", "more", "next"})
# Other bundles use the attribute `labels` for what the object is.
_TAGS = ("labels", "indicator_types", "malware_types", "threat_actor_types", "report_types")


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One item for each object; a relationship is an object with links to both of its ends."""
    levels = dict(KNOWN)
    for piece in objects(chunks, ("objects[]", "[]")):
        if isinstance(piece, Bad):
            yield piece
        elif _is_object(piece.value):
            if piece.value["type"] == "marking-definition" and (tlp := defined(piece.value)):
                levels[piece.value["id"]] = max(tlp, levels.get(piece.value["id"], tlp))
            yield _item(piece.value, piece.position, options, levels)
        elif not piece.through and (piece.path or not _is_envelope(piece.value)):
            said = str(piece.value)[:PIECE].encode("utf-8", "replace")
            yield Bad(piece.position, "This is no STIX object: it has no `type` and `id`.", said)


def sniff(sample: bytes, name: str) -> Guess | None:
    """A bundle by its `type`, an object by the form of its `id`."""
    for path, found in sample_objects(sample):
        if path == "objects[]" and _is_object(found):
            return Guess(97, "KEYS", {"keys": "objects, type, id"})
        if found.get("type") == "bundle" and text(found.get("id")).startswith("bundle--"):
            return Guess(97, "KEYS", {"keys": "type: bundle"})
        if _is_object(found) and {"spec_version", "created"} & found.keys():
            return Guess(95, "KEYS", {"keys": "type, id, spec_version"})
    return None


@lru_cache(maxsize=4096)
def identity(reference: str) -> UUID:
    """The identifier of the item that an object with this STIX id becomes."""
    return uuid5(NAMESPACE, reference)


def _item(value: dict[str, Any], position: str, options: Options, levels: dict[str, Tlp]) -> Item:
    kind = value["type"]
    said = next((value[each] for each in _TIMES if value.get(each)), None)
    at, clock = read_time(said, options)
    found = Found(options.region, at)
    problem: tuple[str, ...] = ()
    if kind == "indicator":
        problem = _pattern(value, found)
    elif kind == "observed-data":
        take_observed(found, value, NAMED)
    else:
        take_object(found, value, NAMED)
    _named(kind, value, found)
    tags = [tag for key in _TAGS for tag in texts(value.get(key))]
    tlp = tlp_of(value, levels)
    return Item(
        kind=_kind(kind), position=position, payload=value, values=found.values(), at=at,
        id=identity(value["id"]), title=text(value.get("name")) or _title(kind, value),
        text=text(value.get("description")) or text(value.get("content")),
        tags=(*dict.fromkeys(tags), *problem, *clock), links=tuple(_links(value)), tlp=tlp,
        deleted=true(value.get("revoked")),
    )  # fmt: skip


def _kind(kind: str) -> ItemKind:
    if kind == "indicator":
        return ItemKind.INDICATOR
    return ItemKind.EVENT if kind in _EVENTS else ItemKind.OBJECT


def _title(kind: str, value: dict[str, Any]) -> str:
    return text(value.get("relationship_type")) or kind


def _pattern(value: dict[str, Any], found: Found) -> tuple[str, ...]:
    """Take the values of a pattern; one that cannot be taken apart is said in a tag."""
    pattern, language = value.get("pattern"), value.get("pattern_type", "stix")
    if not isinstance(pattern, str) or language != "stix":
        if language == "yara" and isinstance(pattern, str):
            take_rules(found, pattern, SAID)
        return ()
    try:
        parts = comparisons(pattern)
    except BadPattern:
        return ("stix-pattern",)
    for part in parts:
        for each in part.names_values:
            take_path(found, part.path, each, SAID)
    return ()


def _named(kind: str, value: dict[str, Any], found: Found) -> None:
    """Numbers of weaknesses and techniques that others gave them."""
    if kind in {"vulnerability", "attack-pattern"}:
        for each in objects_in(value.get("external_references")):
            number = each.get("external_id")
            if kind == "vulnerability":
                found.add(ObservableType.CVE, number, NAMED)
            elif text(each.get("source_name")).startswith("mitre"):
                found.add(ObservableType.ATTACK_ID, number, NAMED)


def _links(value: dict[str, Any]) -> Iterator[tuple[str, UUID]]:
    """Every reference to another object, by the name of its property."""
    for key, each in value.items():
        if key.endswith("_ref") and isinstance(each, str) and "--" in each:
            yield key.removesuffix("_ref"), identity(each)
        elif key.endswith("_refs") and key != "object_marking_refs":
            for reference in texts(each):
                if "--" in reference:
                    yield key.removesuffix("_refs"), identity(reference)


def _is_object(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    kind, own = value.get("type"), value.get("id")
    return (
        isinstance(kind, str)
        and isinstance(own, str)
        and kind != "bundle"
        and own.startswith(f"{kind}--")
    )


def _is_envelope(value: Any) -> bool:
    """A page of TAXII, or a bundle, that holds nothing."""
    return isinstance(value, dict) and value.keys() <= _ENVELOPE


FORMAT = Format(
    name="stix", sniff=sniff, decode=decode, encode=encode, media_type="application/stix+json"
)
