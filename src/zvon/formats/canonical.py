"""JSON with one way to write each value, so that signed bytes can be compared and hashed.

Keys sorted, no spaces, UTF-8, times in UTC. A reader refuses every other spelling: duplicate
keys, NaN, escapes that are not needed, a zero at the end of a number.
"""

import re
from typing import Any, TypeVar

import msgspec

from zvon.formats.note import PeerError

_ENCODER = msgspec.json.Encoder(order="sorted")

# An escape that is not itself the end of an escaped backslash.
_ZERO = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

T = TypeVar("T")


def encode(value: Any) -> bytes:
    """Write `value`. Raises `PeerError` when it has no canonical form."""
    try:
        data = _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as problem:
        raise PeerError(f"cannot be written: {problem}") from None
    return data


def decode(data: bytes, kind: type[T], *, limit: int, what: str) -> T:
    """Read a `kind` from at most `limit` bytes; `what` names it in the message.

    Raises `PeerError` for anything that `encode` would not have written, and for the zero
    character, which PostgreSQL cannot store.
    """
    if len(data) > limit:
        raise PeerError(f"{what} is longer than {limit} bytes")
    if _ZERO.search(data):
        raise PeerError(f"{what} holds a zero character")
    try:
        value = msgspec.json.decode(data, type=kind)
        again = _ENCODER.encode(value)
    except (msgspec.MsgspecError, ValueError, OverflowError) as problem:
        raise PeerError(f"{what} is malformed: {problem}") from None
    except RecursionError:
        raise PeerError(f"{what} is nested too deeply") from None
    if again != data:
        raise PeerError(f"{what} is not in its canonical form")
    return value


def convert(value: Any, kind: type[T], what: str) -> T:
    """Make a `kind` of plain values. Raises `PeerError`; `what` names it in the message."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as problem:
        raise PeerError(f"{what} is malformed: {problem}") from None
