"""Telephone numbers as people write them; the region follows the language of the text."""

import re
from functools import cache

import phonenumbers

from zvon.privacy.identifiers.shape import put
from zvon.privacy.mentions import Reading
from zvon.privacy.tables import countries, home_countries

_PHONE = re.compile(
    r"(?<![\w./+-])(?<!\d:)(?:\(\+\d{1,3}\)[ .\u00a0]?|\+|00|\(?0)\(?\d[\d ()/.\u00a0\u2011\u2013-]{5,20}\d(?!\w|[/.-]\d)"
)
DATE = re.compile(r"(?<!\d)\d{1,2}\. ?\d{1,2}\. ?\d{2,4}(?!\d)|(?<!\d)\d{4}-\d\d-\d\d(?!\d)")
_OF_YEAR = re.compile(r"/(?:19|20)\d\d(?!\d)")  # the number of a document: 060-14/2026-3
_LONG_RUN = re.compile(r"\d{13,}")
_NOT_DIGIT = re.compile(r"\D")
_FEWEST, _FEWEST_ABROAD, _MOST = 8, 10, 15


def phones(reading: Reading, start: int, end: int) -> None:
    """Take the telephone numbers in a range."""
    for found in _PHONE.finditer(reading.text, start, end):
        raw, at = found[0].rstrip(" (-/.\u00a0\u2011\u2013"), found.start()
        if raw[0] == "(" and ")" not in raw:
            raw, at = raw[1:], at + 1
        if not reading.free(at, at + len(raw)):
            continue
        digits = _NOT_DIGIT.sub("", reading.folded[at : at + len(raw)])
        if not _FEWEST <= len(digits) <= _MOST or DATE.search(raw) or _OF_YEAR.search(raw):
            continue
        if raw.startswith("00") and len(digits) < _FEWEST_ABROAD:
            continue
        if raw[0] not in "+(" and not raw.startswith("00") and _LONG_RUN.search(raw):
            continue
        code, number = international(raw, digits, reading.lang)
        put(reading, at, at + len(raw), "PHONE", number, country=code)


def is_phone(text: str, at: int) -> bool:
    """True when a number that begins at `at` is written as one that is dialled from far away."""
    found = _PHONE.match(text, at)
    return found is not None and " " in found[0] and len(_NOT_DIGIT.sub("", found[0])) >= _FEWEST


def international(raw: str, digits: str, lang: str | None) -> tuple[str, str]:
    """Country (two letters, or empty) and E.164 form of a telephone number as written."""
    if raw.lstrip("(").startswith("+") or digits.startswith("00"):
        number = _without_zero(digits.removeprefix("00"))
        return calling(number), "+" + number
    for country in home_countries():
        if lang in country.languages:
            return country.country.lower(), f"+{country.calling}{digits[1:]}"
    return "", digits


def _without_zero(number: str) -> str:
    """Without the zero that is dialled inside a country and that some write: +386 (0)41 …"""
    for country in countries():
        if number.startswith(country.calling + "0"):
            return country.calling + number[len(country.calling) + 1 :]
    return number


@cache
def _calling_codes() -> dict[str, str]:
    return {
        str(code): regions[0].lower()
        for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
        if regions[0].isalpha()
    }


def calling(number: str) -> str:
    """The country of a number in international form without `+`, or empty."""
    for length in (3, 2, 1):
        if country := _calling_codes().get(number[:length]):
            return country
    return ""


def is_home(digits: str) -> bool:
    """True for bare digits that are a whole number, with its code, of one of our countries."""
    codes = tuple(country.calling for country in home_countries())
    return 10 <= len(digits) <= 13 and digits.removeprefix("00").startswith(codes)
