"""A page opened to everything that stands in it, shown or hidden, with the way back to its source.

A scanner, not a parser (WHATWG HTML, 13.2.5, as far as offsets need it): text, values of attributes,
comments, scripts and styles come out in the order of the source. Words split by inline elements are
whole again (`No<b>vak</b>`); other elements, attributes and comments end a word. Linear in any input.
"""

import html
import re
from array import array
from collections.abc import Iterator, Sequence

# Elements that do not end a word.
_INLINE = frozenset({"a", "abbr", "b", "bdi", "bdo", "big", "code", "del", "em", "font", "i", "ins",
                     "kbd", "mark", "o:p", "s", "samp", "small", "span", "strike", "strong", "sub",
                     "sup", "tt", "u", "wbr"})  # fmt: skip
_KNOWN = _INLINE | {"address", "article", "blockquote", "body", "br", "button", "center", "dd",
                    "div", "dl", "dt", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head",
                    "header", "hr", "html", "iframe", "img", "input", "label", "li", "link", "main",
                    "meta", "object", "ol", "option", "p", "pre", "script", "section", "select",
                    "style", "svg", "table", "tbody", "td", "textarea", "tfoot", "th", "thead",
                    "title", "tr", "ul", "video", "audio", "embed", "area", "map", "nav"}  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,32})(?=[\s/>])")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]*))?")
_HINT = re.compile(
    r"<!--|</?(?:" + "|".join(sorted(_KNOWN, key=len, reverse=True)) + r")(?=[\s/>])",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31}[0-9]{0,2});?")

Piece = tuple[str, int, int]


def is_marked_up(text: str) -> bool:
    """True when a plain text has elements of HTML or a comment in it."""
    return "<" in text and _HINT.search(text) is not None


def opened(source: str, *, whole: bool) -> tuple[str, Sequence[int], Sequence[int]]:
    """What stands in `source`: the text, and where each character begins and ends in the source.

    With `whole` false `source` is a text with some elements in it, and what is no element that
    HTML knows (`<ana@lipa.example>`) is text.
    """
    out: list[str] = []
    starts = array("q")
    ends = array("q")
    for text, low, high in _pieces(source, whole=whole):
        out.append(text)
        if len(text) == high - low:
            starts.extend(range(low, high))
            ends.extend(range(low + 1, high + 1))
        else:
            starts.extend([low] * len(text))
            ends.extend([high] * len(text))
    return "".join(out), starts, ends


def _pieces(source: str, *, whole: bool) -> Iterator[Piece]:
    at = 0
    size = len(source)
    while at < size:
        low = source.find("<", at)
        if low < 0:
            break
        if source.startswith("<!--", low):
            yield from _text(source, at, low)
            close = source.find("-->", low + 4)
            end = size if close < 0 else close
            yield "\n", low, low
            yield from _text(source, low + 4, end)
            at = min(size, end + 3)
            yield "\n", at, at
            continue
        tag = _TAG.match(source, low)
        if tag is None or not (whole or tag[2].lower() in _KNOWN):
            yield from _text(source, at, low + 1)
            at = low + 1
            continue
        yield from _text(source, at, low)
        if tag[2].lower() not in _INLINE:
            yield "\n", low, low
        values: list[Piece] = []
        at = _attributes(source, tag.end(), values)
        yield from values
    yield from _text(source, at, size)


def _attributes(source: str, at: int, values: list[Piece]) -> int:
    """Add the values of a tag's attributes; return where the tag ends."""
    while at < len(source) and source[at] != ">":
        found = _ATTRIBUTE.match(source, at)
        if found is None:
            at += 1
            continue
        if found[2]:
            low, high = found.span(2)
            if source[low] in "\"'" and high - low >= 2 and source[high - 1] == source[low]:
                low, high = low + 1, high - 1
            values += [(" ", low, low), *_text(source, low, high), (" ", high, high)]
        at = found.end()
    return min(len(source), at + 1)


def _text(source: str, low: int, high: int) -> Iterator[Piece]:
    """A range of the source with its entities decoded."""
    at = low
    if source.find("&", low, high) >= 0:
        for found in _ENTITY.finditer(source, low, high):
            plain = html.unescape(found[0])
            if plain != found[0]:
                if at < found.start():
                    yield source[at : found.start()], at, found.start()
                yield plain, found.start(), found.end()
                at = found.end()
    if at < high:
        yield source[at:high], at, high
