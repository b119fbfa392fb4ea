"""Everything that a page says, shown or not, as text (WHATWG HTML).

A name split by markup is joined, hidden text, comments and attributes stand behind what is shown,
and addresses stand in angle brackets behind what shows them. Scripts and styles are text too:
nothing hides. `data:` addresses never leave; the texts in them are read.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from zvon.formats.html import MAX_DEPTH, depth

MAX_PAGE = 10_000_000
MAX_DATA = 100_000

_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4",
                     "h5", "h6", "blockquote", "pre", "section", "article", "header", "footer",
                     "hr", "form", "dl", "dt", "dd", "address", "title"})  # fmt: skip
_CELLS = frozenset({"td", "th", "option", "button"})
_ADDRESSES = frozenset({"href", "src", "action", "formaction", "background", "cite", "data",
                        "poster", "srcset", "xlink:href", "longdesc", "ping", "manifest"})  # fmt: skip
_SAYINGS = frozenset({"alt", "title", "value", "placeholder", "label", "summary", "aria-label",
                      "aria-description", "srcdoc", "download"})  # fmt: skip
_NAMES = frozenset({"content", "name", "id", "datetime"})
_STYLED = re.compile(r"(?i)url\s*\(|content\s*:")
_ORDINARY = re.compile(
    r"[a-zA-Z]{1,12}|[a-z_-]{1,24}|\d{0,6}%?|text/html;.{0,30}|#[0-9a-fA-F]{3,6}"
)
_LINES = re.compile(r"[ \t\f\v\u00a0]*\n[ \t\f\v\u00a0\n]*")
_BLANKS = re.compile(r"[ \t\f\v\u00a0]+")
_DATA = re.compile(r"(?is)data:([^,;]{0,80})((?:;[^,;]{0,80})*),(.*)")


class TooDeep(ValueError):
    """A page that was built to break parsers."""


def page_text(source: str) -> str:
    """The text of a page, in reading order, then what it hides. Raises `TooDeep`."""
    if len(source) > MAX_PAGE:
        raise TooDeep(f"a page has at most {MAX_PAGE} characters")
    if depth(source) > MAX_DEPTH:
        raise TooDeep(f"a page is nested deeper than {MAX_DEPTH}")
    clean = source.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    root = LexborHTMLParser(clean).root
    shown: list[str] = []
    aside: list[str] = []
    if root is not None:
        _walk(root, shown, aside)
    lines = [_tidy("".join(shown)), *dict.fromkeys(map(_tidy, aside))]
    return "\n".join(line for line in lines if line)


def _tidy(text: str) -> str:
    return _BLANKS.sub(" ", _LINES.sub("\n", text)).strip()


def _walk(root: LexborNode, shown: list[str], aside: list[str]) -> None:
    node: LexborNode | None = root
    behind: list[tuple[LexborNode, str]] = []
    while node is not None:
        _enter(node, shown, aside, behind)
        if node.first_child is not None:
            node = node.first_child
            continue
        while node is not None:
            _leave(node, shown, behind)
            if node.next is not None:
                node = node.next
                break
            node = node.parent


def _enter(
    node: LexborNode, shown: list[str], aside: list[str], behind: list[tuple[LexborNode, str]]
) -> None:
    tag = node.tag or ""
    if tag == "-text":
        shown.append(node.text_content or "")
        return
    if tag == "-comment":
        aside.append(_comment(node))
        return
    if tag.startswith(("-", "!")):
        return
    if tag == "template":  # its content is no child of it
        aside.append(unescape(_TAG.sub(" ", node.html or "")))
    if tag in _BLOCKS:
        shown.append("\n")
    elif tag in _CELLS:
        shown.append(" ")
    for name, value in node.attributes.items():
        if not value:
            continue
        low = name.lower()
        if low in _ADDRESSES:
            _address(value, node, shown, aside, behind)
        elif _speaks(low, value):
            aside.append(value)


def _speaks(attribute: str, value: str) -> bool:
    """True when an attribute may say something; what says nothing does not leave."""
    if attribute in _SAYINGS:
        return True
    if attribute == "style":
        return _STYLED.search(value) is not None
    named = attribute in _NAMES or attribute.startswith(("on", "data-"))
    return named and _ORDINARY.fullmatch(value) is None


def _leave(node: LexborNode, shown: list[str], behind: list[tuple[LexborNode, str]]) -> None:
    while behind and behind[-1][0] == node:
        shown.append(f" <{behind.pop()[1]}> ")
    if (node.tag or "") in _BLOCKS:
        shown.append("\n")


def _comment(node: LexborNode) -> str:
    text = node.text_content or node.html or ""
    return text.removeprefix("<!--").removesuffix("-->")


def _address(
    value: str, node: LexborNode, shown: list[str], aside: list[str],
    behind: list[tuple[LexborNode, str]],
) -> None:  # fmt: skip
    """An address behind the words that show it; of `data:` only the text that is in it."""
    bare = "".join(value.split())
    if bare.lower().startswith("data:"):
        aside.extend(_held(bare))
    elif bare.lower().startswith(("cid:", "#", "about:")):
        return
    elif node.tag == "a":
        behind.append((node, bare))
    else:
        shown.append(f" <{bare}> ")


def _held(address: str) -> Iterator[str]:
    """Readable text inside a `data:` address (RFC 2397)."""
    found = _DATA.match(address)
    if found is None or not (found[1] == "" or found[1].lower().startswith("text/")):
        return
    body = found[3][:MAX_DATA]
    if "base64" in found[2].lower():
        try:
            body = b64decode(body + "=" * (-len(body) % 4)).decode("utf-8", "replace")
        except ValueError:
            return
    yield _TAG.sub(" ", unescape(unquote(body)))


_TAG = re.compile(r"<[^<>]{0,2000}>")
