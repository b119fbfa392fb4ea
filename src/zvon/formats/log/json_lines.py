"""JSON of a program that we know nothing of: every string in a field that is called like a value."""

from collections.abc import Iterable, Iterator
from typing import Any

from zvon.formats.clock import read_time
from zvon.formats.found import Found
from zvon.formats.json_field import text
from zvon.formats.json_objects import read_objects, sample_objects
from zvon.formats.log.field import INDICATORS, MARKS, take_fields, time_in
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options

_TITLES = ("title", "name", "message", "msg", "operation", "operationname", "actiontype", "event",
           "action", "type")  # fmt: skip
MAX_TITLE = 200


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One line of a log for each object, however the objects are put together."""
    return read_objects(chunks, options, read_object, "This is no JSON object.", ("[]", "data[]"))


def sniff(sample: bytes, name: str) -> Guess | None:
    """JSON, and nobody else knew whose."""
    found = sample_objects(sample)
    return Guess(20, "KEYS", {"keys": ", ".join(list(found[0][1])[:3])}) if found else None


def read_object(value: dict[str, Any], position: str, options: Options) -> Item:
    """The item that an object becomes."""
    at, clock = read_time(time_in(value), options)
    found = Found(options.region, at)
    take_fields(found, value)
    named = {key.lower(): each for key, each in value.items()}
    title = next((each for key in _TITLES if (each := text(named.get(key)))), "")
    says = any(key.translate(MARKS) in INDICATORS for key in named)
    return Item(
        kind=ItemKind.INDICATOR if says and found else ItemKind.LOG, position=position, payload=value, values=found.values(), at=at,
        title=title[:MAX_TITLE], tags=clock,
    )  # fmt: skip


FORMAT = Format(name="json", sniff=sniff, decode=decode, media_type="application/json")
