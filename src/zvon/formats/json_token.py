"""Brackets and separators of JSON outside its strings, found in a whole block at once."""

import re
from typing import Any

import numpy as np
from msgspec import Struct

QUOTE, OPEN, CLOSE, COMMA, COLON = 1, 2, 3, 4, 5
_CLASS = {'"': QUOTE, "{": OPEN, "[": OPEN, "}": CLOSE, "]": CLOSE, ",": COMMA, ":": COLON}
_CLASSES = bytes(_CLASS.get(chr(code), 0) for code in range(256))
_ESCAPED = re.compile(rb"\\.", re.DOTALL)


class Tokens(Struct):
    """Brackets and separators outside strings: where, which, and the lesser of the depths before
    and after; then the depth at the end and the greatest, and whether a string goes on.
    """

    at: Any
    kind: Any
    low: Any
    depth: int
    deepest: int
    in_string: bool

    def passed(self, level: int, is_leaf: bool) -> list[int]:
        """Indexes of those that concern members at `level`; of a leaf only where members end."""
        near = self.low <= level
        if is_leaf:
            near &= (self.kind == COMMA) | (self.low < level)
        found: list[int] = np.flatnonzero(near).tolist()
        return found


def tokens(block: bytes, depth: int, in_string: bool) -> Tokens:
    """Find them in a block that begins at `depth`, perhaps in a string, and in no escape."""
    if b"\\" in block:
        block = _ESCAPED.sub(b"__", block)
    classes = np.frombuffer(block.translate(_CLASSES), np.uint8)
    at = np.flatnonzero(classes)
    kind = classes[at]
    quote = kind == QUOTE
    quotes = np.cumsum(quote, dtype=np.int32) + in_string
    last = bool(quotes[-1] & 1) if len(quotes) else in_string
    kept = (quotes & 1 == 0) & ~quote
    at, kind = at[kept], kind[kept]
    opens = kind == OPEN
    after = np.cumsum(opens.astype(np.int32) - (kind == CLOSE), dtype=np.int32) + depth
    deepest = int(after.max(initial=depth))
    return Tokens(at, kind, after - opens, int(after[-1]) if len(after) else depth, deepest, last)
