"""What tests of decoders share: bytes in, items and pieces that could not be read out."""

from collections.abc import Iterator
from datetime import UTC, datetime

from zvon.model.item import Bad, Format, Item, Options, Value, ValueRole

RECEIVED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OPTIONS = Options(received_at=RECEIVED)


def in_chunks(body: bytes, size: int) -> Iterator[bytes]:
    """The body in pieces of `size` bytes."""
    return (body[start : start + size] for start in range(0, len(body), size))


def decoded(format: Format, body: bytes, options: Options = OPTIONS) -> list[Item | Bad]:
    """Everything that comes out, which is the same however the bytes were cut."""
    whole = list(format.decode([body], options))
    assert list(format.decode(in_chunks(body, 7), options)) == whole
    return whole


def items(format: Format, body: bytes, options: Options = OPTIONS) -> list[Item]:
    """The items; nothing may be bad."""
    found = decoded(format, body, options)
    assert not [each for each in found if isinstance(each, Bad)]
    return [each for each in found if isinstance(each, Item)]


def only(format: Format, body: bytes, options: Options = OPTIONS) -> Item:
    """The one item."""
    (item,) = items(format, body, options)
    return item


def said(item: Item) -> set[tuple[str, str]]:
    """Type and value of what the item is about."""
    return {_pair(each) for each in item.values if each.role is ValueRole.SAID}


def named(item: Item) -> set[tuple[str, str]]:
    """Type and value of what is only mentioned."""
    return {_pair(each) for each in item.values if each.role is ValueRole.NAMED}


def reporting(item: Item) -> set[tuple[str, str]]:
    """Type and value of the reporting side."""
    return {_pair(each) for each in item.values if each.role is ValueRole.REPORTER}


def _pair(value: Value) -> tuple[str, str]:
    return value.observable.type.value, value.observable.value
