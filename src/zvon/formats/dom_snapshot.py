"""A browser's snapshot of a page (`DOMSnapshot.captureSnapshot`) as one HTML text, and its pictures.

Pure. Frames and shadow roots stand in place, so that a reader of plain HTML sees every form that a
person would. The text that comes out is for reading by programs, never for a browser.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any
from urllib.parse import urljoin

from msgspec import Struct

MOST_NODES = 60_000
MOST_BYTES = 2_000_000
MOST_DEPTH = 400
MOST_FRAMES = 20
_ELEMENT, _TEXT = 1, 3
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta",
                   "source", "track", "wbr"})  # fmt: skip
_RAW = frozenset({"script", "style"})
_FRAMES = frozenset({"iframe", "frame"})
_ADDRESSES = frozenset({"action", "formaction", "href", "src"})
_PICTURES = frozenset({"img", "svg", "canvas", "picture"})
_SIZED = 4


class Box(Struct, frozen=True):
    """A picture on the page: where it is, in CSS pixels from the top left, and what it says.

    `label` is its `alt`, `title` or address. `form` is true when a form stands around it.
    """

    x: int
    y: int
    width: int
    height: int
    label: str
    form: bool


class Document(Struct, frozen=True):
    """A page as it stood: HTML, the addresses of its frames, and its pictures from the top."""

    html: str
    frames: tuple[str, ...]
    boxes: tuple[Box, ...]
    cut: bool


class BadSnapshot(ValueError):
    """Not a snapshot as the protocol describes it."""


def read(snapshot: dict[str, Any]) -> Document:
    """Write the snapshot as HTML. Raises `BadSnapshot`; the same snapshot gives the same text."""
    try:
        return _Reader(snapshot).document()
    except (KeyError, IndexError, TypeError, ValueError) as problem:
        raise BadSnapshot(str(problem)) from None


class _Reader:
    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.strings: Sequence[str] = snapshot["strings"]
        self.documents: Sequence[dict[str, Any]] = snapshot["documents"]
        self.parts: list[str] = []
        self.size = self.nodes = 0
        self.cut = False
        self.seen: set[int] = set()
        self.frames: list[str] = []

    def document(self) -> Document:
        self._write(0, 0)
        boxes = sorted(self._boxes(), key=lambda box: (box.y, box.x, box.label))
        return Document("".join(self.parts), tuple(self.frames), tuple(boxes), self.cut)

    def _say(self, text: str) -> None:
        if self.cut:
            return
        self.size += len(text)
        self.cut = self.size > MOST_BYTES
        if not self.cut:
            self.parts.append(text)

    def _string(self, index: int) -> str:
        return self.strings[index] if index >= 0 else ""

    def _write(self, number: int, depth: int) -> None:
        if number in self.seen or len(self.seen) > MOST_FRAMES:
            self.cut = self.cut or number not in self.seen
            return
        self.seen.add(number)
        document = self.documents[number]
        nodes = document["nodes"]
        children: dict[int, list[int]] = {}
        for index, parent in enumerate(nodes["parentIndex"]):
            children.setdefault(parent, []).append(index)
        inner = dict(zip(*_rare(nodes.get("contentDocumentIndex")), strict=True))
        base = self._string(document["baseURL"]) or self._string(document["documentURL"])
        # By hand and not by recursion: a page nests as deep as it likes.
        stack: list[tuple[int, str | None, int]] = [
            (index, None, depth) for index in reversed(children.get(-1, []))
        ]
        while stack and not self.cut:
            index, closing, level = stack.pop()
            if closing is not None:
                self._say(closing)
                continue
            self.nodes += 1
            if self.nodes > MOST_NODES:
                self.cut = True
                return
            kind = nodes["nodeType"][index]
            if kind == _TEXT:
                self._text(nodes, index)
                continue
            name = self._string(nodes["nodeName"][index]).lower()
            if kind == _ELEMENT and level < MOST_DEPTH and not name.startswith("::"):
                closes = self._open(nodes, index, name, base if number else "")
                if name in _FRAMES:
                    self._frame(inner.get(index), level + 1)
                if closes:
                    stack.append((index, closes, level))
            stack.extend((child, None, level + 1) for child in reversed(children.get(index, [])))

    def _text(self, nodes: dict[str, Any], index: int) -> None:
        text = self._string(nodes["nodeValue"][index])
        parent = nodes["parentIndex"][index]
        name = self._string(nodes["nodeName"][parent]).lower() if parent >= 0 else ""
        self._say(text.replace("</", "<\\/") if name in _RAW else escape(text, quote=False))

    def _open(self, nodes: dict[str, Any], index: int, name: str, base: str) -> str:
        """Say the tag; give what closes it. `base` is set in frames, whose addresses are made whole."""
        said = nodes["attributes"][index]
        pairs = [
            (self._string(said[at]), self._string(said[at + 1])) for at in range(0, len(said), 2)
        ]
        shown = name
        if name in _FRAMES:
            shown = "div"  # an iframe's content would be text to a reader of HTML
        elif not name.replace("-", "").replace(":", "").isalnum():
            shown = "span"
        attributes = "".join(
            f' {key}="{escape(_whole(base, value) if base and key in _ADDRESSES else value)}"'
            for key, value in pairs
            if key and not any(c in key for c in " \"'<>/=\t\n")
        )
        self._say(f"<{shown}{attributes}>")
        return "" if shown in _VOID else f"</{shown}>"

    def _frame(self, number: int | None, depth: int) -> None:
        if number is None or not 0 <= number < len(self.documents):
            return
        url = self._string(self.documents[number]["documentURL"])
        if len(self.frames) < MOST_FRAMES and not url.startswith("about:"):
            self.frames.append(url[:2000])
        self._write(number, depth)

    def _boxes(self) -> Iterator[Box]:
        document = self.documents[0]
        nodes, layout = document["nodes"], document["layout"]
        for index, bounds in zip(layout["nodeIndex"], layout["bounds"], strict=True):
            name = self._string(nodes["nodeName"][index]).lower()
            if name not in _PICTURES or len(bounds) != _SIZED:
                continue
            x, y, width, height = (round(value) for value in bounds)
            said = nodes["attributes"][index]
            named = {self._string(said[at]): self._string(said[at + 1])
                     for at in range(0, len(said), 2)}  # fmt: skip
            label = named.get("alt") or named.get("title") or named.get("src", "")
            yield Box(x, y, width, height, label[:200], self._in_form(nodes, index))

    def _in_form(self, nodes: dict[str, Any], index: int) -> bool:
        for _ in range(MOST_DEPTH):
            index = nodes["parentIndex"][index]
            if index < 0:
                return False
            if self._string(nodes["nodeName"][index]).lower() == "form":
                return True
        return False


def _rare(data: dict[str, list[int]] | None) -> tuple[list[int], list[int]]:
    return (data["index"], data["value"]) if data else ([], [])


def _whole(base: str, value: str) -> str:
    try:
        return urljoin(base, value)
    except ValueError:
        return value
