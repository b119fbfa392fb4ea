"""Text made comparable without moving a character, and encoded characters opened up.

`fold` keeps the length, so that offsets into the folded text are offsets into the original.
`view` opens what hides characters (elements and entities of HTML, zero-width and bidirectional
marks, soft hyphens, accents apart from their letter) and remembers where each came from.
"""

import html
import re
import unicodedata
from array import array
from collections.abc import Sequence

from msgspec import Struct

from zvon.privacy.markup import is_marked_up, opened


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
# Letters of other scripts that look like Latin ones (Unicode TR 39), folded; used where a word
# mixes scripts, which no honest word does.
_LOOKS = dict(
    zip("авеѕіјкмнорстухһԁԛԝԍαβγεικνορτυχω", "abesijkmhopctyxhdqwgabyeikvoptuxw", strict=True)
)
_OTHER = re.compile("[\u0370-\u052f]")
_MIXED = re.compile(
    r"[^\W\d_]*(?:[a-z][\u0370-\u052f]|[\u0370-\u052f][a-z])[^\W\d_]*", re.IGNORECASE
)
_SEEN = "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e007f]"  # fmt: skip
_ENTITY = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8}[0-9]{0,2});"
_HIDDEN = re.compile(f"{_SEEN}|{_ENTITY}")
_MARK = re.compile("[\u0300-\u036f]")
_MARKED = re.compile(rf"[^\W\d_][\u0300-\u036f]+|{_SEEN}|{_ENTITY}")


def fold(text: str) -> str:
    """Lower case without diacritics, of the same length as `text`."""
    folded = text.translate(_TABLE)
    if _OTHER.search(folded):
        folded = _MIXED.sub(_latin, folded)
    return folded


def _latin(found: re.Match[str]) -> str:
    return "".join(_LOOKS.get(char, char) for char in found[0])


class View(Struct, frozen=True):
    """`text` as a reader sees it; character `i` of it stood in the source from `starts[i]` to
    `ends[i]`. Both are `None` when nothing was hidden and the offsets are the same.
    """

    text: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the source of the half-open range `start`, `end` of `text`."""
        if self.starts is None or self.ends is None:
            return start, end
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else (self.ends or [0])[-1]
            return at, at
        return self.starts[start], self.ends[end - 1]


def view(source: str, *, page: bool = False) -> View:
    """Open what hides characters in `source`: marks that cannot be seen, entities, elements.

    `page` says that the source is HTML as a whole; without, elements are opened where there are
    any. A letter and the accents behind it become one character.
    """
    if page or is_marked_up(source):
        text, starts, ends = opened(source, whole=page)
        inner = _visible(text)
        if inner.starts is None or inner.ends is None:
            return View(text, starts, ends)
        return View(
            inner.text,
            array("q", [starts[i] for i in inner.starts]),
            array("q", [ends[i - 1] for i in inner.ends]),
        )
    return _visible(source)


def _visible(source: str) -> View:
    if source.isascii():
        pattern = _HIDDEN if "&" in source else None
    else:
        pattern = _MARKED if _MARK.search(source) else _HIDDEN
    if pattern is None or pattern.search(source) is None:
        return View(source)
    out: list[str] = []
    starts = array("q")
    ends = array("q")
    at = 0
    for found in pattern.finditer(source):
        low, high = found.span()
        out.append(source[at:low])
        starts.extend(range(at, low))
        ends.extend(range(at + 1, low + 1))
        plain = _plain(found[0])
        out.append(plain)
        starts.extend([low] * len(plain))
        ends.extend([high] * len(plain))
        at = high
    out.append(source[at:])
    starts.extend(range(at, len(source)))
    ends.extend(range(at + 1, len(source) + 1))
    return View("".join(out), starts, ends)


def _plain(hidden: str) -> str:
    if hidden[0] == "&":
        return html.unescape(hidden)
    return unicodedata.normalize("NFC", hidden) if len(hidden) > 1 else ""
