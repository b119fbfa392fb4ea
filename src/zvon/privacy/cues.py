"""Words that say whose a value is, found in a text once and for all detectors.

Phrases come from `data/cues/<language>.toml`. A phrase is folded words; `*` ends a stem.
"""

import re
from functools import cache
from typing import NamedTuple

from zvon.privacy.fold import fold
from zvon.privacy.tables import cue_files

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SECTIONS = ("contact", "person", "alias", "host", "secret", "org", "parcel", "birth", "hacked", "site", "stolen",
             "document", "plate", "address")  # fmt: skip


REMEMBERED = 20_000


class Word(NamedTuple):
    """One word of the text; `folded` has its diacritics and case removed."""

    start: int
    end: int
    text: str
    folded: str


class Cue(NamedTuple):
    """A phrase of the cue files at a place of the text; `weight` is in log-odds."""

    start: int
    end: int
    section: str
    weight: float
    phrase: str


class _Entry(NamedTuple):
    rest: tuple[tuple[str, bool], ...]
    section: str
    weight: float
    phrase: str


class Lexicon(NamedTuple):
    """The phrases of some languages, looked up by their first word."""

    exact: dict[str, list[_Entry]]
    stems: dict[int, dict[str, list[_Entry]]]
    seen: dict[str, tuple[_Entry, ...]]

    def of(self, word: str) -> tuple[_Entry, ...]:
        """The phrases that begin with `word`; words repeat, so the answer is remembered."""
        found = self.seen.get(word)
        if found is None:
            entries = list(self.exact.get(word, ()))
            for length, table in self.stems.items():
                if len(word) >= length:
                    entries.extend(table.get(word[:length], ()))
            found = tuple(entries)
            if len(self.seen) >= REMEMBERED:
                self.seen.clear()
            self.seen[word] = found
        return found


def words(text: str, folded: str) -> list[Word]:
    """The words of `text`; `folded` is its folded form."""
    make = tuple.__new__  # half the time of Word(…), and there are many words
    return [
        make(Word, (start := m.start(), end := m.end(), m[0], folded[start:end]))
        for m in _WORD.finditer(text)
    ]


@cache
def lexicon(languages: tuple[str, ...]) -> Lexicon:
    """Compile the phrases of `languages`."""
    built = empty_lexicon()
    for language in languages:
        for section, body in cue_files()[language].items():
            if section in {"before", "after", "people", "given"}:
                for phrase, weight in body.items():
                    add_phrase(built, phrase, section, float(weight))
            elif section == "user":
                for phrase in body["strong"]:
                    add_phrase(built, phrase, "user.strong", 0.0)
                for phrase in body["weak"]:
                    add_phrase(built, phrase, "user.weak", 0.0)
            elif section in _SECTIONS:
                for phrase in body["phrases"]:
                    add_phrase(built, phrase, section, 0.0)
    return built


def empty_lexicon() -> Lexicon:
    """A lexicon without phrases."""
    return Lexicon({}, {}, {})


def add_phrase(built: Lexicon, phrase: str, section: str, weight: float) -> None:
    """Add a phrase of folded words, `*` ends a stem, to a lexicon that nobody uses yet."""
    parts = [(re.sub(r"[^\w-]", "", word), word.endswith("*")) for word in fold(phrase).split()]
    (first, stem), rest = parts[0], tuple(parts[1:])
    entry = _Entry(rest, section, weight, phrase)
    table = built.stems.setdefault(len(first), {}) if stem else built.exact
    table.setdefault(first, []).append(entry)


def find(found: list[Word], lex: Lexicon) -> list[Cue]:
    """All phrases in the text, in order; of two that begin together the longer one stays."""
    out: list[Cue] = []
    seen = lex.seen
    for i, word in enumerate(found):
        entries = seen.get(word.folded)
        if entries is None:
            entries = lex.of(word.folded)
        if not entries:
            continue
        best: dict[str, tuple[int, int, _Entry]] = {}
        for entry in entries:
            end = _match(found, i, entry.rest)
            rank = len(entry.phrase)
            if end >= 0 and rank > best.get(entry.section, (0, 0, None))[0]:
                best[entry.section] = (rank, end, entry)
        out.extend(
            Cue(word.start, end, section, entry.weight, entry.phrase)
            for section, (_, end, entry) in best.items()
        )
    return out


def _match(found: list[Word], i: int, rest: tuple[tuple[str, bool], ...]) -> int:
    """Where the phrase that began at word `i` ends in the text, or -1."""
    if i + len(rest) >= len(found):
        return -1
    for offset, (part, stem) in enumerate(rest, start=1):
        word = found[i + offset]
        if word.start - found[i + offset - 1].end > 2:
            return -1
        if not (word.folded.startswith(part) if stem else word.folded == part):
            return -1
    return found[i + len(rest)].end


@cache
def _stop(language: str) -> frozenset[str]:
    return frozenset(fold(word) for word in cue_files()[language]["stop"])


def language(found: list[Word]) -> str | None:
    """The language whose function words occur clearly most, or `None`."""
    seen = {word.folded for word in found}
    scores = sorted((len(seen & _stop(name)), name) for name in cue_files())
    (second, _), (best, name) = scores[-2:]
    return name if best > second else None


@cache
def streets() -> frozenset[str]:
    """Folded words for a street in all languages."""
    return frozenset(
        fold(word) for body in cue_files().values() for word in body["address"]["street"]
    )


@cache
def all_stops() -> frozenset[str]:
    """Function words of all languages."""
    return frozenset().union(*(_stop(name) for name in cue_files()))
