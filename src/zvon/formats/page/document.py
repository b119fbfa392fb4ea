"""A page as a tree, whatever its bytes are: decoded, cut and flattened before the parser sees it."""

import re

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from zvon.formats.charset import GUESSED, text_of
from zvon.formats.html import CUT, MAX_DEPTH, TOO_DEEP, depth
from zvon.formats.limit import MAX_HTML

_META = re.compile(rb"(?i)<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})")
# All that a tag says without nesting: what is left of a page that was built to break parsers.
_OTHER_TAGS = re.compile(
    r"(?i)</?(?!(?:html|head|body|form|input|select|option|textarea|button|label|script|style|meta|link"
    r"|title|base|img|iframe|a)\b)[a-z][^<>]*>"
)


class Document(Struct, frozen=True):
    """The tree, its text before parsing, and what was wrong with it."""

    tree: LexborHTMLParser
    html: str
    warnings: tuple[str, ...]

    def css(self, selector: str) -> list[LexborNode]:
        """The elements that match, in document order."""
        found: list[LexborNode] = self.tree.css(selector)
        return found


def document(body: bytes, charset: str | None = None) -> Document:
    """Read the bytes of a page; never fails. `charset` is what the server claims."""
    html, seen = decoded(body[: 2 * MAX_HTML], charset)
    warnings = list(seen)
    if len(html) > MAX_HTML or len(body) > 2 * MAX_HTML:
        warnings.append(CUT)
        html = html[:MAX_HTML]
    html = html.replace("\x00", "\ufffd")
    if depth(html) > MAX_DEPTH:
        warnings.append(TOO_DEEP)
        html = _OTHER_TAGS.sub(" ", html)
        if depth(html) > MAX_DEPTH:
            html = re.sub(r"</?[a-zA-Z][^<>]*>", " ", html)
    return Document(LexborHTMLParser(html.encode("utf-8", "replace").decode()), html,
                    tuple(warnings))  # fmt: skip


def decoded(body: bytes, charset: str | None) -> tuple[str, tuple[str, ...]]:
    """The text by byte order mark, claim, `meta` or guess, in this order."""
    named = charset
    if named is None:
        found = _META.search(body[:4096])
        named = found[1].decode() if found else None
    text, warnings = text_of(body, named)
    if GUESSED in warnings:
        # One broken letter, or the end of what was read, makes no page of UTF-8 another one.
        whole = body.decode("utf-8", "replace")
        if whole.count("\ufffd") * 100 <= len(whole):
            return whole, warnings
    return text, warnings
