"""Where in a text an identifier can stand at all: most words hold none and are never looked at.

Every pattern runs over the few words that have its mark (an `@`, a digit, a slash), not over the
whole text. Words end at blanks, as identifiers do; numbers written in groups make one zone.
"""

import re

_CHUNK = re.compile(r"\S+")
_DIGIT = re.compile(r"\d")
_ENDS = frozenset(".,;:!?)\"'»”")
_BRACKETS = ("[", "(", "{")
LONG = 16
_LEAD = 6
_BRIDGE = 4

Range = tuple[int, int]


class Zones:
    """Ranges of a text by the mark that is in them, in order.

    `numbers` are runs of words with digits, with one short word before, between and after: the
    country of an account number, a bank's letters inside it, the end of a number plate.
    """

    __slots__ = ("at", "back", "colon", "dash", "dot", "hash", "long", "numbers", "slash")

    def __init__(self, text: str) -> None:
        self.at: list[Range] = []
        self.back: list[Range] = []
        self.colon: list[Range] = []
        self.dash: list[Range] = []
        self.dot: list[Range] = []
        self.hash: list[Range] = []
        self.long: list[Range] = []
        self.slash: list[Range] = []
        self.numbers: list[Range] = []
        self._read(text)

    def _read(self, text: str) -> None:
        first = last = -1  # the open run of words with digits
        bridge = -1  # the end of a short word behind it
        before: Range | None = None
        for found in _CHUNK.finditer(text):
            word = found[0]
            place = found.span()
            digit = False
            if not (word.isalpha() or (word[-1] in _ENDS and word[:-1].isalpha())):
                digit = _DIGIT.search(word) is not None
                self._sort(word, place, digit)
            elif len(word) >= LONG:
                self.long.append(place)
            if digit:
                if first < 0:
                    short = before is not None and before[1] - before[0] <= _LEAD
                    first = before[0] if before is not None and short else place[0]
                last, bridge = place[1], -1
            elif first >= 0:
                if bridge < 0 and len(word) <= _BRIDGE:
                    bridge = place[1]
                else:
                    self.numbers.append((first, max(last, bridge)))
                    first = bridge = -1
            before = place
        if first >= 0:
            self.numbers.append((first, max(last, bridge)))

    def _sort(self, word: str, place: Range, digit: bool) -> None:
        bracket = any(mark in word for mark in _BRACKETS)
        if "@" in word or (bracket and "at" in word):
            self.at.append(place)
        if "." in word or bracket:
            self.dot.append(place)
        if "/" in word:
            self.slash.append(place)
        if "\\" in word:
            self.back.append(place)
        if ":" in word or "=" in word:
            self.colon.append(place)
        if "-" in word or "_" in word or bracket:
            self.dash.append(place)
        if "#" in word:
            self.hash.append(place)
        if digit or len(word) >= LONG:
            self.long.append(place)
