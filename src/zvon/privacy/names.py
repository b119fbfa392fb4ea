"""People, organisations, postal addresses, accounts and bare host names: what has no check digit.

Rules and lists find what they are sure of, the trained tagger finds the rest; two ranges of one
kind that overlap are one value.
"""

from collections.abc import Iterable, Sequence

from zvon.privacy.accounts import accounts, machine, machines, secrets
from zvon.privacy.firms import firms, organisation
from zvon.privacy.fold import fold
from zvon.privacy.lexeme import FIRSTS, LASTS, Lex
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.people import named, people, person
from zvon.privacy.postal import addresses
from zvon.privacy.tagged import Lines, Said, lines

__all__ = ["detect", "organisation", "person"]

# The order in which kinds are taken: of two that overlap the earlier one has the place.
_ORDER = ("SECRET", "USER", "HOST", "ADDR", "ORG", "NAME")
_FIXED = frozenset({"SECRET", "HOST", "ADDR"})
# How sure the tagger must be to be believed alone.
_ALONE = {"NAME": 0.0, "ORG": 1.0, "ADDR": 2.0, "USER": 1.5, "HOST": 2.0, "SECRET": 2.0}

Range = tuple[int, int]


def detect(reading: Reading, brands: Sequence[Range] = ()) -> None:
    """Find what only words, lists and the tagger can find; identifiers have their place already.

    `brands` are ranges where the text names a brand: not a person, and not the victim's firm.
    Raises `BadTable` when the tagger's weights cannot be read.
    """
    page = lines(reading, brands)
    sure: dict[str, Iterable[Range]] = {
        "SECRET": secrets(reading),
        "USER": accounts(reading),
        "HOST": machines(reading, page),
        "ADDR": addresses(page),
        "ORG": firms(page),
        "NAME": people(reading, page),
    }
    for kind in _ORDER:
        if kind == "NAME":
            for start, end in brands:
                reading.claim(start, end)
        told = [(s.start, s.end) for s in page.said if s.kind == kind and _believed(page, s)]
        for start, end in _union(sorted([*sure[kind], *told])):
            _put(reading, page, start, end, kind, brands)


def _union(ranges: list[Range]) -> list[Range]:
    out: list[Range] = []
    for start, end in ranges:
        if out and start < out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


_NO_NAME = frozenset({Lex.KNOWN, Lex.CALENDAR, Lex.LEGAL, Lex.STOP})
_NO_FIRM = frozenset({Lex.KNOWN, Lex.CALENDAR, Lex.STOP, Lex.TOWN, Lex.PERSON, Lex.TITLE})


def _believed(page: Lines, said: Said) -> bool:
    """Whether what the tagger says stands by itself."""
    if said.margin < _ALONE[said.kind]:
        return False
    inside = page.find(said.start, said.end)
    if said.kind == "NAME":
        names = [i for i in inside if page.lex[i] not in _NO_NAME and page.lex[i] != Lex.TITLE]
        written = any(page.capital(i) for i in names)
        listed = any(page.lex[i] in FIRSTS or page.lex[i] in LASTS for i in names)
        return bool(names) and (written or listed) and not all(page.lex[i] == Lex.TOWN for i in names)  # fmt: skip
    if said.kind == "ORG":
        firm = [i for i in inside if page.lex[i] not in _NO_FIRM]
        return any(page.capital(i) for i in firm)
    if said.kind == "HOST":
        return machine(page.text[said.start : said.end])
    return True


def _put(
    reading: Reading, page: Lines, start: int, end: int, kind: str, brands: Sequence[Range]
) -> None:
    if kind == "ORG":
        start = reading.clear_start(start, end)
        if any(end - high < 10 for low, high in brands if low < end and start < high):
            return
    raw = reading.text[start:end]
    match kind:
        case "NAME":
            value = person(named(page, start, end) or [fold(raw)])
        case "ORG":
            value = organisation(raw) or fold(raw)
        case "SECRET":
            value = raw
        case _:
            value = fold(raw)
    fixed = "remove" if kind in _FIXED else ""
    reading.add(Mention(reading.part, start, end, kind, raw, value, fixed=fixed))
