"""Techniques that a text names itself: by id (`T1059.003`) or by their name in ATT&CK.

A name of one everyday word (`Python`, `Proxy`, `Rename`) names nothing by itself; it needs its id.
"""

import re
from collections.abc import Iterator, Mapping

import ahocorasick
from msgspec import Struct

LEAST_NAME_WORDS = 2
LEAST_NAME_LETTERS = 9

_ID = re.compile(r"(?<![\w.])[Tt](1[0-9]{3})(?:[./]([0-9]{3}))?(?![\w]|\.[0-9])")


class Literal(Struct, frozen=True):
    """A technique named at a place, half-open in code points, as the text has it."""

    start: int
    end: int
    technique: str


def ids(text: str) -> Iterator[Literal]:
    """Ids as they stand, also `T1059/003` of links; whether they exist is for the caller."""
    for match in _ID.finditer(text):
        sub = f".{match[2]}" if match[2] else ""
        yield Literal(match.start(), match.end(), f"T{match[1]}{sub}")


class NamePattern:
    """The names of ATT&CK that say enough by themselves, found in one pass."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._by_name: dict[str, str] = {}
        counts: dict[str, int] = {}
        for name in names.values():
            counts[name.lower()] = counts.get(name.lower(), 0) + 1
        for technique, name in sorted(names.items()):
            key = name.lower()
            wordy = len(key.split()) >= LEAST_NAME_WORDS and len(key) >= LEAST_NAME_LETTERS
            if wordy and counts[key] == 1:  # two techniques of one name: only the id tells
                self._by_name[key] = technique
        self._automaton = ahocorasick.Automaton()
        for key in self._by_name:
            self._automaton.add_word(key, key)
        if self._by_name:
            self._automaton.make_automaton()

    def find(self, text: str) -> Iterator[Literal]:
        """Names that stand as a title has them: every word but small ones with a capital."""
        if not self._by_name:
            return
        lowered = text.lower()
        if len(lowered) != len(text):
            return
        for last, key in self._automaton.iter_long(lowered):
            start, end = last + 1 - len(key), last + 1
            if _bordered(text, start, end) and _titled(text[start:end]):
                yield Literal(start, end, self._by_name[key])


def _bordered(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not any(char.isalnum() or char in "_-" for char in before + after)


def _titled(raw: str) -> bool:
    words = [word for word in re.split(r"[\s/:-]+", raw) if len(word) > 3]
    return bool(words) and all(word[0].isupper() or word[0].isdigit() for word in words)
