"""Slovenian and Croatian sentences as English features: a glossary of the words of security.

A sentence is read as the English lines of the words that it holds. That is a hint and no
translation: what comes of it says so (`low`) and is suggested only where the words themselves name
a technique.
"""

import re
import tomllib
from functools import cache
from importlib import resources

from msgspec import Struct

from zvon.ml.fold import accents

_GAP = r"\w*(?:\W+\w+){0,2}?\W+"


class Word(Struct, frozen=True):
    """A line of the glossary: what it is in English, and the technique that it names, if any.

    `technique` is empty where the words alone name none.
    """

    say: str
    technique: str


class _Line(Struct, frozen=True):
    pattern: re.Pattern[str]
    together: re.Pattern[str] | None
    word: Word


def words(sentence: str) -> list[Word]:
    """The lines of the glossary whose words are in a sentence, in the glossary's order."""
    folded = accents(sentence[:2_000])
    return [
        Word(line.word.say, line.word.technique if _beside(line, folded) else "")
        for line in _lines()
        if line.pattern.search(folded)
    ]


def _beside(line: _Line, folded: str) -> bool:
    return line.together is None or line.together.search(folded) is not None


@cache
def _lines() -> tuple[_Line, ...]:
    text = (resources.files("zvon.ml") / "attack" / "glossary.toml").read_text(encoding="utf-8")
    return tuple(
        _Line(
            _pattern(row["stems"]),
            _pattern(row["together"]) if "together" in row else None,
            Word(row["say"], row.get("technique", "")),
        )
        for row in tomllib.loads(text)["word"]
    )


def _pattern(stems: list[str]) -> re.Pattern[str]:
    """Stems at the beginning of a word; between the words of one stem two others may stand."""
    parts = [_GAP.join(re.escape(word) for word in accents(stem).split()) for stem in stems]
    return re.compile(r"\b(?:" + "|".join(parts) + ")")
