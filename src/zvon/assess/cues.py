"""Cue words in a message: what it asks for and threatens with; the words are data."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from zvon.ml.fold import in_place
from zvon.model.verdict import Span

MAX_CHARS = 20_000  # of a message; a lure says what it wants in its first pages


class Cue(Struct, frozen=True):
    """Compiled patterns; each group must be found. `iban` asks for an account number besides."""

    groups: tuple[re.Pattern[str], ...]
    iban: bool = False

    def find(self, folded: str) -> Span | None:
        """Where the first group is found, when all are."""
        matches = [group.search(folded) for group in self.groups]
        first = matches[0]
        if first is None or not all(matches):
            return None
        return Span(first.start(), first.end())


class Cues(Struct, frozen=True):
    """The cue words of one version."""

    version: str
    cue: Mapping[str, Cue]
    entered: Mapping[str, Cue]
    lists: Mapping[str, frozenset[str]]


def found(cues: Mapping[str, Cue], text: str, *, iban: bool = False) -> dict[str, Span]:
    """The cues that `text` has, each with the place of its first word. `iban`: it names one."""
    folded = in_place(text[:MAX_CHARS])
    spans = {code: cue.find(folded) for code, cue in cues.items() if iban or not cue.iban}
    return {code: span for code, span in spans.items() if span is not None}


@cache
def shipped() -> Cues:
    """The cue words that come with the program."""
    data = tomllib.loads((files("zvon.assess") / "cues.toml").read_text(encoding="utf-8"))
    return Cues(
        data["version"],
        {code: _cue(row) for code, row in data["cue"].items()},
        {code: _cue(row) for code, row in data["entered"].items()},
        {name: frozenset(words) for name, words in data["lists"].items()},
    )


def _cue(row: Mapping[str, Any]) -> Cue:
    groups: Iterable[list[str]] = row.get("and") or [
        [pattern for lang in ("sl", "hr", "en") for pattern in row.get(lang, [])]
    ]
    return Cue(tuple(re.compile("|".join(group)) for group in groups), row.get("iban", False))
