"""Numbers without a shape of their own, known only by the word beside them (`data/numbers.toml`)."""

import re
from bisect import bisect_left, bisect_right
from functools import cache

import msgspec
from msgspec import Struct

from zvon.privacy.cues import Cue, Lexicon, add_phrase, empty_lexicon, find
from zvon.privacy.fold import fold
from zvon.privacy.identifiers.phone import DATE, is_phone
from zvon.privacy.identifiers.shape import put
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading
from zvon.privacy.tables import DATA, read

_PARCEL_LOOSE = re.compile(r"(?<![\w+])(?<!\d )[A-Z]{0,4}-?\d[\dA-Z]*(?:[- ]\d{3,})*(?!\w)")
_PLATE = re.compile(
    r"(?<!\w)[A-ZČŠŽĆĐ]{1,3}[ -]?(?=[A-Z0-9 -]*\d)[A-Z0-9]{2,4}[ -]?[A-Z0-9]{2,4}(?!\w)"
)
_DOCUMENT = re.compile(r"(?<!\w)(?=[A-Z0-9]*\d{4})[A-Z0-9]{7,10}(?!\w)")
_CUED: dict[str, tuple[str, re.Pattern[str], int]] = {
    "parcel": ("TRACK", _PARCEL_LOOSE, 24),
    "plate": ("PLATE", _PLATE, 24),
    "document": ("DOCUMENT", _DOCUMENT, 32),
    "birth": ("DATE", DATE, 16),
}
_LONGEST = 40
_FEWEST_OF_PARCEL = 6


class Number(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of number, the words that name it, its shape, and how far it may stand from them.

    `anywhere` is a stricter shape that is enough once one of the words stands in the text.
    """

    type: str
    shape: str
    words: tuple[str, ...]
    reach: int
    after: int = 0
    anywhere: str = ""

    @property
    def pattern(self) -> re.Pattern[str]:
        """The shape, whole words only."""
        return _whole(self.shape)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    number: tuple[Number, ...]


@cache
def _whole(shape: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.,:/+-])(?<!\d )(?:{shape})(?![\w/]|[.,:-]\d)")


@cache
def kinds() -> tuple[Number, ...]:
    """The rows of `numbers.toml`."""
    return msgspec.convert(read(DATA / "numbers.toml"), _File).number


@cache
def _lexicon() -> Lexicon:
    built = empty_lexicon()
    for at, row in enumerate(kinds()):
        for phrase in row.words:
            add_phrase(built, phrase, str(at), 0.0)
    return built


@cache
def _widest() -> int:
    return max(max(row.reach, row.after) for row in kinds()) + 24


def by_word(reading: Reading, zones: Zones) -> None:
    """Take numbers that a word of the text names."""
    if not zones.numbers:
        return
    for cue in reading.cues:
        row = _CUED.get(cue.section)
        if row:
            _cued(reading, cue, *row)
    seen: set[str] = set()
    for low, high in _windows(reading, zones):
        for cue in find(reading.words[low:high], _lexicon()):
            _named(reading, cue, kinds()[int(cue.section)], again=cue.section in seen)
            seen.add(cue.section)


def _windows(reading: Reading, zones: Zones) -> list[tuple[int, int]]:
    """Ranges of the words that are near a number; those that touch are one."""
    starts = [word.start for word in reading.words]
    out: list[tuple[int, int]] = []
    for start, end in zones.numbers:
        low = bisect_left(starts, start - _widest())
        high = bisect_right(starts, end + _widest())
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return out


def _cued(reading: Reading, cue: Cue, kind: str, pattern: re.Pattern[str], reach: int) -> None:
    found = pattern.search(reading.text, cue.end, cue.end + reach + 24)
    if found is None or found.start() > cue.end + reach:
        return
    if kind == "TRACK" and (
        sum(map(str.isdigit, found[0])) < _FEWEST_OF_PARCEL or is_phone(reading.text, found.start())
    ):
        return
    put(reading, found.start(), found.end(), kind, fold(found[0]), fixed="remove")


def _named(reading: Reading, cue: Cue, row: Number, *, again: bool) -> None:
    text = reading.text
    end = cue.end + row.reach + _LONGEST
    for found in row.pattern.finditer(text, cue.end, end):
        if found.start() > cue.end + row.reach:
            break
        if row.type == "REG" and is_phone(text, found.start()):
            break  # a number that is dialled names itself better than a word before it
        if "\n\n" not in text[cue.end : found.start()]:
            put(reading, found.start(), found.end(), row.type, fold(found[0]), fixed="remove")
            break
    if row.after:
        last = None
        for found in row.pattern.finditer(text, max(0, cue.start - row.after - 16), cue.start):
            last = found
        if last is not None:
            put(reading, last.start(), last.end(), row.type, fold(last[0]), fixed="remove")
    if row.anywhere and not again:
        for found in _whole(row.anywhere).finditer(text):
            put(reading, found.start(), found.end(), row.type, fold(found[0]), fixed="remove")
