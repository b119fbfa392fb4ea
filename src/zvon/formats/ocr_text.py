"""Lines that were read off a picture, made a text again: addresses broken over lines are joined.

A telephone breaks a long address at the edge of its bubble, in the middle of a word. The break is
told from the end of a sentence by where the line ends, and by what stands on its two sides.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from zvon.model import name as names
from zvon.model import suffix

# A line that ends short of this share of the widest one was ended on purpose.
FULL = 0.72

_ADDRESS_END = re.compile(
    r"(?i)(?P<whole>(?:https?\s?[:;]\s?/\s?/|www\.)\S*|[a-z0-9-]+(?:\.[a-z0-9-]+)+/\S*|\S*\.[a-z0-9-]*-)$"
)
_SCHEME_ONLY = re.compile(r"(?i)^https?\s?[:;]\s?/?\s?/?$")
_ADDRESS_CHARS = re.compile(r"^[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+$")
_BETWEEN = re.compile(r"[-./?&=_#%~]$")
_SENTENCE_END = re.compile(r"[.!?]$")


class Line(Struct, frozen=True):
    """One line as it was read, and where it begins and ends in the picture, in pixels."""

    text: str
    left: int = 0
    right: int = 0
    block: int = 0


def joined(lines: Sequence[Line]) -> str:
    """The text of `lines`; an address that goes on in the next line is put together."""
    out: list[str] = []
    before: Line | None = None
    glue = False
    for line in lines:
        text = " ".join(line.text.split())
        if not text:
            before, glue = None, False
            if out and out[-1]:
                out.append("")
            continue
        if before is not None and glue and _goes_on(out[-1], text):
            first, _, rest = text.partition(" ")
            out[-1] += first
            if rest:
                out.append(rest)
        else:
            out.append(text)
        widest = max((each.right for each in lines if each.block == line.block), default=0)
        begin = min((each.left for each in lines if each.block == line.block), default=0)
        full = widest <= begin or line.right - begin >= FULL * (widest - begin)
        glue = full and _open_address(out[-1])
        before = line
    return "\n".join(out).strip()


def _open_address(text: str) -> bool:
    """True when the text ends within, or at the end of, an address."""
    last = text.rpartition(" ")[2]
    return bool(_ADDRESS_END.search(last) or _SCHEME_ONLY.match(last))


def _goes_on(text: str, following: str) -> bool:
    """True when the first word of the next line belongs to the address that ends `text`."""
    last = text.rpartition(" ")[2]
    first, _, rest = following.partition(" ")
    if not _ADDRESS_CHARS.match(first):
        return False
    if _SCHEME_ONLY.match(last) or _BETWEEN.search(last) or not _whole(last):
        return True
    if re.search(r"(?i)^(?:https?:|www\.)", first):
        return False
    if re.search(r"[\d/?&=%_]", first) or first[:1] in "-./":
        return True
    # A lone word in small letters behind a path: more of the path. With a sentence behind: prose.
    in_path = "/" in re.sub(r"(?i)^https?\s?[:;]\s?/\s?/", "", last)
    return in_path and not rest and first[:1].islower() and not _SENTENCE_END.search(first)


def _whole(address: str) -> bool:
    """True when the host of an address is complete: its suffix exists."""
    rest = re.sub(r"(?i)^https?\s?[:;]\s?/\s?/", "", address)
    host = re.split(r"[/?#:]", rest, maxsplit=1)[0]
    try:
        name = names.canonical(host.rstrip("."))
    except names.BadName:
        return False
    return "." in name and suffix.known(name)
