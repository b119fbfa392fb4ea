"""What was found at one place of a text."""

import re

from msgspec import Struct

from zvon.formats import defang
from zvon.model.observable import BadValue, Observable, ObservableType, canonical

CUE_WINDOW = 24


class Found(Struct, frozen=True, gc=False):
    """One value at one place: `text[start:end] == raw`, in code points.

    `parent` is the value in which this one stands: the address around a host, the mail address
    around a domain, the path around a file name.
    """

    observable: Observable
    start: int
    end: int
    raw: str
    defanged: bool = False
    parent: Observable | None = None


class Scanned:
    """A text while it is read, with what was found in it so far, in order."""

    __slots__ = ("found", "region", "text")

    def __init__(self, text: str, region: str) -> None:
        self.text, self.region = text, region
        self.found: list[Found] = []

    def before(self, start: int, window: int = CUE_WINDOW) -> str:
        """The text that stands shortly before a place."""
        return self.text[max(0, start - window) : start]

    def value(self, start: int, end: int, observable: Observable) -> Found:
        """What was found there, with the mark whether it was made harmless."""
        raw = self.text[start:end]
        harmless = raw != observable.value and defang.is_defanged(raw)
        return Found(observable, start, end, raw, harmless)

    def read(self, kind: ObservableType, start: int, end: int) -> Found | None:
        """What stands there, when it has a canonical form as `kind`."""
        try:
            return self.value(start, end, canonical(kind, self.text[start:end]))
        except BadValue:
            return None


TRAILING = frozenset(".,;:!?…'’\"*_~|\\–—")
_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
_BRACKET = re.compile(r"[()\[\]{}<>]")


def trimmed(text: str, start: int, end: int) -> int:
    """The end of an address without the punctuation of the sentence around it."""
    if text[end - 1].isalnum():
        return end
    spare: dict[str, int] = {}
    for mark in _BRACKET.findall(text, start, end):
        spare[mark] = spare.get(mark, 0) + 1
    while end > start:
        char = text[end - 1]
        opener = _PAIRS.get(char)
        if opener is None:
            if char not in TRAILING:
                break
        elif spare[char] > spare.get(opener, 0):
            spare[char] -= 1
        else:
            break
        end -= 1
    return end
