"""One JSON value from its bytes, as sources write them: with faults that others read over.

`NaN`, numbers out of range, raw line ends in texts, and texts in Windows-1250 are read; what cannot
be stored (NUL, half of a surrogate pair) becomes U+FFFD. Nesting is bounded.
"""

import json
import math
import re
from typing import Any

import msgspec
import numpy as np

from zvon.formats.charset import text_of

MAX_DEPTH = 64

_decode = msgspec.json.Decoder().decode
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
# An escape that may give such a character; half of a pair is rare, so no care is taken to be exact.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class BadJson(ValueError):
    """The bytes are no JSON value that we can hold; the text says why."""


def value_of(raw: bytes) -> Any:
    """The value. Raises `BadJson`."""
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and depth(raw) > MAX_DEPTH:
        raise BadJson(f"The value is nested deeper than {MAX_DEPTH} levels.")
    try:
        value = _decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        value = _leniently(raw)
    return storable(value) if _SUSPECT.search(raw) else value


def values_of(raw: bytes) -> list[Any] | None:
    """Values with commas between them, all at once; none when one of them has a fault.

    How deep they are nested, the caller knows.
    """
    try:
        values = _decode(b"[" + raw + b"]")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    assert isinstance(values, list)
    return [storable(each) for each in values] if _SUSPECT.search(raw) else values


def depth(raw: bytes) -> int:
    """How deep the brackets of a JSON text are nested, those in strings left out."""
    plain = np.frombuffer(re.sub(rb"\\.", b"__", raw, flags=re.DOTALL), np.uint8)
    outside = np.cumsum(plain == ord('"'), dtype=np.int32) & 1 == 0
    folded = plain | 0x20  # brackets and braces differ in this bit
    step = (folded == ord("{")).astype(np.int32) - (folded == ord("}"))
    return int(np.cumsum(step * outside).max(initial=0))


def storable(value: Any) -> Any:
    """The value with every character replaced that a database text cannot hold."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, dict):
        return {storable(key): storable(each) for key, each in value.items()}
    return value


def _leniently(raw: bytes) -> Any:
    text, _ = text_of(raw)
    try:
        return storable(json.loads(text, strict=False, parse_constant=str, parse_float=_number))
    except RecursionError:
        raise BadJson(f"The value is nested deeper than {MAX_DEPTH} levels.") from None
    except json.JSONDecodeError as problem:
        raise BadJson(f"No JSON: {problem.msg} at character {problem.pos}.") from None
    except ValueError as problem:
        raise BadJson(f"No JSON: {problem}.") from None


def _number(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text
