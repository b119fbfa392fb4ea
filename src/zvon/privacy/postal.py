"""Postal addresses: a street word with a number, or a number before a post code and a town."""

import re
from collections.abc import Iterator

from zvon.privacy.lexeme import Lex
from zvon.privacy.tagged import DIGITS, Lines

_UP = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪĶĹĻŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŹŻŽ"
_NUMBER = r"\d{1,4}(?: ?[a-zA-Z](?![\w.]))?(?:/(?:\d+|[IVX]+))?"
_INSIDE = r"(?:, ?(?:stan|kat|ulaz|vhod|st\.|apt\.?|flat|unit|nadstropje|\d{1,2}\. ?(?:kat|nadstropje|nad\.))[ .]{0,2}[\w./]{0,4})?"  # fmt: skip
_PLAIN = r"(?:[^\W\d_]{1,3}\.|[^\W\d_]+(?:['’-][^\W\d_]+)*|\d{1,2}\.)"
_TOWN = (
    rf"[{_UP}][\w-]+(?: (?:(?:ob|na|pri|v|u|pod) )?[{_UP}][\w-]+){{0,3}}(?: (?:- |ob )[{_UP}]\w+)?"
)
_CODE = re.compile(
    rf"(?<!\w)((?=[{_UP}]|\d{{1,2}}\.){_PLAIN}(?: {_PLAIN}){{0,5}} (?:št\. ?|br\. ?)?{_NUMBER}){_INSIDE}(?:,? +|,? ?\n)"
    rf"((?:SI|HR|A|BA|RS|I|H)?-?\d{{4,5}}) ({_TOWN})"
)
_STREET = re.compile(
    rf"(?<!\w)(?:\d{{1,4}}[a-z]? )?((?:[{_UP}][\w.'’-]*|na|pod|pri|ob|v|u|of|the|\d{{1,2}}\.) ){{0,4}}"
    rf"([\w-]+\.?)((?: [{_UP}\w][\w'’-]*\.?){{0,3}}?) (?:št\. ?|br\. ?)?({_NUMBER})(?!\w|[./:]\d|\. ?[a-zčšž]){_INSIDE}"
)
_BRITISH = re.compile(
    rf"(?<!\w)(?:(?:Flat|Unit|Apt\.?|Apartment) \w+, )?\d{{1,4}}[a-z]? (?:[{_UP}][\w'’.-]+ ){{1,3}}(?:Street|Road|Avenue|Lane|Square|Drive|Close|Court|St|Rd|Way|Terrace|Gardens|Crescent|Place|Parade|Grove|Hill|Row|Walk|Mews|Green|Quay|Wharf|Park)\b\.?"
    rf"(?:,? [{_UP}][\w' -]+?)?(?:,? [A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}})?(?!\w)"
)
_TAIL = re.compile(rf"(?:,? +|,? ?\n)(?:(?:SI|HR|A)-)?\d{{4,5}} {_TOWN}|, (?={_TOWN}){_TOWN}(?=[.,;\n)]|$)")  # fmt: skip
_SENTENCE = re.compile(
    r"\b(?:at|iz|from|na naslovu|na adresi|na naslov|na adresu|naslov|adresa|address|lives|stanujem?(?: (?:v|u|na|pri))?|stanuje|bivam (?:v|na)|živim (?:v|na|u)|sedež|sjedište|doma|in|sem|je|se|za|od)[: ]\s*",
    re.IGNORECASE,
)


def addresses(page: Lines) -> Iterator[tuple[int, int]]:
    """Ranges of the text that are a postal address."""
    text = page.text
    done = 0
    for i, kind in enumerate(page.lex):
        start, shape = page.tokens.starts[i], page.shape[i]
        if start < done:
            continue
        span = None
        if shape == DIGITS and len(page.tokens.texts[i]) in {4, 5} and i + 1 < len(page.lex) and page.capital(i + 1):  # fmt: skip
            span = _coded(text, start)
        elif kind == Lex.STREET:
            span = _by_word(text, start)
        elif shape == 5 and _FOREIGN.fullmatch(page.tokens.texts[i]):
            span = _coded(text, start)
        if span and span[0] >= done:
            span = (_town_before(page, span[0]), span[1])
            yield span
            done = span[1]


_FOREIGN = re.compile(r"(?:SI|HR|A|BA|RS|I|H)-\d{4,5}")


def _town_before(page: Lines, start: int) -> int:
    """`Koper, Ulica 15. maja 3`: the town may stand first."""
    inside = page.find(max(0, start - 30), start)
    if not inside or page.text[page.tokens.ends[inside[-1]] : start] != ", ":
        return start
    i = inside[-1]
    if page.lex[i] != Lex.TOWN or not page.capital(i):
        return start
    while (
        i > 0 and page.tokens.gaps[i] == " " and page.capital(i - 1) and page.lex[i - 1] == Lex.TOWN
    ):
        i -= 1
    return page.tokens.starts[i]


def _coded(text: str, code: int) -> tuple[int, int] | None:
    """The address that a post code at `code` belongs to."""
    low = max(0, text.rfind("\n", 0, max(0, text.rfind("\n", 0, code))), code - 80)
    for found in _CODE.finditer(text, low, min(len(text), code + 60)):
        if found.start(2) <= code <= found.end(2):
            return _begin(text, found.start(1), found.end(1)), found.end()
    return None


def _by_word(text: str, at: int) -> tuple[int, int] | None:
    """The address that a word for a street at `at` belongs to."""
    low, high = max(0, text.rfind("\n", 0, at) + 1, at - 60), min(len(text), at + 90)
    for pattern in (_BRITISH, _STREET):
        for found in pattern.finditer(text, low, high):
            named = found.start() <= at < found.end()
            if named and (pattern is _BRITISH or at < found.end(4)):
                begin = _begin(text, found.start(), found.end())
                if not (text[begin].isupper() or text[begin].isdigit()):
                    begin = at if text[at].isupper() else begin
                if text[begin].isupper() or text[begin].isdigit():
                    tail = _TAIL.match(text, found.end())
                    return begin, tail.end() if tail else found.end()
    return None


def _begin(text: str, start: int, end: int) -> int:
    """Drop words of the sentence before a street: the last capital run that reaches the number."""
    chunk = text[start:end]
    at = start
    for found in _SENTENCE.finditer(chunk):
        if chunk[found.end() : found.end() + 1].isupper() and (found.start() == 0 or chunk[found.start() - 1] == " "):  # fmt: skip
            at = start + found.end()
    for found in re.finditer(r"[:;,]\s+", chunk):
        if found[0][0] != ",":
            at = max(at, start + found.end())
    return at
