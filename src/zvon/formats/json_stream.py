"""Elements of JSON of any size: what stands in named arrays, one after the other.

A path names an array by the keys above it: `[]` a list at the top, `objects[]`,
`response[].Event.Attribute[]`. Values at the top that no path goes into are elements themselves, so
JSON Lines, values one after the other and a plain list are all read. Structure is found block by
block with array operations (brackets outside strings, their depth), and only the brackets that a
path passes are looked at one by one: 2 GB take the memory of one element and one block.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from zvon.formats.json_token import CLOSE, COMMA, OPEN, Tokens, tokens
from zvon.formats.json_value import MAX_DEPTH, BadJson, value_of, values_of
from zvon.formats.line_stream import PIECE, blocks, utf8
from zvon.model.item import Bad

BLOCK = 1024 * 1024
MAX_ELEMENT = 16 * 1024 * 1024
# After so many places that are no JSON at all, the rest is given up.
MAX_STRAY = 20

# What evtx_dump writes above each event.
_HEADING = re.compile(rb"Record \d{1,12}")
_BLANK = b" \t\r\n,\x1e"  # between values at the top; 1e begins records of RFC 7464


class Piece(Struct, frozen=True, gc=False):
    """An element of an array that a path names, or (`path` names no array) what is left of an
    object that was gone through: all its members but the named arrays.

    `above` are the objects around it, outermost first, as far as they were read by now; `through`
    is true of an object that something was taken out of.
    """

    path: str
    position: str
    value: Any
    size: int
    above: tuple[dict[str, Any], ...] = ()
    through: bool = False


def pieces(chunks: Iterable[bytes], paths: Sequence[str]) -> Iterator[Piece | Bad]:
    """Yield elements of the arrays `paths`, then the rest of the objects around them.

    An element of more than `MAX_ELEMENT` bytes, or that is no JSON, is `Bad` with its position; so
    is a file that ends too early, after everything that could be read.
    """
    reader = _Reader(paths)
    for block in blocks(utf8(chunks), BLOCK):
        yield from reader.feed(block)
        if reader.stray > MAX_STRAY:
            return
    yield from reader.end()


class _Frame:
    """A bracket that we are inside of and whose members we look at; `rest` is none for a list."""

    __slots__ = ("above", "is_leaf", "key", "n", "path", "position", "rest", "size", "through")

    def __init__(self, path: str, position: str, rest: dict[str, Any] | None) -> None:
        self.path, self.position, self.rest = path, position, rest
        self.above: tuple[dict[str, Any], ...] = ()
        self.is_leaf = False
        self.n = 0
        self.key: str | None = None
        self.size = 0
        self.through = False


class _Reader:
    """Blocks in, pieces out. Offsets are counted from the beginning of the input."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._lists, self._objects = _containers(paths)
        self._frames = [_Frame("", "", None)]  # the top is a list without brackets
        self._held = b""
        self._base = 0  # offset of the first byte held
        self._since = 0  # where the member being read begins
        self._depth = 0
        self._in_string = False
        self._escape = b""
        self._lost = b""  # beginning of a member that is too large to hold
        self._out: list[Piece | Bad] = []
        self.stray = 0

    def feed(self, block: bytes) -> list[Piece | Bad]:
        """What is complete with this block."""
        self._out = []
        block = self._escape + block
        odd = (len(block) - len(block.rstrip(b"\\"))) % 2
        block, self._escape = (block[:-1], b"\\") if odd else (block, b"")
        anew: int | None = self._base + len(self._held)
        self._held += block
        while anew is not None and self.stray <= MAX_STRAY:
            anew = self._read(anew)
        self._let_go()
        return self._out

    def end(self) -> list[Piece | Bad]:
        """What is left when nothing more comes."""
        self._out = []
        stop = self._base + len(self._held)
        if len(self._frames) > 1 or self._depth or self._in_string:
            self._bad(f"byte {stop}", "The file ends in the middle of a value.", self._text(stop))
            while len(self._frames) > 1:
                self._closed()
        else:
            self._between(stop)
        return self._out

    def _read(self, start: int) -> int | None:
        """Go through what is held from `start`; where to begin anew, if a bracket closes nothing."""
        found = tokens(self._held[start - self._base :], self._depth, self._in_string)
        chosen: dict[tuple[int, bool], list[int]] = {}
        cursor, last = 0, -1
        while cursor != last:
            last = cursor
            frame, level = self._frames[-1], len(self._frames) - 1
            key = level, frame.is_leaf
            if key not in chosen:
                chosen[key] = found.passed(*key)
            wanted = chosen[key]
            if frame.is_leaf:
                cursor = self._run(found, start, wanted, cursor, level)
            for index in wanted[bisect_left(wanted, cursor) :]:
                cursor = index + 1
                offset, kind, low = start + found.at[index], found.kind[index], found.low[index]
                if low < 0:
                    self._stray(offset)
                    return int(offset) + 1
                if self._took(int(offset), int(kind), int(low) < level):
                    break
                if self.stray > MAX_STRAY:
                    self._bad(f"byte {offset}", "Too little of this is JSON to read on.", b"")
                    return None
        self._depth, self._in_string = found.depth, found.in_string
        return None

    def _run(self, found: Tokens, start: int, wanted: list[int], cursor: int, level: int) -> int:
        """Read all elements of a leaf that end in this block at once; where to go on.

        Nothing is read when one of them needs a closer look: then each is looked at by itself.
        """
        first = bisect_left(wanted, cursor)
        ends = np.asarray(wanted[first:], np.int64)
        closing = np.flatnonzero(found.kind[ends] != COMMA)
        ends = ends[: int(closing[0])] if len(closing) else ends
        if len(ends) < 2 or self._lost or found.deepest - level > MAX_DEPTH:
            return cursor
        stops = start + found.at[ends]
        begin, stop = self._since - self._base, int(stops[-1]) - self._base
        sizes = np.diff(stops, prepend=self._since - 1) - 1
        if int(sizes.max()) > MAX_ELEMENT:
            return cursor
        values = values_of(self._held[begin:stop])
        if values is None or len(values) != len(ends):
            return cursor
        frame = self._frames[-1]
        path, position, above = frame.path, frame.position, frame.above
        self._out += [
            Piece(path, f"{position}[{n}]", value, size, above)
            for n, (value, size) in enumerate(zip(values, sizes.tolist(), strict=True), frame.n)
        ]
        frame.n += len(values)
        self._since = int(stops[-1]) + 1
        return int(ends[-1]) + 1

    def _took(self, offset: int, kind: int, closes: bool) -> bool:
        """Act on a bracket or separator among the members; true when the level changed."""
        frame = self._frames[-1]
        if kind == OPEN:
            if len(self._frames) == 1:
                self._between(offset)
                self._since = offset
            return self._opened(frame, offset)
        if kind == CLOSE:
            if closes:
                self._member(frame, offset)
                self._closed()
            elif len(self._frames) == 1:
                self._member(frame, offset + 1)
            else:
                return False
            self._since = offset + 1
            return closes
        if len(self._frames) > 1:
            if kind == COMMA:
                self._member(frame, offset)
            elif frame.rest is not None and frame.key is None:
                frame.key = self._name(offset)
            else:
                return False
            self._since = offset + 1
        return False

    def _opened(self, frame: _Frame, offset: int) -> bool:
        """Whether we go into the bracket at `offset`."""
        is_list = self._held[offset - self._base] == ord("[")
        if frame.rest is not None and frame.key is None:
            return False
        if frame.key is not None and (not frame.key or "." in frame.key or "[" in frame.key):
            return False  # a path names no such key
        path = _joined(frame.path, frame.key) + ("[]" if is_list else "")
        if path not in (self._lists if is_list else self._objects):
            return False
        inside = _Frame(path, self._position(frame), None if is_list else {})
        inside.above = frame.above if frame.rest is None else (*frame.above, frame.rest)
        inside.is_leaf = is_list and path not in self._objects
        frame.through = True
        self._frames.append(inside)
        self._since = offset + 1
        return True

    def _member(self, frame: _Frame, stop: int) -> None:
        """A member ends before `stop`: an element, or a key with its value."""
        key, frame.key = frame.key, None
        position = self._position(frame, key)
        frame.n += 1
        raw = self._held[self._since - self._base : stop - self._base]
        if self._lost or len(raw) > MAX_ELEMENT:
            reason = f"The value is larger than {MAX_ELEMENT} bytes."
            self._bad(position, reason, self._lost or raw)
            self._lost = b""
            return
        if not raw or raw.isspace():
            return  # a container that we went into
        try:
            value = value_of(raw)
        except BadJson as problem:
            self._bad(position, str(problem), raw)
            return
        if frame.rest is None:
            self._out.append(Piece(frame.path, position, value, len(raw), frame.above))
        elif key is None:
            self._bad(position, "A member has no name.", raw)
        else:
            frame.size += len(raw)
            if frame.size <= MAX_ELEMENT:
                frame.rest[key] = value
            else:
                self._bad(position, f"The object is larger than {MAX_ELEMENT} bytes.", raw)

    def _closed(self) -> None:
        frame = self._frames.pop()
        if frame.rest is not None:
            self._out.append(
                Piece(
                    frame.path, frame.position, frame.rest, frame.size, frame.above, frame.through
                )
            )
        parent = self._frames[-1]
        if len(self._frames) == 1:
            parent.n += 1

    def _between(self, stop: int) -> None:
        """What stands between values at the top: nothing, or something that is no JSON."""
        text = self._lost or self._text(stop).strip(_BLANK)
        self._lost = b""
        if text and not _HEADING.fullmatch(text):
            self.stray += 1
            self._bad(f"byte {self._since}", "This is no JSON object or list.", text)

    def _stray(self, offset: int) -> None:
        self._bad(f"byte {offset}", "A bracket closes nothing.", self._text(offset + 1))
        self.stray += 1
        self._depth, self._in_string = 0, False
        del self._frames[1:]
        self._since = offset + 1

    def _let_go(self) -> None:
        """Forget what was read, and a member that is too large to hold."""
        stop = self._base + len(self._held)
        if stop - self._since > MAX_ELEMENT:
            self._lost = self._lost or self._text(stop)
            self._since = stop
        self._held = self._held[self._since - self._base :]
        self._base = self._since

    def _name(self, stop: int) -> str | None:
        try:
            name = value_of(self._held[self._since - self._base : stop - self._base])
        except BadJson:
            return None
        return name if isinstance(name, str) else None

    def _position(self, frame: _Frame, key: str | None = None) -> str:
        if len(self._frames) == 1:
            return f"value {frame.n + 1}: $" if frame.n else "$"
        if frame.rest is None:
            return f"{frame.position}[{frame.n}]"
        return f"{frame.position}.{key or frame.key or '?'}"

    def _text(self, stop: int) -> bytes:
        begin = self._since - self._base
        return self._held[begin : min(stop - self._base, begin + PIECE)]

    def _bad(self, position: str, reason: str, text: bytes) -> None:
        self._out.append(Bad(position, reason, text[:PIECE]))


def _joined(path: str, key: str | None) -> str:
    if key is None:
        return path
    return f"{path}.{key}" if path else key


def _containers(paths: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The lists and the objects to go into."""
    lists, objects = set(), set()
    for path in paths:
        above = ""
        for part in path.split("."):
            if part != "[]":
                objects.add(above)
            above = part if part == "[]" else _joined(above, part)
            if part.endswith("[]"):
                lists.add(above)
    return frozenset(lists), frozenset(objects)
