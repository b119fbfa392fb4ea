"""What was found in a text, and the words around it."""

import re
from bisect import bisect_left, bisect_right

from zvon.privacy.cues import Cue, Word, find, language, lexicon, words
from zvon.privacy.fold import View, fold, view
from zvon.privacy.tables import cue_files

_CLAUSE = re.compile(r"[.!?][)\"'”“»]*(?=\s+[^\s\d])|[;\n]|\s[–—-]\s")
_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|mag|mr|mrs|ms|prof|dipl|ing|univ|spec|sc|st|br|tel|npr|oz|ga|gdin|gosp|gda|roj|rod|d|o|j|p|s|e\.g|i\.e|no|inc|ltd|co)|\b[^\W\d_])$",
    re.IGNORECASE,
)


# No phrase of the cue files is longer, in characters of the text.
_LONGEST_CUE = 96
# What is further away in a line without an end says nothing of a value.
_LONGEST_CLAUSE = 1000


class Mention:
    """One value at one place; mutable while the text is read, never outside the gate.

    `value` is the canonical form (equal values are one entity), `owner` the registered domain
    that it hangs on, `fixed` a decision that no evidence may change (`remove`, `keep`). `inside`
    are victims' values in a value that may stay: start and end in `raw`, type, canonical form.
    """

    __slots__ = ("country", "defanged", "end", "entity", "fixed", "inside", "owner", "part", "raw", "side",
                 "start", "type", "value")  # fmt: skip

    def __init__(
        self, part: str, start: int, end: int, kind: str, raw: str, value: str, *,
        owner: str = "", country: str = "", defanged: bool = False, fixed: str = "",
    ) -> None:  # fmt: skip
        self.part, self.start, self.end = part, start, end
        self.type, self.raw, self.value = kind, raw, value
        self.owner, self.country = owner, country
        self.defanged, self.fixed = defanged, fixed
        self.entity = ""
        self.side = ""
        self.inside: tuple[tuple[int, int, str, str], ...] = ()


class Reading:
    """One part of the item, read: its view, words, cues, clauses and mentions.

    Offsets of everything here count characters of `text`, the view; `view.source` leads back.
    """

    def __init__(
        self, part: str, source: str, lang: str | None, *,
        optional: bool = False, page: bool = False,
    ) -> None:  # fmt: skip
        self.part, self.source, self.optional = part, source, optional
        self.view: View = view(source, page=page)
        self.text = self.view.text
        self.folded = fold(self.text)
        self.words: list[Word] = words(self.text, self.folded)
        self.lang = lang or language(self.words)
        chosen = tuple(cue_files()) if self.lang is None else tuple({self.lang: 0, "en": 0})
        self.cues: list[Cue] = find(self.words, lexicon(chosen))
        self.mentions: list[Mention] = []
        self._taken = bytearray(len(self.text) + 1)
        self._clauses: list[int] | None = None
        self._cue_starts: list[int] | None = None

    def free(self, start: int, end: int) -> bool:
        """True when no mention covers any of the range."""
        return self._taken.find(1, start, end) < 0

    def clear_start(self, start: int, end: int) -> int:
        """Where in the range the text begins that no mention covers up to `end`."""
        last = self._taken.rfind(1, start, end)
        if last >= 0:
            start = last + 1
        while start < end and not self.text[start].isalnum():
            start += 1
        return start

    def add(self, mention: Mention) -> bool:
        """Take the mention unless its range overlaps one that is there."""
        if mention.start >= mention.end or not self.free(mention.start, mention.end):
            return False
        self.claim(mention.start, mention.end)
        self.mentions.append(mention)
        return True

    def claim(self, start: int, end: int) -> None:
        """Mark a range as read, so that no later detector looks at it."""
        self._taken[start:end] = b"\x01" * (end - start)

    def cue_before(self, start: int, section: str, reach: int) -> Cue | None:
        """The nearest cue of `section` that ends at most `reach` characters before `start`."""
        if self._cue_starts is None:
            self._cue_starts = [cue.start for cue in self.cues]
        at = bisect_left(self._cue_starts, start) - 1
        lowest = start - reach - _LONGEST_CUE
        while at >= 0 and self._cue_starts[at] >= lowest:
            cue = self.cues[at]
            if cue.section == section and cue.end <= start and start - cue.end <= reach:
                return cue
            at -= 1
        return None

    def cues_in(self, low: int, high: int) -> list[Cue]:
        """The cues that begin in a range, in order, without a look at the others."""
        if self._cue_starts is None:
            self._cue_starts = [cue.start for cue in self.cues]
        return self.cues[bisect_left(self._cue_starts, low) : bisect_left(self._cue_starts, high)]

    def clause(self, at: int) -> tuple[int, int]:
        """The clause around an offset: half a sentence is not evidence for the other half."""
        ends = self._ends()
        i = bisect_right(ends, at)
        low = ends[i - 1] if i else 0
        high = ends[i] if i < len(ends) else len(self.text)
        return max(low, at - _LONGEST_CLAUSE), min(high, at + _LONGEST_CLAUSE)

    def _ends(self) -> list[int]:
        if self._clauses is None:
            self._clauses = [
                m.end()
                for m in _CLAUSE.finditer(self.text)
                if self.free(m.start(), m.end())
                and not (
                    m[0] == "."
                    and _ABBREVIATION.search(self.text, max(0, m.start() - 8), m.start())
                )
            ]
        return self._clauses
