"""Names of organisations: with a legal form, institutions by their first word, and by context."""

import re
from collections.abc import Iterator

from zvon.privacy.fold import fold
from zvon.privacy.lexeme import FIRSTS, LASTS, Lex
from zvon.privacy.tagged import PLACE, Lines

FORM = re.compile(
    r"(?<=[\w)»\"'“”.]),? +((?i:d\. ?o\. ?o\.?|j\. ?d\. ?o\. ?o\.?|d\. ?d\.|s\. ?p\.|k\. ?d\.|d\. ?n\. ?o\.|z\. ?o\. ?o\.|z\. ?b\. ?o\.|s\. ?r\. ?l\.|s\. ?p\. ?a\.|(?:&|in|i|and) (?:partnerji|partneri|partners|sinovi|sons)(?!\w))"
    r"|doo|DOO|Ltd\.?|LTD|Limited|LLC|LLP|Inc\.?|GmbH|AG|PLC|plc|S\.A\.|B\.V\.|Corp\.?|Kft\.?|obrt)(?!\w)"
)
_CUSTOMER = re.compile(
    r"\(([^()\n]{0,80}\b(?:customer|client|subscriber|stranka|naročnik|korisnik|kupac)\b[^()\n]{0,80})\)",
    re.IGNORECASE,
)
_JOINING = frozenset({"in", "i", "and", "za", "of", "na", "v", "u", "pri", "ob", "the", "for", "sv", "de", "od", "s"})  # fmt: skip
_ENDS = frozenset({Lex.PERSON, Lex.CALENDAR, Lex.ADDRESS, Lex.ACCOUNT, Lex.HOST, Lex.SECRET})
_WORDS = 6


def firms(page: Lines) -> Iterator[tuple[int, int]]:
    """Ranges of the text that name an organisation by its own words."""
    if any(form in page.text for form in (".", "Ltd", "LTD", "Limited", "LLC", "GmbH", "Inc", "doo", "DOO", "AG", "PLC", "plc", "obrt", "artner", " sinovi", "Sons")):  # fmt: skip
        for found in FORM.finditer(page.text):
            start = _begin(page, found.start())
            if start < found.start():
                yield start, found.end(1)
    for i, kind in enumerate(page.lex):
        if kind == Lex.INSTITUTION and page.shape[i] != PLACE and (span := _institution(page, i)):
            yield span
    if "(" in page.text:
        for found in _CUSTOMER.finditer(page.text):
            if any(c.isupper() for c in found[1]):
                yield found.span(1)


def _begin(page: Lines, form: int) -> int:
    """Where the name before a legal form begins; `form` when no name stands there."""
    inside = page.find(max(0, form - 90), form)
    gaps = page.tokens.gaps
    start = form
    for i in reversed(inside):
        if page.tokens.ends[i] > form:
            continue
        after = gaps[i + 1] if page.tokens.ends[i] < form and start != form else " "
        if (start != form and after not in {" ", "-", "&", " & ", "\u00a0", ". ", " - ", "'", "’", '" ', ' "', " »", "« "}) or page.shape[i] == PLACE:  # fmt: skip
            break
        if len(inside) and inside[-1] - i >= _WORDS:
            break
        kind, word = page.lex[i], page.tokens.texts[i]
        if page.capital(i) or page.shape[i] in {4, 5}:
            if (kind in _ENDS or kind == Lex.FIRM or (kind == Lex.STOP and len(word) > 1 and page.shape[i] != 2)) and start != form:  # fmt: skip
                break
            start = page.tokens.starts[i]
        elif kind in _ENDS or kind == Lex.FIRM or (
            kind == Lex.STOP and page.tokens.folded[i] not in _JOINING
        ) or after == ". ":  # fmt: skip
            break
    return start


def _institution(page: Lines, i: int) -> tuple[int, int] | None:
    """The institution whose kind is word `i`: `Splošna bolnišnica Jezero`, `Riverside School`."""
    first, last = i, i + 1
    while first > 0 and (page.tokens.gaps[first] == " " or (page.tokens.gaps[first] == ". " and page.tokens.texts[first - 1] in {"St", "Sv"})) and page.capital(first - 1) and (
        page.lex[first - 1] not in {Lex.STOP, Lex.PERSON, Lex.KNOWN, Lex.CALENDAR, Lex.TITLE, Lex.FIRM}
    ) and i - first < 4:  # fmt: skip
        first -= 1
    proper = first < i
    while last < len(page.lex) and last - i < 7 and page.tokens.gaps[last] in {" ", "\u00a0", " »", ' "', ". "}:  # fmt: skip
        if page.tokens.gaps[last] == ". " and len(page.tokens.texts[last - 1]) > 3:
            break
        if page.capital(last) and page.lex[last] not in {Lex.KNOWN, Lex.CALENDAR}:
            if page.lex[last] == Lex.STOP and len(page.tokens.texts[last]) > 2 and not (
                last + 1 < len(page.lex) and page.joined(last) and page.capital(last + 1)
            ):  # fmt: skip
                break
            proper = True
            last += 1
        elif page.tokens.folded[last] in _JOINING or (
            page.lex[last] == Lex.INSTITUTION or (last > i + 1 and page.tokens.folded[last - 1] in {"za", "in", "i"})
        ):  # fmt: skip
            last += 1
        else:
            break
    while last > i + 1 and not page.capital(last - 1) and page.tokens.folded[last - 2] != "za":
        last -= 1
    if page.tokens.folded[last - 1] in _JOINING:
        last -= 1
    general = page.capital(i) and last > i + 2 and page.tokens.folded[i + 1] == "za"
    after = any(page.capital(j) for j in range(i + 1, last))
    written = page.capital(i) or after or (page.capital(first) and _goes_on(page, first))
    if not (proper or general) or not written or last - first < 2:
        return None
    if last - first == 2 and last == i + 1 and page.lex[first] in FIRSTS | LASTS and not page.capital(i):  # fmt: skip
        return None
    end = page.tokens.ends[last - 1]
    kind = _KIND.match(page.text, end)
    return page.tokens.starts[first], kind.end() if kind else end


_KIND = re.compile(r", (?:javno podjetje|javni zavod|javna ustanova|trgovačko društvo|zavod|ustanova)")  # fmt: skip


def _goes_on(page: Lines, first: int) -> bool:
    """False for a capital that only begins the sentence: `Stran društva`."""
    return page.tokens.gaps[first] == " " or page.shape[first] == 2


_FORMS = re.compile(r"\b(?:d ?o ?o|j ?d ?o ?o|d ?d|s ?p|ltd|limited|llc|inc|gmbh|ag|plc|corp)\b")


def organisation(text: str) -> str:
    """A name of an organisation without its legal form, for comparison."""
    plain = re.sub(r"[^\w ]+", " ", re.sub(r"(?<=\b\w)\. ?", " ", fold(text)))
    return " ".join(_FORMS.sub(" ", plain).split())
