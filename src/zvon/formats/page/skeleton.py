"""The bones of a page: its tags and the shapes of their classes, without a word of text.

Pages of one kit have the same bones under other names, brands and languages. Scripts, styles and
what hosts put into the head are left out, because they differ from day to day; of rows that repeat
one counts. Order of attributes and of classes changes nothing.
"""

import hashlib
import re

from selectolax.lexbor import LexborNode

MAX_NODES = 20_000
MORE = "page-too-large"

_SKIPPED = frozenset({"script", "style", "noscript", "meta", "link", "base", "title", "template"})
_CLOSED = frozenset({"svg", "math", "select", "video", "audio", "object"})
_DIGITS = re.compile(r"\d+")
_MADE = re.compile(r"(?=.*\d)(?=.*[a-zA-Z])[\w-]{6,}|.{25,}")


def skeleton(root: LexborNode | None) -> tuple[str, int, bool]:
    """Hash (32 hex digits) and number of elements; the last says that there were too many.

    An empty page has an empty hash.
    """
    node, count = root, 0
    above: list[tuple[str, list[bytes]]] = []
    top: list[bytes] = []
    while node is not None and count < MAX_NODES:
        tag = node.tag or ""
        if not tag.startswith(("-", "!")) and tag not in _SKIPPED:
            count += 1
            above.append((_shape(tag, node), []))
            child = None if tag in _CLOSED else node.first_child
            if child is not None:
                node = child
                continue
            _close(above, top)
        # The next one to the right, of this element or of one that holds it.
        while node is not None and above:
            following = node.next
            if following is not None:
                node = following
                break
            node = node.parent
            _close(above, top)
        else:
            node = None
    while above:
        _close(above, top)
    if count == 0:
        return "", 0, False
    return hashlib.blake2b(b"".join(top), digest_size=16).hexdigest(), count, count >= MAX_NODES


def _close(above: list[tuple[str, list[bytes]]], top: list[bytes]) -> None:
    """End the innermost open element: its hash joins those of its parent, unless it repeats."""
    key, children = above.pop()
    mine = hashlib.blake2b(
        key.encode("utf-8", "replace") + b"\0" + b"".join(children), digest_size=8
    ).digest()
    to = above[-1][1] if above else top
    if not to or to[-1] != mine:
        to.append(mine)


def _shape(tag: str, node: LexborNode) -> str:
    attributes = node.attributes
    classes = attributes.get("class")
    shapes = sorted({_class(each) for each in classes.split()[:20]}) if classes else []
    if tag in {"input", "button"}:
        shapes.append((attributes.get("type") or "").lower()[:20])
    return tag + "." + ".".join(shapes)


def _class(name: str) -> str:
    """`col-md-6` and `col-md-12` are one shape; names that a tool made are another one."""
    return "*" if _MADE.fullmatch(name) else _DIGITS.sub("0", name.lower())
