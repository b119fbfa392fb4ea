"""Where in a text an identifier can stand at all: most words hold none and are never looked at.

Every pattern runs over the few words that have its mark (an `@`, a digit, a slash), not over the
whole text. Words end at blanks, as identifiers do; numbers written in groups make one zone.
"""

import re

_CHUNK = re.compile(r"\S+")
_DIGIT = re.compile(r"\d")
_ENDS = frozenset(".,;!?)\"'»”")
LONG = 16
_LEAD = 6
_BRIDGE = 4

Range = tuple[int, int]


class Zones:
    """Ranges of a text by the mark that is in them, in order.

    `numbers` are runs of words with digits, with one short word before, between and after: the
    country of an account number, a bank's letters inside it, the end of a number plate.
    """

    __slots__ = ("at", "back", "colon", "dash", "digit", "dot", "dotted", "hash", "long",
                 "numbers", "slash")  # fmt: skip

    def __init__(self, text: str) -> None:
        self.at: list[Range] = []
        self.back: list[Range] = []
        self.colon: list[Range] = []
        self.dash: list[Range] = []
        self.digit: list[Range] = []
        self.dot: list[Range] = []
        self.dotted: list[Range] = []  # a dot and a digit
        self.hash: list[Range] = []
        self.long: list[Range] = []
        self.slash: list[Range] = []
        self.numbers: list[Range] = []
        self._read(text)

    def _read(self, text: str) -> None:
        first = last = -1  # the open run of words with digits
        bridge = -1  # the end of a short word behind it
        before = (0, 0)
        for found in _CHUNK.finditer(text):
            word = found[0]
            place = found.span()
            size = place[1] - place[0]
            digit = False
            if not (word.isalpha() or (word[-1] in _ENDS and word[:-1].isalpha())):
                digit = _DIGIT.search(word) is not None
                self._sort(word, place, digit)
            if size >= LONG:
                self.long.append(place)
            if digit:
                if first < 0:
                    first = before[0] if before[1] - before[0] <= _LEAD else place[0]
                last, bridge = place[1], -1
            elif first >= 0:
                if bridge < 0 and size <= _BRIDGE:
                    bridge = place[1]
                else:
                    self.numbers.append((first, max(last, bridge)))
                    first = bridge = -1
            before = place
        if first >= 0:
            self.numbers.append((first, max(last, bridge)))

    def _sort(self, word: str, place: Range, digit: bool) -> None:
        bracket = "[" in word or "(" in word or "{" in word
        if "@" in word or (bracket and "at" in word):
            self.at.append(place)
        if "." in word or bracket:
            self.dot.append(place)
            if digit:
                self.dotted.append(place)
        if "/" in word:
            self.slash.append(place)
        if "\\" in word:
            self.back.append(place)
        if ":" in word or "=" in word:
            self.colon.append(place)
        if "-" in word or bracket:
            self.dash.append(place)
        if "#" in word:
            self.hash.append(place)
        if digit:
            self.digit.append(place)
