"""People, organisations, postal addresses, accounts and bare host names: what has no check digit.

Rules and lists find what they are sure of, the trained tagger finds the rest; two ranges of one
kind that overlap are one value.
"""

import re
from collections.abc import Iterable, Sequence

from zvon.privacy.accounts import accounts
from zvon.privacy.firms import FORM, firms, organisation
from zvon.privacy.fold import fold
from zvon.privacy.lexeme import FIRSTS, LASTS, Lex
from zvon.privacy.machines import THEIRS, machine, machines
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.passwords import passwords
from zvon.privacy.people import inside_sentence, named, people, person
from zvon.privacy.postal import addresses
from zvon.privacy.register import Register
from zvon.privacy.tagged import Lines, Said, lines

__all__ = ["detect", "organisation", "person"]

# The order in which kinds are taken: of two that overlap the earlier one has the place.
_ORDER = ("SECRET", "USER", "HOST", "ADDR", "ORG", "NAME")
_LETTERS = 2
_FIXED = frozenset({"SECRET", "HOST", "ADDR"})
# How sure the tagger must be to be believed alone.
_ALONE = {"NAME": 0.0, "ORG": 1.5, "ADDR": 0.5, "USER": 1.5, "HOST": 2.0, "SECRET": 2.0}

Range = tuple[int, int]


def detect(
    reading: Reading, brands: Sequence[Range] = (), register: Register | None = None
) -> None:
    """Find what only words, lists and the tagger can find; identifiers have their place already.

    `brands` are ranges where the text names a brand: not a person, and not the victim's firm.
    `register` knows our own people and organisations, in any case.
    Raises `BadTable` when the tagger's weights cannot be read.
    """
    if register is not None and register.size:
        _ours(reading, register)
    page = lines(reading, brands)
    sure: dict[str, Iterable[Range]] = {
        "SECRET": passwords(reading),
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
        told = [_trimmed(page, s) for s in page.said if s.kind == kind and _believed(page, s)]
        parts = sorted([*sure[kind], *told])
        for start, end in _union(parts):
            if not _put(reading, page, start, end, kind, brands):
                # Part of it has its place already: what is left of it may still be one.
                for low, high in parts:
                    if start <= low and high <= end and (low, high) != (start, end):
                        _put(reading, page, low, high, kind, brands)


# What belongs to a value without a space, although it is no word: `k_07`, `2024!`.
_SECRET_REST = re.compile(r"[^\s,;|<>\"'“”»)\]]*")
_NAME_REST = re.compile(r"[\w.$-]*")
_TOWN_OF = re.compile(r" (?:na|ob|pri|pod|v|u) [A-ZČŠŽĆĐ][\w-]+")


def _trimmed(page: Lines, said: Said) -> Range:
    """What the tagger said, without the small words of the sentence beside a name or a firm."""
    inside = list(page.find(said.start, said.end))
    if said.kind == "NAME" and any(page.capital(i) for i in inside):
        while page.shape[inside[-1]] == 0:
            inside.pop()
        while page.shape[inside[0]] == 0 and page.lex[inside[0]] != Lex.TITLE:
            del inside[0]
        return page.tokens.starts[inside[0]], page.tokens.ends[inside[-1]]
    if said.kind == "ADDR":
        of = _TOWN_OF.match(page.text, said.end)
        return said.start, of.end() if of else said.end
    if said.kind != "ORG":
        rest = (_SECRET_REST if said.kind == "SECRET" else _NAME_REST).match(page.text, said.end)
        return said.start, said.end + len(rest[0].rstrip(".:-")) if rest else said.end
    form = FORM.search(page.text, said.start, min(len(page.text), said.end + 2))
    if form:
        return said.start, form.end(1)
    while len(inside) > 1 and page.shape[inside[-1]] == 0 and page.lex[inside[-2]] != Lex.STOP and (
        page.lex[inside[-1]] not in {Lex.INSTITUTION, Lex.LEGAL}
    ):  # fmt: skip
        inside.pop()
    return page.tokens.starts[inside[0]], page.tokens.ends[inside[-1]]


def _ours(reading: Reading, register: Register) -> None:
    """Take what the constituency's directory names, before anything else may read it."""
    words = reading.words
    for first, last, kind in register.named([word.folded for word in words]):
        start, end = words[first].start, words[last].end
        raw = reading.text[start:end]
        if kind == "person":
            kind_, value = "NAME", person([w.folded for w in words[first : last + 1]])
        else:
            kind_, value = "ORG", organisation(raw) or fold(raw)
        reading.add(Mention(reading.part, start, end, kind_, raw, value, fixed="remove"))


def _union(ranges: list[Range]) -> list[Range]:
    out: list[Range] = []
    for start, end in ranges:
        if out and start < out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


_NO_NAME = frozenset({Lex.KNOWN, Lex.CALENDAR, Lex.LEGAL, Lex.STOP, Lex.INSTITUTION, Lex.FIRM,
                      Lex.HOST, Lex.ACCOUNT, Lex.SECRET, Lex.STREET, Lex.ADDRESS})  # fmt: skip
_NO_FIRM = frozenset({Lex.KNOWN, Lex.CALENDAR, Lex.STOP, Lex.TOWN, Lex.PERSON, Lex.TITLE})


def _believed(page: Lines, said: Said) -> bool:
    """Whether what the tagger says stands by itself."""
    cued_account = said.kind == "USER" and "-" in page.text[said.start : said.end]
    if said.margin < (0.5 if cued_account else _ALONE[said.kind]):
        return False
    inside = page.find(said.start, said.end)
    if said.kind == "NAME":
        return _is_name(page, said, inside)
    raw = page.text[said.start : said.end]
    match said.kind:
        case "ORG":
            firm = [i for i in inside if page.lex[i] not in _NO_FIRM]
            named = any(page.capital(i) and page.shape[i] != 3 for i in firm)
            return named and not _MARKUP.search(raw)
        case "USER":
            return _is_account(page, said, inside, raw)
        case "HOST":
            after = page.text[said.end : said.end + 1]
            if page.text[max(0, said.start - 13) : said.start].lower().endswith(THEIRS):
                return False
            return machine(raw) and after not in {"=", "["} and _MACHINE.search(raw) is not None
        case "SECRET":
            return _TICKET.fullmatch(raw) is None and len(raw) >= 6 and not _NO_SECRET.search(raw)
        case _:
            if any(page.lex[i] == Lex.STREET for i in inside) and any(c.isdigit() for c in raw):
                return True
            dated = any(page.lex[i] == Lex.CALENDAR for i in inside[1:])
            return _ADDRESS.match(raw) is not None and not dated


_MARKUP = re.compile(r"[<>={}|\[\]\x00-\x09\x0b-\x1f]")
_MACHINE = re.compile(r"^(?![0-9a-f]+$|\d+Z$)(?!.*\[)(?=.*[\d-])")
_NO_SECRET = re.compile(r"[\[\\<> ]")
_TICKET = re.compile(r"(?:[A-Z0-9]{1,6}-)*[A-Z0-9]{0,6}-?\d+(?:-\d+)*(?:/\d+)?|[A-Z]\w{1,5}-\d+|0x\w+|v\d.*|sha\d+|md5|\d+\w{0,2}(?:\W.*)?")  # fmt: skip
# A word with a capital and a number of a house somewhere after it; no amount, no list of ports.
_ADDRESS = re.compile(r"(?!.*[=\"<>{}])(?:.*\s)?[A-ZČŠŽĆĐ][^\W\d_A-Z]{2,}[^\d]{0,40}[ ]\d{1,3} ?[a-zA-Z]?(?![\w.]|,\d|, \d)|\d{1,4}[a-z]? [A-Z][^\W\d_]{2,}.*[^\W\d_]{3}", re.DOTALL)  # fmt: skip


def _is_account(page: Lines, said: Said, inside: Sequence[int], raw: str) -> bool:
    """What is shaped like an account, or a plain word with an account's cue right before."""
    if len(raw) < 4 or " " in raw or _TICKET.fullmatch(raw) or page.text[said.start - 1 : said.start] == ".":  # fmt: skip
        return False
    first = inside[0] if inside else 0
    before = first - 1
    if before > 0 and page.tokens.folded[before] in _IS:
        before -= 1
    cued = (
        before >= 0
        and page.lex[before] == Lex.ACCOUNT
        and _names_one(page, before)
        and page.tokens.gaps[first] in _BESIDE
    )
    if any(page.shape[i] == 5 for i in inside) or len(inside) > 1:
        return cued or said.margin >= _SHAPED_ACCOUNT
    if "-" in raw and cued and raw.islower():
        return True
    return cued and raw.islower() and said.margin >= _PLAIN_ACCOUNT


def _names_one(page: Lines, i: int) -> bool:
    """True for words that mean an account, not for those that only stand before one in a log."""
    return page.tokens.folded[i] not in {"for", "session", "kao", "kot", "failed", "accepted", "invalid"}  # fmt: skip


_IS = frozenset({"je", "is", "was", "bil", "bilo"})
_BESIDE = frozenset({" ", ": ", " (", " je ", ' "'})


def _is_name(page: Lines, said: Said, inside: Sequence[int]) -> bool:
    """More is asked of a word that no list knows, of small letters and of the sentence's first."""
    names = [i for i in inside if page.lex[i] not in _NO_NAME and page.lex[i] != Lex.TITLE]
    if inside and all(page.shape[i] == 3 for i in inside):
        return len(inside) > 1 and said.margin >= _UNKNOWN and page.text[said.end : said.end + 1] == "."  # fmt: skip
    if not names or all(page.lex[i] == Lex.TOWN or page.shape[i] in {3, 4, 5} for i in names):
        return False
    listed = sum(page.lex[i] in FIRSTS or page.lex[i] in LASTS for i in names)
    if not any(page.capital(i) for i in names):
        if page.whispered and listed and said.margin >= _WHISPERED:
            return True
        return listed > 1 or (listed == 1 and len(names) == 1 and page.lex[names[0]] in _PLAIN_NAME and said.margin >= _SMALL)  # fmt: skip
    if listed or any(page.lex[i] == Lex.LIKE_LAST for i in names):
        return True
    if len(names) == 1 and _ACRONYM.fullmatch(page.tokens.texts[names[0]]):
        return False
    if all(page.shape[i] == 2 for i in names):
        return len(names) > 1 and said.margin >= _UNKNOWN
    return said.margin >= (_UNKNOWN if len(names) > 1 or inside_sentence(page, names[0]) else _UNKNOWN_ONE)  # fmt: skip


_ACRONYM = re.compile(r"[A-ZČŠŽĆĐ]{2,6}(?:[-'’]\w{1,3})?")
_PLAIN_NAME = frozenset({Lex.FIRST, Lex.BOTH})
_WHISPERED, _SMALL, _UNKNOWN, _UNKNOWN_ONE = 1.5, 2.0, 1.8, 4.0
_PLAIN_ACCOUNT, _SHAPED_ACCOUNT = 2.2, 2.0


def _put(
    reading: Reading, page: Lines, start: int, end: int, kind: str, brands: Sequence[Range]
) -> bool:
    if kind == "ORG":
        start = reading.clear_start(start, end)
        if any(end - high < 10 for low, high in brands if low < end and start < high):
            return True
    raw = reading.text[start:end]
    if sum(map(str.isalpha, raw)) < _LETTERS and kind in {"NAME", "ORG"}:
        return True  # one letter names nobody
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
    return reading.add(Mention(reading.part, start, end, kind, raw, value, fixed=fixed))
