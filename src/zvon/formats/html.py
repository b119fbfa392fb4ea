"""What an HTML message shows, and where it leads (WHATWG HTML, read without scripts).

The page is parsed as a browser would; then one walk gathers the visible text and every address
that a reader, or their program, could be sent to. Nothing is fetched.
"""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from zvon.formats.limit import MAX_HTML
from zvon.formats.plain import plain

TOO_DEEP = "html-too-deep"
HIDDEN_TEXT = "hidden-text"
CUT = "html-cut"

# The parser walks up the open elements for each new one, so depth is bounded before it starts.
MAX_DEPTH = 512

_SILENT = frozenset({"script", "style", "head", "title", "noscript", "template", "object",
                     "-comment", "!doctype", "-doctype"})  # fmt: skip
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4",
                     "h5", "h6", "blockquote", "pre", "section", "article", "header", "footer",
                     "hr", "form", "center", "dl", "dt", "dd", "address", "main", "nav"})  # fmt: skip
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "blockquote"})
_CELLS = frozenset({"td", "th", "option", "button"})
_ADDRESSES = {"a": "href", "area": "href", "form": "action", "button": "formaction",
              "input": "formaction", "img": "src", "iframe": "src", "frame": "src",
              "embed": "src", "link": "href", "body": "background", "table": "background",
              "td": "background", "video": "src", "source": "src"}  # fmt: skip
_HIDING = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])|max-height\s*:\s*0(?![.\d])")  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_UNNESTED = frozenset({"br", "img", "input", "meta", "link", "hr", "base", "area", "col", "embed",
                       "source", "wbr", "p", "li", "td", "th", "tr", "option", "dt", "dd",
                       "tbody", "thead", "param", "track"})  # fmt: skip
_REFRESH = re.compile(r"(?i)^[\s\d.;,]*url\s*=\s*[\"']?([^\"'\s]+)")


class Link(Struct, frozen=True, kw_only=True):
    """An address in the page: which element holds it, and the range of text that shows it."""

    target: str
    element: str
    start: int | None = None
    end: int | None = None


class Page(Struct, frozen=True, kw_only=True):
    """The visible text (composed, blanks collapsed), and the addresses in document order.

    `hidden` is text that the page holds and does not show; what filters are meant to read.
    """

    text: str
    links: tuple[Link, ...]
    warnings: tuple[str, ...]
    hidden: str = ""


def read(html: str) -> Page:
    """Read a page; never fails. What was left out is said in the warnings."""
    warnings = [CUT] if len(html) > MAX_HTML else []
    html = html[:MAX_HTML].replace("\x00", "\ufffd")
    if depth(html) > MAX_DEPTH:
        return _flat(html, (*warnings, TOO_DEEP))
    walk = _Walk()
    root = LexborHTMLParser(html.encode("utf-8", "replace").decode()).root
    if root is not None:
        walk.through(root)
    return Page(
        text="".join(walk.out).rstrip(),
        links=tuple(walk.links),
        warnings=(*warnings, *sorted(walk.warnings)),
        hidden=" ".join(walk.hidden),
    )


def depth(html: str) -> int:
    """The most elements that can be open at once."""
    depth = most = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() in _UNNESTED:
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        most = max(most, depth)
    return most


def _flat(html: str, warnings: tuple[str, ...]) -> Page:
    """A page that was built to break parsers: its text without tags, its quoted addresses."""
    links = [
        Link(target=unescape(found[1]), element="a")
        for found in re.finditer(
            r"(?i)(?:href|action|src)\s{0,9}=\s{0,9}[\"']?([^\"'\s<>]{1,4000})", html
        )
    ]
    text, seen = plain(unescape(re.sub(r"<[^<>]*>?", " ", html)))
    return Page(
        text=re.sub(r"\s+", " ", text).strip(), links=tuple(links), warnings=(*warnings, *seen)
    )


class _Walk:
    """The state of one walk over the tree; the tree may be deep, so nothing recurses."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.length = 0
        self.gap = ""
        self.links: list[Link] = []
        self.warnings: set[str] = set()
        self.base: str | None = None
        self.open_anchors: list[tuple[int, str, int | None]] = []
        self.hidden: list[str] = []
        self.hiding = 0  # the depth of what hides, plus one

    def through(self, root: LexborNode) -> None:
        node: LexborNode | None = root
        depth = silent_at = 0
        while node is not None:
            silent_at = self.enter(node, depth, silent_at)
            child = node.first_child
            if child is not None:
                node, depth = child, depth + 1
                continue
            while node is not None:
                silent_at = self.leave(node, depth, silent_at)
                if depth == 0:
                    return
                following = node.next
                if following is not None:
                    node = following
                    break
                node, depth = node.parent, depth - 1

    def enter(self, node: LexborNode, depth: int, silent_at: int) -> int:
        tag = node.tag or ""
        if tag == "-text":
            if not silent_at:
                self.write(node.text_content or "")
            elif self.hiding:
                self.keep(node)
            return silent_at
        attributes = node.attributes if not tag.startswith("-") else {}
        if tag == "base" and self.base is None:
            self.base = attributes.get("href")
        if tag == "meta" and (attributes.get("http-equiv") or "").lower() == "refresh":
            found = _REFRESH.match(attributes.get("content") or "")
            if found:
                self.link(found[1], "meta")
        self.address(tag, attributes, depth, silent=bool(silent_at))
        if tag in _BLOCKS:
            self.gap = "\n\n" if tag in _PARAGRAPHS or self.gap == "\n\n" else "\n"
        elif tag in _CELLS:
            self.gap = self.gap or " "
        if silent_at:
            return silent_at
        if tag in _SILENT:
            return depth + 1
        if "hidden" in attributes or _HIDING.search(attributes.get("style") or ""):
            self.warnings.add(HIDDEN_TEXT)
            self.hiding = depth + 1
            return depth + 1
        return 0

    def leave(self, node: LexborNode, depth: int, silent_at: int) -> int:
        tag = node.tag or ""
        if tag == "a" and self.open_anchors and self.open_anchors[-1][0] == depth:
            _, target, start = self.open_anchors.pop()
            self.link(target, "a", start)
        if tag in _BLOCKS:
            self.gap = "\n\n" if tag in _PARAGRAPHS or self.gap == "\n\n" else "\n"
        if silent_at != depth + 1:
            return silent_at
        self.hiding = 0
        return 0

    def keep(self, node: LexborNode) -> None:
        """Remember what is not shown; scripts and styles are no text."""
        if node.parent is None or node.parent.tag not in _SILENT:
            self.hidden += plain(node.text_content or "")[0].split()

    def address(
        self, tag: str, attributes: dict[str, str | None], depth: int, *, silent: bool
    ) -> None:
        target = attributes.get(_ADDRESSES.get(tag, ""))
        if target:
            if tag == "a" and not silent:
                self.open_anchors.append((depth, target, None))
            else:
                self.link(target, tag)
        for part in _candidates(attributes.get("srcset")):
            self.link(part, tag)

    def link(self, target: str, element: str, start: int | None = None) -> None:
        try:
            joined = urljoin(self.base or "", target.strip())
        except ValueError:
            joined = target
        end = self.length if start is not None else None
        self.links.append(Link(target=joined, element=element, start=start, end=end))

    def write(self, text: str) -> None:
        visible, warnings = plain(text)
        self.warnings.update(warnings)
        words = visible.split()
        if not words:
            if visible:
                self.gap = self.gap or " "
            return
        if visible[0].isspace():
            self.gap = self.gap or " "
        piece = (self.gap if self.length else "") + " ".join(words)
        start = self.length + (len(self.gap) if self.length else 0)
        self.open_anchors = [
            (depth, target, start if at is None else at) for depth, target, at in self.open_anchors
        ]
        self.out.append(piece)
        self.length += len(piece)
        self.gap = " " if visible[-1].isspace() else ""


def _candidates(srcset: str | None) -> Iterator[str]:
    for part in (srcset or "").split(",")[:20]:
        word = part.split()
        if word:
            yield word[0]
