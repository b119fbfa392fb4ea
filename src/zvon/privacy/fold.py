"""Text made comparable without moving a character, and encoded characters opened up.

`fold` keeps the length, so that offsets into the folded text are offsets into the original.
`view` decodes what hides characters (entities, zero-width and bidirectional marks, soft hyphens)
and remembers where each character came from.
"""

import html
import re
import unicodedata

from msgspec import Struct


class _Fold(dict[int, str]):
    """One character to one character: lower case, no diacritics, plain spaces and digits."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char.isspace():
            plain = char if char in "\n\r" else " "
        else:
            base = unicodedata.normalize("NFKD", char).lower()
            plain = "".join(c for c in base if not unicodedata.combining(c))
        plain = {"đ": "d", "ł": "l", "ø": "o", "ı": "i", "ß": "s"}.get(plain, plain)
        if len(plain) != 1:
            plain = char.lower() if len(char.lower()) == 1 else char
        self[code] = plain
        return plain


_TABLE = _Fold()
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8}[0-9]{0,2});"
)


def fold(text: str) -> str:
    """Lower case without diacritics, of the same length as `text`."""
    return text.translate(_TABLE)


class View(Struct, frozen=True):
    """`text` as a reader sees it; `starts[i]` is where its character `i` began in the source.

    `starts` has one more item than `text`, the length of the source, and is `None` when nothing
    was hidden and the offsets are the same.
    """

    text: str
    starts: tuple[int, ...] | None

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the source of the half-open range `start`, `end` of `text`."""
        if self.starts is None:
            return start, end
        if start == end:
            return self.starts[start], self.starts[start]
        return self.starts[start], self.starts[end]


def view(source: str) -> View:
    """Open what hides characters in `source`."""
    if _HIDDEN.search(source) is None:
        return View(source, None)
    out: list[str] = []
    starts: list[int] = []
    at = 0
    for found in _HIDDEN.finditer(source):
        out.append(source[at : found.start()])
        starts.extend(range(at, found.start()))
        plain = html.unescape(found[0]) if found[0][0] == "&" else ""
        out.append(plain)
        starts.extend([found.start()] * len(plain))
        at = found.end()
    out.append(source[at:])
    starts.extend(range(at, len(source) + 1))
    return View("".join(out), tuple(starts))
