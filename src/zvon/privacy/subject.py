"""Whose data is this? The identifiers of people in a text, in the form in which they compare."""

from collections.abc import Collection, Iterator
from itertools import islice, product
from typing import Final

from msgspec import Struct

from zvon.privacy import identifiers, whole
from zvon.privacy import names as persons
from zvon.privacy.fold import fold
from zvon.privacy.lemma import lemmas
from zvon.privacy.mentions import Reading
from zvon.privacy.tables import names

KINDS: Final = ("name", "email", "phone", "iban", "card", "plate", "national_id")
"""What a person can give to be found by."""
_TYPE: Final = {"name": "NAME", "email": "EMAIL", "phone": "PHONE", "iban": "IBAN", "card": "CARD",
                "plate": "PLATE"}  # fmt: skip
_KIND: Final = {v: k for k, v in _TYPE.items()} | dict.fromkeys(
    ("EMSO", "OIB", "TAX"), "national_id"
)
_NUMBER: Final = frozenset({"card", "national_id"})
# Of others these go too when a text is handed to somebody whom it is not about.
_ALSO: Final = frozenset({"ADDR", "USER", "SECRET", "REG", "DATE", "DOC", "PASSPORT"})
# Texts are read in pieces of this many characters, so that one of any size costs what it holds.
PIECE = 200_000
MOST = 320
MOST_FORMS = 12
_LEAST_DIGITS = 7
_LEAST_LETTERS: Final = {"plate": 4}


class BadIdentifier(ValueError):
    """What was given is no identifier of its kind; says the kind, never the value."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"this is no {kind.replace('_', ' ')} that can be looked for")


class Identifier(Struct, frozen=True, order=True):
    """One identifier of a person: its kind, and the canonical form that every spelling has."""

    kind: str
    value: str

    def __repr__(self) -> str:
        return f"Identifier({self.kind})"


def identifier(kind: str, text: str, lang: str | None = None) -> Identifier:
    """The canonical form of what a person gave. Raises `BadIdentifier`.

    A telephone number without a country is read as one of the country of `lang`.
    """
    clean = text.strip()
    if kind not in KINDS or not 3 <= len(clean) <= MOST or "\x00" in clean:
        raise BadIdentifier(kind if kind in KINDS else "identifier")
    # What is short, or one name alone, would be found in half of all texts.
    letters = "".join(filter(str.isalnum, fold(clean)))
    if kind in _NUMBER or kind == "phone":
        digits = "".join(filter(str.isdecimal, clean))
        if len(digits) < _LEAST_DIGITS:
            raise BadIdentifier(kind)
        if kind in _NUMBER:
            return Identifier(kind, digits)
    elif len(letters) < _LEAST_LETTERS.get(kind, 5) or (kind == "name" and len(_words(clean)) < 2):
        raise BadIdentifier(kind)
    if kind == "plate":
        return Identifier(kind, letters)
    reading = Reading("given", clean, lang)
    whole.take(reading, _TYPE[kind], "")
    if not reading.mentions:
        raise BadIdentifier(kind)
    return Identifier(kind, _value(kind, reading.mentions[0].value))


def people(text: str, lang: str | None = None) -> frozenset[Identifier]:
    """Every identifier of a person in `text`, whoever it is."""
    return frozenset(
        Identifier(kind, value)
        for piece in _pieces(text)
        for _, _, kind, values in _mentions(_read(piece, lang))
        if kind in KINDS
        for value in values
    )


def masked(text: str, own: Collection[Identifier], lang: str | None = None) -> str:
    """`text` without what identifies people other than the one whose identifiers are `own`.

    Their values become `[email]`, `[name]` and so on. A first or last name alone stays when it is
    part of an own name.
    """
    mine = {(each.kind, each.value) for each in own}
    words = {word for each in own if each.kind == "name" for word in each.value.split()}
    out = []
    for piece in _pieces(text):
        reading, last = _read(piece, lang), 0
        for start, end, kind, values in sorted(_mentions(reading)):
            own_value = any((kind, v) in mine or (kind == "name" and v in words) for v in values)
            if start < last or own_value:
                continue
            out += [reading.text[last:start], f"[{kind}]"]
            last = end
        out.append(reading.text[last:])
    return "".join(out)


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, max(len(text), 1), PIECE):
        yield text[start : start + PIECE]


def _read(text: str, lang: str | None) -> Reading:
    reading = Reading("text", text, lang)
    identifiers.detect(reading)
    persons.detect(reading)
    return reading


def _mentions(reading: Reading) -> Iterator[tuple[int, int, str, tuple[str, ...]]]:
    """Start, end and kind of each value, and the canonical forms that it can have."""
    for each in reading.mentions:
        kind = _KIND.get(each.type)
        if kind == "name":
            yield each.start, each.end, kind, _nominatives(each.raw, each.value.casefold())
        elif kind is not None:
            yield each.start, each.end, kind, (_value(kind, each.value),)
        elif each.type in _ALSO:
            yield each.start, each.end, each.type.lower(), (each.value,)


def _nominatives(raw: str, value: str) -> tuple[str, ...]:
    """`Maje Zupančič` can be of Maja and of Maj: a name is noted under each that it can be."""
    given = _words(raw)
    if not 2 <= len(given) <= 4:
        return (value,)
    known = [
        _known(word, names().first if n == 0 else names().last) for n, word in enumerate(given)
    ]
    return tuple(dict.fromkeys((value, *map(" ".join, islice(product(*known), MOST_FORMS)))))


def _known(word: str, listed: Collection[str]) -> list[str]:
    return [lemma for lemma in lemmas(word) if lemma in listed][:3] or [word]


def _words(text: str) -> list[str]:
    return [each for each in fold(text).replace(",", " ").split() if any(map(str.isalpha, each))]


def _value(kind: str, value: str) -> str:
    if kind in _NUMBER:
        return "".join(filter(str.isdecimal, value))
    return "".join(filter(str.isalnum, fold(value))) if kind == "plate" else value.casefold()


_FORMS: Final = {"c": "cčć", "s": "sš", "z": "zž", "d": "dđ"}
_GAP: Final = r"[\s./()-]*"
_ENDING: Final = r"\w{0,4}"


def pattern(kind: str, text: str) -> str:
    """A regular expression, for any case, that finds the spellings of what a person gave.

    Understood alike by PostgreSQL and by `re`. Names with their case endings, with and without
    diacritics, in both orders; numbers with any separators; addresses also percent-encoded.
    Raises `BadIdentifier` for what would be found everywhere.
    """
    identifier(kind, text)
    clean = text.strip()
    match kind:
        case "name":
            words = [_word(each) for each in _words(clean)]
            orders = dict.fromkeys((r"\s+".join(words), r"\s+".join([*words[1:], *words[:1]])))
            return r"(?<!\w)(" + "|".join(orders) + r")(?!\w)"
        case "email":
            local, _, host = clean.lower().rpartition("@")
            return rf"(?<![\w.+-]){_literal(local)}(@|%40){_literal(host)}(?!\w)"
        case "phone":
            digits = "".join(filter(str.isdecimal, clean)).lstrip("0")
            return _GAP.join(digits[-8:]) + r"(?!\d)"
        case _:
            return r"(?<!\w)" + _GAP.join(filter(str.isalnum, clean.lower())) + r"(?!\w)"


def _word(folded: str) -> str:
    stem = folded[:-1] if len(folded) > 3 and folded[-1] in "aeo" else folded
    letters = (f"[{_FORMS[c]}]" if c in _FORMS else _literal(c) for c in stem)
    return "".join(letters) + _ENDING


def _literal(text: str) -> str:
    return "".join(c if c.isalnum() or c in "@_%" else f"\\{c}" for c in text)
