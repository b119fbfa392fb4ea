"""How a document stands to its own values: headings, tables, lists, and who wrote which block.

Lines are read once. A heading that announces indicators holds for what follows it up to the next
heading; a line that ends in a colon holds up to the next blank line; the header of a table holds
for its rows.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache

import msgspec
from msgspec import Struct

from zvon.formats import forward, remark
from zvon.privacy.fold import fold
from zvon.privacy.tables import DATA, read

_DECORATION = re.compile(r"^[\s#=*_>~.\-–—•\d()]*|[\s#=*_~:\-–—]*$")
_CELL = re.compile(r"\s*[|\t;]\s*|\s{3,}|,")
_SENTENCE_END = re.compile(r"[.!?…]\s*$")
MAX_HEADING = 80


class Weights(Struct, frozen=True, forbid_unknown_fields=True):
    """The weights of `data/intel.toml`, in log-odds."""

    indicator_section: float
    indicator_table: float
    lead_in: float
    reference_section: float
    note_section: float
    known: float
    listed: float
    own: float
    criminal: float
    citizen: float
    plain_beside_defanged: float
    plain_beside_many: float
    plain_in_report: float
    furniture: float
    institution: float
    link_mismatch: float
    link_text: float
    private: float
    system_file: float
    quoted_work: float
    legitimate: float
    sinkhole: float


class Heading(Struct, frozen=True, forbid_unknown_fields=True):
    """What headings say, by what they announce."""

    indicators: tuple[str, ...]
    reference: tuple[str, ...]
    note: tuple[str, ...]
    column: tuple[str, ...]


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases beside a value that say what it is."""

    legitimate: tuple[str, ...]
    sinkhole: tuple[str, ...]
    research: tuple[str, ...]


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """The file `data/intel.toml`."""

    weight: Weights
    heading: Heading
    words: Words
    files: dict[str, frozenset[str]]
    infrastructure: dict[str, tuple[str, ...]]
    reference: dict[str, tuple[str, ...]]


@cache
def table() -> Table:
    """The shipped words, hosts and weights."""
    return msgspec.convert(read(DATA / "intel.toml"), Table)


def phrases(words: Iterable[str]) -> str:
    """A pattern for folded text that finds any of the phrases; `*` ends a stem."""
    return "|".join(
        r"\s+".join(
            re.escape(part.rstrip("*")) + (r"\w*" if part.endswith("*") else "")
            for part in phrase.split()
        )
        for phrase in sorted(words, key=len, reverse=True)
    )


@cache
def _headings() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = table().heading
    return tuple(
        (kind, re.compile(rf"(?:\w+\W+){{0,2}}(?:{phrases(words)})(?:\W+\w+){{0,3}}\W*"))
        for kind, words in (
            ("indicators", rows.indicators),
            ("reference", rows.reference),
            ("note", rows.note),
        )
    )


@cache
def _announced() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{phrases(table().heading.indicators)})\b")


@cache
def _column() -> re.Pattern[str]:
    rows = table().heading
    return re.compile(rf"(?:{phrases((*rows.column, *rows.indicators))})(?:\W+\w+)?")


class Stretch(Struct, frozen=True):
    """A stretch of the text and what its heading says: `indicators`, `reference`, `note`, `lead-in`, `table`."""

    start: int
    kind: str
    said: str


class Layout:
    """Stretches of a text in order; `at` answers for a place."""

    __slots__ = ("_starts", "_stretches")

    def __init__(self, text: str) -> None:
        self._stretches = list(_stretches(text))
        self._starts = [stretch.start for stretch in self._stretches]

    def at(self, place: int) -> Stretch | None:
        """What the nearest heading says of a place; `None` when nothing does."""
        i = bisect_right(self._starts, place) - 1
        found = self._stretches[i] if i >= 0 else None
        return found if found is not None and found.kind else None


def _stretches(text: str) -> Iterable[Stretch]:
    """Changes of what is announced, in order of place."""
    at, section, inner, said, blank = 0, "", "", "", True
    begun = False  # a blank may stand between an announcing line and its list
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        now = (section, inner)
        if not bare:
            if inner == "table" or (inner == "lead-in" and begun):
                inner = ""
        elif len(bare) <= MAX_HEADING * 2:
            head = _table_head(bare)
            kind = None if head else _heading(bare, blank=blank)
            if head:
                inner, said = "table", bare
            elif kind is not None:
                section, inner, said = kind, "", bare
            elif bare.endswith(":") and _announced().search(fold(bare)):
                inner, said, begun = "lead-in", bare, False
            else:
                begun = True
        if (section, inner) != now:
            yield Stretch(at + len(line), inner or section, said[:60])
        blank = not bare
        at += len(line)


def _heading(bare: str, *, blank: bool) -> str | None:
    """What a line announces when it is a heading: a kind, or nothing at all for another heading."""
    words = _DECORATION.sub("", bare)
    if not words or len(words) > MAX_HEADING or words.count(" ") > 8:
        return None
    marked = bare.startswith(("#", "==", "**")) or (len(words) > 3 and words.isupper())
    if not marked and _SENTENCE_END.search(bare):
        return None
    folded = fold(words)
    for kind, pattern in _headings():
        if pattern.fullmatch(folded):
            return kind
    if marked and not re.search(r"\w[.\[]\w|@|://", words):
        return ""
    plain = blank and words[0].isupper() and not re.search(r"[\d@/\\:.,;|\[\]]", words)
    return "" if plain and 1 <= words.count(" ") <= 6 and not bare.endswith(",") else None


def _table_head(bare: str) -> bool:
    cells = [cell for cell in _CELL.split(bare) if cell]
    if not 2 <= len(cells) <= 12 or any(len(cell) > 30 for cell in cells):
        return False
    folded = [fold(_DECORATION.sub("", cell)) for cell in cells]
    named = sum(_column().fullmatch(cell) is not None for cell in folded)
    return named * 2 >= len(cells) and not re.search(r"\d{3}|\w\[?\.\]?\w|@|://", bare)


class Blocks:
    """Who wrote what: the citizen before a forwarded mail, its sender after the head of it."""

    __slots__ = ("_forward", "_remarks", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._forward = forward.find(text)
        self._remarks = [
            (found.start(), found.end())
            for found in re.finditer(r"(?m)^.+$", text[:200_000])
            if remark.starts(found[0])
        ] if self._forward is None else []  # fmt: skip

    def author(self, place: int) -> str:
        """`reporter`, `attacker`, `head` for the field lines of a forwarded mail, or nothing."""
        found = self._forward
        if found is not None:
            if place < found.remark_end:
                return "reporter"
            return "attacker" if place >= found.start else "head"
        if any(start <= place < end for start, end in self._remarks):
            return "reporter"
        return ""
