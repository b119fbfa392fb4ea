"""Protocol buffers as far as two messages of DNS servers need them: fields by number.

See protobuf.dev, "Encoding". No schema, no groups; a message is read whole or refused.
"""

from collections.abc import Iterator

MAX_VARINT = 10


class BadMessage(ValueError):
    """The octets are not a message."""


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of every field, in order: numbers for varints and fixed fields, else octets.

    Raises `BadMessage`.
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise BadMessage("a field without a number")
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in {1, 5}:
            size = 8 if kind == 1 else 4
        else:
            raise BadMessage(f"wire type {kind} is not read here")
        if at + size > len(data):
            raise BadMessage("a field ends behind the message")
        raw = data[at : at + size]
        at += size
        yield number, raw if kind == 2 else int.from_bytes(raw, "little")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(MAX_VARINT):
        if at >= len(data):
            raise BadMessage("a number ends behind the message")
        octet = data[at]
        at += 1
        value |= (octet & 0x7F) << 7 * n
        if octet < 0x80:
            return value, at
    raise BadMessage("a number is too long")
