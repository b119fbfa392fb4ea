"""The languages of the product: catalogues in, sentences out.

One `.po` file per language and domain, read when first needed and kept; no compiled files to forget.
"""

import datetime as dt
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from babel.dates import format_date, format_time
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LANGS = ("sl", "hr", "en")
MINUS_ISO = "yyyy-MM-dd"
# Units of a length of time, largest first, and their seconds.
UNITS = (("SPAN_DAYS", 86400), ("SPAN_HOURS", 3600), ("SPAN_MINUTES", 60), ("SPAN_SECONDS", 1))


class MissingMessage(LookupError):
    """A catalogue lacks a message; raised only by a strict translator (tests)."""


class Translator:
    """One language. Messages of all domains share one space; a message means one thing."""

    def __init__(self, lang: str, *, strict: bool = False) -> None:
        self.lang = lang
        self._strict = strict
        self._messages: dict[str, tuple[str, ...]] = {}
        folder = files(__package__) / lang
        for entry in sorted(folder.iterdir(), key=lambda e: e.name):
            if entry.name.endswith(".po"):
                with entry.open("rb") as lines:
                    self._add(read_po(lines, locale=lang))
        self._plural = _plural_index(lang)

    def _add(self, catalog: Catalog) -> None:
        for message in catalog:
            if not message.id or message.fuzzy:
                continue
            key = message.id if isinstance(message.id, str) else message.id[0]
            said = message.string or ""
            forms = (said,) if isinstance(said, str) else tuple(said)
            if all(forms):
                self._messages[key] = forms

    def __contains__(self, msgid: str) -> bool:
        return msgid in self._messages

    def text(self, msgid: str, **params: Any) -> str:
        """The sentence for `msgid` with `params` in its `{places}`."""
        return self._fill(self._forms(msgid, msgid)[0], params)

    def plural(self, msgid: str, msgid_plural: str, n: int, **params: Any) -> str:
        """The sentence in the form that this language uses for `n`; `{n}` is filled."""
        forms = self._forms(msgid, msgid if n == 1 else msgid_plural)
        index = self._plural(n) if len(forms) > 1 else 0
        return self._fill(forms[min(index, len(forms) - 1)], {"n": self.number(n), **params})

    def form(self, n: int) -> int:
        """Which of the forms of a word this language uses for `n`, from 0."""
        return self._plural(n)

    def _forms(self, msgid: str, otherwise: str) -> tuple[str, ...]:
        found = self._messages.get(msgid)
        if found is None:
            if self._strict:
                raise MissingMessage(f"{self.lang}: {msgid}")
            return (otherwise,)
        return found

    def _fill(self, sentence: str, params: dict[str, Any]) -> str:
        # A parameter that is a brace expression must not be read as one: format once, by name.
        return sentence.format_map(params) if params else sentence

    def number(self, value: float, digits: int | None = None) -> str:
        """A number as this language writes it; `digits` fixes the decimals."""
        pattern = None if digits is None else "#,##0." + "0" * digits if digits else "#,##0"
        return format_decimal(value, format=pattern, locale=self.lang)

    def date(self, value: dt.date | dt.datetime) -> str:
        """A day; English gets the ISO form, which nobody misreads."""
        if self.lang == "en":
            return format_date(value, MINUS_ISO, locale="en")
        return format_date(value, "medium", locale=self.lang)

    def time(self, value: dt.datetime, *, seconds: bool = False) -> str:
        """A time on the 24-hour clock."""
        return format_time(value, "HH:mm:ss" if seconds else "HH:mm", locale="en")

    def lasting(self, seconds: float) -> str:
        """A length of time in its two largest units: `3 h 20 min`; below a second it is 0 s."""
        left, parts = max(0, round(seconds)), []
        for code, size in UNITS:
            n, left = divmod(left, size)
            parts.append((code, n))
        first = next((place for place, (_, n) in enumerate(parts) if n), len(parts) - 1)
        shown = [parts[first], *((code, n) for code, n in parts[first + 1 : first + 2] if n)]
        return " ".join(self.text(code).format(n=self.number(n)) for code, n in shown)

    def moment(self, value: dt.datetime) -> str:
        """Day and time."""
        return f"{self.date(value)}{',' if self.lang == 'sl' else ''} {self.time(value)}"


def _plural_index(lang: str) -> Callable[[int], int]:
    """Which plural form a count takes; the same rule as in the catalogues' headers."""
    rules: dict[str, Callable[[int], int]] = {
        "sl": lambda n: {1: 0, 2: 1, 3: 2, 4: 2}.get(n % 100, 3),
        "hr": lambda n: (
            0
            if n % 10 == 1 and n % 100 != 11
            else 1
            if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14
            else 2
        ),
        "en": lambda n: int(n != 1),
    }
    return rules[lang]


@cache
def translator(lang: str, *, strict: bool = False) -> Translator:
    """The translator of a language; a language that we do not speak gets English."""
    return Translator(lang if lang in LANGS else "en", strict=strict)


def best(accept_language: str, otherwise: str = "en") -> str:
    """The first of our languages in an `Accept-Language` header (RFC 9110 section 12.5.4)."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        wanted.append((-weight, place, tag.split("-")[0].strip().lower()))
    related = {"bs": "hr", "sr": "hr", "sh": "hr"}
    for weight, _, tag in sorted(wanted):
        lang = related.get(tag, tag)
        if lang in LANGS and weight < 0:
            return lang
    return otherwise
