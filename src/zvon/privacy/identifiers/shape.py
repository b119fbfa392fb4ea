"""What all identifiers share: defanged marks, the end of a value in a sentence, taking a place."""

import re

from zvon.privacy.mentions import Mention, Reading

DOT = r"(?:\.|\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\))"
AT = r"(?:@|\[at\]|\(at\)|\[@\])"
NAME = rf"(?:[\w-]{{1,63}}{DOT})+[^\W\d_]{{2,24}}|(?:[\w-]{{1,63}}{DOT})+xn--[\w-]{{1,59}}"
# What may stand in an address on the web up to the blank behind it.
OPEN = r"[^\s<>\"„“”»«`|]"

_DEFANG = re.compile(r"[\[({](?:\.|dot|at|@|:)[\])}]|^h[x*]", re.IGNORECASE)
_DOTS = re.compile(r"[\[({](?:\.|dot)[\])}]", re.IGNORECASE)
_ATS = re.compile(r"[\[({](?:at|@)[\])}]", re.IGNORECASE)
_COLONS = re.compile(r"[\[(]:[\])]")
_SCHEME = re.compile(r"^(s?)([hf])[tx*]{1,2}(ps?)", re.IGNORECASE)
_CLOSES = {")": "(", "]": "[", "}": "{"}
_TAIL = frozenset(".,:;!?'’)]}")


def refang(text: str) -> str:
    """Undo the usual ways to make an address harmless."""
    out = text
    if "[" in text or "(" in text or "{" in text:
        out = _COLONS.sub(":", _ATS.sub("@", _DOTS.sub(".", out)))
    return _SCHEME.sub(_scheme, out)


def _scheme(found: re.Match[str]) -> str:
    return found[1] + found[2] + "t" * (1 + (found[2] == "h")) + found[3]


def defanged(raw: str) -> bool:
    """True when the address was written so that no program makes a link of it."""
    return _DEFANG.search(raw) is not None


def trimmed(text: str, start: int, end: int) -> int:
    """The end of a value without the punctuation of the sentence around it."""
    counts: dict[str, int] = {}
    while end > start and text[end - 1] in _TAIL:
        last = text[end - 1]
        opened = _CLOSES.get(last)
        if opened:
            # Counted once, then kept up to date, so that a million brackets stay linear.
            for mark in (last, opened):
                if mark not in counts:
                    counts[mark] = text.count(mark, start, end)
            if counts[opened] >= counts[last]:
                break
            counts[last] -= 1
        end -= 1
    return end


def put(
    reading: Reading, start: int, end: int, kind: str, value: str, *,
    owner: str = "", country: str = "", defanged: bool = False, fixed: str = "",
) -> bool:  # fmt: skip
    """Take the range for a value of type `kind`, unless something else has a part of it."""
    if start >= end or not reading.free(start, end):
        return False
    return reading.add(
        Mention(reading.part, start, end, kind, reading.text[start:end], value,
                owner=owner, country=country, defanged=defanged, fixed=fixed)
    )  # fmt: skip
