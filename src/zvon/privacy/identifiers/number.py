"""Numbers with check digits: accounts, cards, numbers of people and firms, devices, parcels.

A shape alone destroys ticket numbers (8 % of random digits pass the check of a tax number), so
short numbers also need a word that names them.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module

from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

from zvon.formats import card
from zvon.model.iban import length
from zvon.privacy.identifiers.phone import phones
from zvon.privacy.identifiers.shape import put
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading
from zvon.privacy.tables import Country, Identifier, countries

# How many digits a zone has at least, for what may be in it.
_FEWEST_OF_PLACE, _FEWEST_OF_PARCEL, _FEWEST_OF_CARD = 5, 9, 13
_SHORTEST_OF_STATE, _SHORTEST_OF_PLATE = 7, 7
_NOT_DIGIT = re.compile(r"\D")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z0-9]){11,30}", re.IGNORECASE)
_JOINED = re.compile(r"^[\w+.-] | [\w-]$")
_CARD = re.compile(r"(?<![\w+.-])[3-6]\d{3}(?:[ -]?\d){9,15}(?![\w-])")
_DIGITS = re.compile(r"(?<![\w.,:/+-])(?:[A-Z]{2} ?)?\d{7,13}(?![\w/]|[.,:]\d|-\d)")
_PARCEL = re.compile(r"(?<!\w)[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2}(?!\w)")
_PLACE = re.compile(
    r"(?<![\d.])-?\d{1,2}\.\d{4,}°?\s*[NS]?\s*[,;/]\s*-?\d{1,3}\.\d{4,}(?!\d)"
    r"|(?<!\d)\d{1,2}°\s?\d{1,2}['′]\s?\d{1,2}(?:\.\d{1,3})?[\"″]?\s?[NSEWVZJ]"
)


# Where a text first names a kind of number, by the row's identity; looked up once for a text.
Heads = dict[int, int]


def certain(reading: Reading, zones: Zones) -> None:
    """Take accounts, parcels, cards and coordinates: they need no word beside them."""
    text = reading.text
    for start, end in zones.numbers:
        size = len(_NOT_DIGIT.sub("", text[start:end]))
        if size >= _FEWEST_OF_PARCEL:
            _accounts(reading, start, end)
            for found in _PARCEL.finditer(text, start, end):
                value = found[0].replace(" ", "")
                put(reading, found.start(), found.end(), "TRACK", value, fixed="remove")
        if size >= _FEWEST_OF_CARD:
            _cards(reading, start, end)
        if size >= _FEWEST_OF_PLACE or text.find("°", start, end) >= 0:
            for found in _PLACE.finditer(text, start, end):
                put(reading, found.start(), found.end(), "PLACE", found[0], fixed="remove")


def likely(reading: Reading, zones: Zones) -> None:
    """Take numbers of people and firms, telephones and plates."""
    heads: Heads = {}
    for start, end in zones.numbers:
        if end - start >= _SHORTEST_OF_STATE:
            _of_states(reading, start, end, heads)
            phones(reading, start, end)
        if end - start >= _SHORTEST_OF_PLATE:
            _plates(reading, start, end)


def _accounts(reading: Reading, start: int, end: int) -> None:
    for found in _IBAN.finditer(reading.text, start, end):
        country = found[0][:2].upper()
        size = _iban_length(country)
        stop = _cut(found[0], size) if size else 0
        if not stop or reading.text[found.start() + stop : found.start() + stop + 1].isalnum():
            continue
        raw = found[0][:stop]
        compact = re.sub(r"[ \u00a0-]", "", raw).upper()
        # A typing error in an account number does not make it something else.
        grouped = raw[:4].isupper() or " " in raw
        if grouped or mod_97_10.is_valid(compact[4:] + compact[:4]):
            put(reading, found.start(), found.start() + stop, "IBAN", compact,
                country=country.lower())  # fmt: skip


@cache
def _iban_length(country: str) -> int | None:
    try:
        return length(country)
    except (ValidationError, ValueError, KeyError, IndexError):
        return None


def _cut(raw: str, size: int) -> int:
    """Where the first `size` letters and digits of `raw` end, 0 when there are fewer."""
    seen = 0
    for at, char in enumerate(raw, start=1):
        seen += char.isalnum()
        if seen == size:
            return at
    return 0


def _cards(reading: Reading, start: int, end: int) -> None:
    text = reading.text
    zone = text[start:end]
    for low, high in card.spans(zone):  # first, so that digits behind a number do not hide it
        low, high = low + start, high + start
        if not _JOINED.search(text[max(0, low - 1) : low] + " " + text[high : high + 1]):
            _card(reading, low, high)
    for found in _CARD.finditer(text, start, end):
        digits = _bare(reading, found.start(), found.end())
        if 13 <= len(digits) <= 19 and luhn.is_valid(digits):
            _card(reading, found.start(), found.end())


def _card(reading: Reading, start: int, end: int) -> None:
    put(reading, start, end, "CARD", _bare(reading, start, end), fixed="remove")


def _bare(reading: Reading, start: int, end: int) -> str:
    return _NOT_DIGIT.sub("", reading.folded[start:end])


@cache
def _validator(module: str) -> Callable[[str], bool] | None:
    return import_module(module).is_valid if module else None


@cache
def _rows() -> dict[int, tuple[tuple[Country, Identifier], ...]]:
    """The identifiers of all countries by how many digits they have."""
    rows = [(country, row) for country in countries() for row in country.id]
    sizes = {size for _, row in rows for size in row.digits}
    return {n: tuple((c, r) for c, r in rows if n in r.digits) for n in sizes}


def _of_states(reading: Reading, start: int, end: int, heads: Heads) -> None:
    for found in _DIGITS.finditer(reading.text, start, end):
        if reading.free(found.start(), found.end()):
            _of_state(reading, found.start(), found.end(), found[0], heads)


def _of_state(reading: Reading, start: int, end: int, raw: str, heads: Heads) -> None:
    digits = _bare(reading, start, end)
    before = reading.folded[max(0, start - 48) : start]
    if not raw[0].isdigit():
        prefixed = {row.prefix for _, row in _rows().get(len(digits), ())}
        if raw[:2] not in prefixed:
            start = end - len(raw.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ "))
    for country, row in _rows().get(len(digits), ()):
        check = _validator(row.module)
        if row.context:  # without a word beside it such a number may be anything
            found = _named(row, before) or (bool(row.prefix) and raw.startswith(row.prefix))
            if not found and _named_above(row, reading, start, heads):
                found = check is not None and check(digits)
        else:
            found = check is not None and check(digits)
        if found:
            put(reading, start, end, row.type, digits, country=country.country.lower(), fixed="remove")  # fmt: skip
            return


@cache
def _context(row: Identifier) -> re.Pattern[str]:
    words = "|".join(
        re.escape(w.rstrip("*")) + (r"\w*" if w.endswith("*") else "") for w in row.context
    )
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)(?!.*\d{{5}})")


def _named(row: Identifier, before: str) -> bool:
    return bool(row.context) and _context(row).search(before) is not None


def _named_above(row: Identifier, reading: Reading, start: int, heads: Heads) -> bool:
    """True when a word further up names such numbers: the head of a column, of a list."""
    key = id(row)
    if key not in heads:
        found = _word(row).search(reading.folded)
        heads[key] = found.start() if found else len(reading.folded)
    return heads[key] < start


@cache
def _word(row: Identifier) -> re.Pattern[str]:
    words = "|".join(re.escape(w.rstrip("*")) for w in row.context if len(w) > 2)
    return re.compile(rf"(?<!\w)(?:{words or '(?!)'})")


@cache
def _plate() -> re.Pattern[str] | None:
    shapes = [shape for country in countries() for shape in country.plates]
    return re.compile(rf"(?<![\w-])(?:{'|'.join(shapes)})(?![\w-])") if shapes else None


def _plates(reading: Reading, start: int, end: int) -> None:
    pattern = _plate()
    for found in pattern.finditer(reading.text, start, end) if pattern else ():
        value = re.sub(r"[ -]", "", found[0])
        put(reading, found.start(), found.end(), "PLATE", value, fixed="remove")
